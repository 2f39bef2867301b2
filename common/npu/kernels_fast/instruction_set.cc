#include "common/npu/kernels_fast/instruction_set.h"

#include "common/npu/kernels_fast/vector_kernels.h"
#include "common/npu/kernels_fast/vector_tables.h"

namespace plumb::npu {

std::string_view InstructionSetName(InstructionSet set) {
  switch (set) {
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512Vnni:
      return "avx512-vnni";
    default:
      return "baseline";
  }
}

bool IsSupported(InstructionSet set) {
  switch (set) {
    case InstructionSet::kBaseline:
      return true;
#if defined(__x86_64__)
    case InstructionSet::kAvx2:
      return __builtin_cpu_supports("avx2") != 0;
    case InstructionSet::kAvx512Vnni:
      return __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
             __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
#endif
    default:
      return false;
  }
}

std::vector<InstructionSet> SupportedInstructionSets() {
  std::vector<InstructionSet> sets;
  for (const auto set :
       {InstructionSet::kBaseline, InstructionSet::kAvx2, InstructionSet::kAvx512Vnni}) {
    if (IsSupported(set)) {
      sets.push_back(set);
    }
  }
  return sets;
}

namespace fast {

const VectorKernels& KernelsFor([[maybe_unused]] InstructionSet set) {
#if defined(__x86_64__)
  if (set == InstructionSet::kAvx512Vnni) {
    return kAvx512VnniKernels;
  }
  if (set == InstructionSet::kAvx2) {
    return kAvx2Kernels;
  }
#endif
  return kBaselineKernels;
}

}  // namespace fast
}  // namespace plumb::npu
