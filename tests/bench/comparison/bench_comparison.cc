// How fast tensors are compared, against reading memory, memcmp and numpy.
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

std::span<const uint8_t> Bytes(const auto& values, size_t count) {
  return {reinterpret_cast<const uint8_t*>(values.data()), count * sizeof values[0]};
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

struct Data {
  std::vector<float> reference;
  std::vector<float> target;
  std::vector<float> equal;
  std::vector<int16_t> shorts;
  std::vector<int16_t> other_shorts;
};

Data MakeData() {
  Data data;
  uint32_t state = 12345;
  data.reference.resize(kElements);
  data.target.resize(kElements);
  data.shorts.resize(kElements);
  data.other_shorts.resize(kElements);
  for (size_t i = 0; i < kElements; ++i) {
    state = state * 1664525U + 1013904223U;
    data.reference[i] = static_cast<float>(static_cast<int32_t>(state)) * 4.6e-10F;
    data.target[i] = data.reference[i] + static_cast<float>((state >> 7U) & 255U) * 1e-6F;
    data.shorts[i] = static_cast<int16_t>(state >> 16U);
    data.other_shorts[i] = static_cast<int16_t>((state >> 16U) + ((state >> 3U) & 1U));
  }
  data.equal = data.reference;
  return data;
}

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

TensorReport Compare(const TensorDesc& desc,
                     std::span<const uint8_t> reference,
                     std::span<const uint8_t> target,
                     const Tolerance& tolerance = {},
                     const KernelSet& kernels = analysis::BestKernels()) {
  auto comparator = PairComparator::Create(desc, desc, tolerance, kernels);
  if (!comparator.ok()) {
    Fail(comparator.status());
  }
  const Status status = comparator->Advance(LegInMemory(reference), LegInMemory(target));
  if (!status.ok() || !comparator->complete()) {
    Fail(status);
  }
  return comparator->Report();
}

Case MakeCase(std::string name,
              size_t bytes,
              std::vector<size_t> baselines,
              const std::function<void()>& work) {
  return {
      std::move(name), static_cast<double>(bytes), [work] { return Timed(work); }, baselines, {}};
}

void AddFloatCases(const Data& data, std::vector<Case>& cases) {
  const auto r = Bytes(data.reference, kElements);
  const auto t = Bytes(data.target, kElements);
  const auto e = Bytes(data.equal, kElements);
  const size_t both = r.size() + t.size();
  const TensorDesc desc = FloatDesc(kElements);
  Tolerance elementwise;
  elementwise.atol = 1e-4;
  elementwise.rtol = 1e-3;
  cases.push_back(MakeCase("read", both, {}, [=] { sink = ReadAll(r) + ReadAll(t); }));
  cases.push_back(MakeCase("memcmp of equal", both, {0}, [=] {
    sink = static_cast<uint64_t>(std::memcmp(r.data(), e.data(), r.size()));
  }));
  cases.push_back(MakeCase("f32 equal", both, {0, 1}, [=] { Compare(desc, r, e); }));
  cases.push_back(MakeCase("f32 differing", both, {0}, [=] { Compare(desc, r, t); }));
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

void AddShortCases(const Data& data, std::vector<Case>& cases) {
  const auto r = Bytes(data.shorts, kElements);
  const auto t = Bytes(data.other_shorts, kElements);
  const size_t contiguous = cases.size();
  for (const uint32_t stride : {kRowElements, kRowStride}) {
    const TensorDesc desc = ShortDesc(stride);
    const size_t valid = 2 * kElements / stride * kRowElements * sizeof(int16_t);
    cases.push_back(
        MakeCase("s16 differing, rows 52 of " + std::to_string(stride),
                 valid,
                 stride == kRowElements ? std::vector<size_t>{0} : std::vector<size_t>{contiguous},
                 [=] { Compare(desc, r, t); }));
  }
  const size_t equal = cases.size();
  for (const uint32_t stride : {kRowElements, kRowStride}) {
    const TensorDesc desc = ShortDesc(stride);
    const size_t valid = 2 * kElements / stride * kRowElements * sizeof(int16_t);
    cases.push_back(
        MakeCase("s16 equal, rows 52 of " + std::to_string(stride),
                 valid,
                 stride == kRowElements ? std::vector<size_t>{0} : std::vector<size_t>{equal},
                 [=] { Compare(desc, r, r); }));
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

void AddNumpyCases(const Data& data, NumpyPeer& numpy, std::vector<Case>& cases) {
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
  const auto r = Bytes(data.reference, kNumpyElements);
  const auto t = Bytes(data.target, kNumpyElements);
  const TensorDesc desc = FloatDesc(kNumpyElements);
  cases.push_back(
      MakeCase("f32 differing, numpy's part", r.size() + t.size(), {0, first, first + 1}, [=] {
        Compare(desc, r, t);
      }));
}

int Main(int rounds) {
  const Data data = MakeData();
  std::vector<Case> cases;
  AddFloatCases(data, cases);
  AddShortCases(data, cases);

  const auto folder = std::filesystem::temp_directory_path() /
                      ("plumb-bench-comparison-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  WriteFile(folder / "reference.raw", Bytes(data.reference, kNumpyElements));
  WriteFile(folder / "target.raw", Bytes(data.target, kNumpyElements));
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
                        Bytes(data.reference, kNumpyElements),
                        Bytes(data.target, kNumpyElements)));
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
