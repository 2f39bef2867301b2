#include "common/analysis/pair_kernels.h"

#include <vector>

namespace plumb::analysis {
namespace {

std::vector<const KernelSet*> FindSupported() {
  std::vector<const KernelSet*> sets = {PortableKernels()};
#ifdef __x86_64__
  // These ask the operating system, too, whether it saves the registers.
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    sets.push_back(Avx2Kernels());
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("popcnt")) {
    sets.push_back(Avx512Kernels());
  }
#endif
  return sets;
}

}  // namespace

std::optional<RawType> RawTypeOf(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
    case ElementType::kComplex64:
      return RawType::kFloat32;
    case ElementType::kFloat64:
      return RawType::kFloat64;
    case ElementType::kInt8:
      return RawType::kInt8;
    case ElementType::kInt16:
      return RawType::kInt16;
    case ElementType::kUint16:
      return RawType::kUint16;
    case ElementType::kInt32:
      return RawType::kInt32;
    case ElementType::kUint8:
    case ElementType::kBool:
    case ElementType::kNv12:
    case ElementType::kArgb8888:
    case ElementType::kAbgr8888:
    case ElementType::kGray:
      return RawType::kUint8;
    case ElementType::kFloat16:
    case ElementType::kInt64:
    case ElementType::kUnknown:
      return std::nullopt;
  }
  return std::nullopt;
}

std::span<const KernelSet* const> SupportedKernels() {
  static const std::vector<const KernelSet*> sets = FindSupported();
  return sets;
}

const KernelSet& BestKernels() {
  return *SupportedKernels().back();
}

}  // namespace plumb::analysis
