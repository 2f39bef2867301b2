// How fast tensors are compared, against reading memory, memcmp and numpy.
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

#include "common/analysis/pair_comparator.h"
#include "tests/bench/comparison/numpy_peer.h"
#include "tests/bench/comparison/rounds.h"

namespace plumb::bench {
namespace {

using analysis::KernelSet;
using analysis::LegInMemory;
using analysis::PairComparator;
using analysis::TensorReport;
using analysis::Tolerance;

constexpr size_t kElements = size_t{1} << 26;       // 256 MiB of float32 a side
constexpr size_t kNumpyElements = size_t{1} << 25;  // numpy needs many times that in temporaries
constexpr uint32_t kRowElements = 52;
constexpr uint32_t kRowStride = 56;

[[noreturn]] void Fail(const Status& status) {
  std::cerr << "bench_comparison: " << status.ToString() << "\n";
  std::exit(1);
}

// Sums of 64-bit words in eight vectors, which do not wait for each other: memory alone is slow.
uint64_t ReadAll(std::span<const uint8_t> bytes) {
  using Words = uint64_t __attribute__((vector_size(16)));
  constexpr size_t kVectors = 8;
  Words sums[kVectors] = {};
  for (size_t at = 0; at + sizeof sums <= bytes.size(); at += sizeof sums) {
    for (size_t i = 0; i < kVectors; ++i) {
      Words words;
      std::memcpy(&words, bytes.data() + at + i * sizeof words, sizeof words);
      sums[i] += words;
    }
  }
  uint64_t sum = 0;
  for (const Words& part : sums) {
    sum += part[0] + part[1];
  }
  return sum;
}

volatile uint64_t sink = 0;

enum class Pages { kSmall, kHuge };

// An array in memory of its own. Huge pages let one core read about twice as fast; files and small
// allocations lie in small ones.
template <class T>
class Array {
 public:
  Array(size_t count, Pages pages) : size_(count * sizeof(T)) {
    void* memory =
        ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      Fail(ResourceExhaustedError("no memory for an array"));
    }
    ::madvise(memory, size_, pages == Pages::kHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    values_ = static_cast<T*>(memory);
  }

  ~Array() { ::munmap(values_, size_); }

  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  T& operator[](size_t i) { return values_[i]; }

  // The first `count` values.
  [[nodiscard]] std::span<const uint8_t> Bytes(size_t count) const {
    return {reinterpret_cast<const uint8_t*>(values_), count * sizeof(T)};
  }

 private:
  size_t size_;
  T* values_ = nullptr;
};

struct Floats {
  explicit Floats(Pages pages)
      : reference(kElements, pages),
        target(kElements, pages),
        equal(kElements, pages) {
    uint32_t state = 12345;
    for (size_t i = 0; i < kElements; ++i) {
      state = state * 1664525U + 1013904223U;
      reference[i] = static_cast<float>(static_cast<int32_t>(state)) * 4.6e-10F;
      target[i] = reference[i] + static_cast<float>((state >> 7U) & 255U) * 1e-6F;
      equal[i] = reference[i];
    }
  }

  Array<float> reference;
  Array<float> target;
  Array<float> equal;
};

struct Shorts {
  Shorts()
      : reference(kElements, Pages::kHuge),
        target(kElements, Pages::kHuge),
        equal(kElements, Pages::kHuge) {
    uint32_t state = 12345;
    for (size_t i = 0; i < kElements; ++i) {
      state = state * 1664525U + 1013904223U;
      reference[i] = static_cast<int16_t>(state >> 16U);
      target[i] = static_cast<int16_t>((state >> 16U) + ((state >> 3U) & 1U));
      equal[i] = reference[i];
    }
  }

  Array<int16_t> reference;
  Array<int16_t> target;
  Array<int16_t> equal;
};

TensorDesc FloatDesc(size_t elements) {
  auto desc = MakeContiguousDesc("scores", ElementType::kFloat32, {static_cast<int64_t>(elements)});
  if (!desc.ok()) {
    Fail(desc.status());
  }
  return *desc;
}

// Rows of 52 values, `stride` values apart, in all of the array.
TensorDesc ShortDesc(uint32_t stride) {
  TensorDesc desc;
  desc.name = "scores";
  desc.element_type = ElementType::kInt16;
  desc.shape = {static_cast<int64_t>(kElements / stride), kRowElements};
  desc.inner_stride = stride * 2;
  desc.scale = 0.01F;
  desc.zero_point = 3;
  desc.aligned_size = kElements * 2;
  return desc;
}

TensorReport Compare(const TensorDesc& reference_desc,
                     const TensorDesc& target_desc,
                     std::span<const uint8_t> reference,
                     std::span<const uint8_t> target,
                     const Tolerance& tolerance = {},
                     const KernelSet& kernels = analysis::BestKernels()) {
  auto comparator = PairComparator::Create(reference_desc, target_desc, tolerance, kernels);
  if (!comparator.ok()) {
    Fail(comparator.status());
  }
  const Status status = comparator->Advance(LegInMemory(reference), LegInMemory(target));
  if (!status.ok() || !comparator->complete()) {
    Fail(status);
  }
  return comparator->Report();
}

TensorReport Compare(const TensorDesc& desc,
                     std::span<const uint8_t> reference,
                     std::span<const uint8_t> target,
                     const Tolerance& tolerance = {},
                     const KernelSet& kernels = analysis::BestKernels()) {
  return Compare(desc, desc, reference, target, tolerance, kernels);
}

Case MakeCase(std::string name,
              size_t bytes,
              std::vector<size_t> baselines,
              const std::function<void()>& work) {
  return {
      std::move(name), static_cast<double>(bytes), [work] { return Timed(work); }, baselines, {}};
}

void AddFloatCases(const Floats& data, const std::string& suffix, std::vector<Case>& cases) {
  const auto r = data.reference.Bytes(kElements);
  const auto t = data.target.Bytes(kElements);
  const auto e = data.equal.Bytes(kElements);
  const size_t both = r.size() + t.size();
  const TensorDesc desc = FloatDesc(kElements);
  const size_t read = cases.size();
  cases.push_back(MakeCase("read" + suffix, both, {}, [=] { sink = ReadAll(r) + ReadAll(t); }));
  cases.push_back(MakeCase("memcmp of equal" + suffix, both, {read}, [=] {
    sink = static_cast<uint64_t>(std::memcmp(r.data(), e.data(), r.size()));
  }));
  cases.push_back(
      MakeCase("f32 equal" + suffix, both, {read, read + 1}, [=] { Compare(desc, r, e); }));
  cases.push_back(MakeCase("f32 differing" + suffix, both, {read}, [=] { Compare(desc, r, t); }));
}

// What else the comparison of floats may be asked to do, and what it does on another CPU.
void AddOtherFloatCases(const Floats& data, std::vector<Case>& cases) {
  const auto r = data.reference.Bytes(kElements);
  const auto t = data.target.Bytes(kElements);
  const size_t both = r.size() + t.size();
  const TensorDesc desc = FloatDesc(kElements);
  Tolerance elementwise;
  elementwise.atol = 1e-4;
  elementwise.rtol = 1e-3;
  cases.push_back(
      MakeCase("f32 differing, atol + rtol", both, {0}, [=] { Compare(desc, r, t, elementwise); }));
  for (const KernelSet* kernels : analysis::SupportedKernels()) {
    if (kernels != &analysis::BestKernels()) {
      cases.push_back(MakeCase(std::string("f32 differing, ") + kernels->name, both, {0}, [=] {
        Compare(desc, r, t, {}, *kernels);
      }));
    }
  }
}

// Contiguous rows, then padded ones against them.
void AddShortCases(const std::string& name,
                   std::span<const uint8_t> r,
                   std::span<const uint8_t> t,
                   std::vector<Case>& cases) {
  const size_t contiguous = cases.size();
  for (const uint32_t stride : {kRowElements, kRowStride}) {
    const TensorDesc desc = ShortDesc(stride);
    const size_t valid = 2 * (kElements / stride) * kRowElements * sizeof(int16_t);
    cases.push_back(MakeCase(name + ", rows 52 of " + std::to_string(stride),
                             valid,
                             {stride == kRowElements ? 0 : contiguous},
                             [=] { Compare(desc, r, t); }));
  }
}

// Of the chip's rows against floats of a file.
void AddMixedCases(const Floats& floats, const Shorts& shorts, std::vector<Case>& cases) {
  const auto r = floats.reference.Bytes(kElements);
  const auto t = shorts.target.Bytes(kElements);
  const size_t contiguous = cases.size();
  for (const uint32_t stride : {kRowElements, kRowStride}) {
    const TensorDesc target = ShortDesc(stride);
    TensorDesc reference = target;
    reference.element_type = ElementType::kFloat32;
    reference.inner_stride = 0;
    reference.aligned_size = r.size();
    const size_t valid = (kElements / stride) * kRowElements * (sizeof(float) + sizeof(int16_t));
    cases.push_back(MakeCase("f32 against s16, rows 52 of " + std::to_string(stride),
                             valid,
                             {stride == kRowElements ? 0 : contiguous},
                             [=] { Compare(reference, target, r, t); }));
  }
}

void WriteFile(const std::filesystem::path& path, std::span<const uint8_t> bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// The same first values on both sides: numpy's digits must be ours.
void CheckDigits(const NumpyAnswer& numpy, const TensorReport& ours) {
  const double mse = std::abs(ours.mse.value_or(0) / numpy.mse - 1);
  const double cosine = std::abs(ours.cosine.value_or(0) - numpy.cosine);
  std::printf("numpy's mse is ours within %.1e of itself, its cosine within %.1e\n", mse, cosine);
  if (!(mse < 1e-9) || !(cosine < 1e-9)) {
    Fail(InternalError("numpy and we disagree on the numbers"));
  }
}

void AddNumpyCases(const Floats& data, NumpyPeer& numpy, std::vector<Case>& cases) {
  const auto measure = [&numpy](const char* what) {
    return [&numpy, what] {
      auto answer = numpy.Measure(what);
      if (!answer.ok()) {
        Fail(answer.status());
      }
      return answer->seconds;
    };
  };
  const double bytes = 2.0 * kNumpyElements * sizeof(float);
  const size_t first = cases.size();
  cases.push_back({"numpy float64, all metrics", bytes, measure("all"), {}, {}});
  cases.push_back({"numpy float64, cosine + mse + rmse", bytes, measure("three"), {}, {}});
  const auto r = data.reference.Bytes(kNumpyElements);
  const auto t = data.target.Bytes(kNumpyElements);
  const TensorDesc desc = FloatDesc(kNumpyElements);
  cases.push_back(
      MakeCase("f32 differing, numpy's part", r.size() + t.size(), {0, first, first + 1}, [=] {
        Compare(desc, r, t);
      }));
}

int Main(int rounds) {
  const Floats data(Pages::kHuge);
  const Floats small(Pages::kSmall);
  const Shorts shorts;
  std::vector<Case> cases;
  AddFloatCases(data, "", cases);
  AddOtherFloatCases(data, cases);
  AddFloatCases(small, ", small pages", cases);
  const auto r = shorts.reference.Bytes(kElements);
  AddShortCases("s16 differing", r, shorts.target.Bytes(kElements), cases);
  AddShortCases("s16 equal", r, shorts.equal.Bytes(kElements), cases);
  AddMixedCases(data, shorts, cases);

  const auto folder = std::filesystem::temp_directory_path() /
                      ("plumb-bench-comparison-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  WriteFile(folder / "reference.raw", data.reference.Bytes(kNumpyElements));
  WriteFile(folder / "target.raw", data.target.Bytes(kNumpyElements));
  auto numpy = NumpyPeer::Start(folder / "reference.raw", folder / "target.raw");
  std::filesystem::remove_all(folder);

  std::printf("kernels: %s; 2 x %zu MiB float32, 2 x %zu MiB int16; %d rounds\n",
              analysis::BestKernels().name,
              kElements >> 18U,
              kElements >> 19U,
              rounds);
  if (numpy.ok()) {
    AddNumpyCases(data, **numpy, cases);
    const auto answer = (*numpy)->Measure("all");
    if (!answer.ok()) {
      Fail(answer.status());
    }
    std::printf("numpy %s: ", (*numpy)->version().c_str());
    CheckDigits(*answer,
                Compare(FloatDesc(kNumpyElements),
                        data.reference.Bytes(kNumpyElements),
                        data.target.Bytes(kNumpyElements)));
  } else {
    std::printf("SKIPPED numpy: %s\n", numpy.status().ToString().c_str());
  }
  RunRounds(cases, rounds);
  PrintTable(cases);
  return 0;
}

}  // namespace
}  // namespace plumb::bench

// bench_comparison [ROUNDS]
int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
  return plumb::bench::Main(rounds > 0 ? rounds : 7);
}
