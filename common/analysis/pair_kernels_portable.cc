#include <cmath>
#include <cstring>

#include "common/analysis/pair_kernels.h"

#define PLUMB_TARGET
#define PLUMB_INLINE inline

namespace plumb::analysis {
namespace {

struct Eight {
  double lane[kLanes];
};

struct Count {
  uint64_t total = 0;
};

template <class Operation>
Eight Each(Operation operation) {
  Eight result;
  for (size_t i = 0; i < kLanes; ++i) {
    result.lane[i] = operation(i);
  }
  return result;
}

template <class Condition>
void CountEach(Condition condition, Count& count) {
  for (size_t i = 0; i < kLanes; ++i) {
    count.total += condition(i) ? 1 : 0;
  }
}

Eight Broadcast(double value) {
  return Each([=](size_t) { return value; });
}

Eight Load(const double* source) {
  return Each([=](size_t i) { return source[i]; });
}

void Store(const Eight& values, double* out) {
  std::memcpy(out, values.lane, sizeof values.lane);
}

Eight Add(const Eight& a, const Eight& b) {
  return Each([&](size_t i) { return a.lane[i] + b.lane[i]; });
}

Eight Subtract(const Eight& a, const Eight& b) {
  return Each([&](size_t i) { return a.lane[i] - b.lane[i]; });
}

Eight Multiply(const Eight& a, const Eight& b) {
  return Each([&](size_t i) { return a.lane[i] * b.lane[i]; });
}

Eight Divide(const Eight& a, const Eight& b) {
  return Each([&](size_t i) { return a.lane[i] / b.lane[i]; });
}

Eight Absolute(const Eight& a) {
  return Each([&](size_t i) { return std::abs(a.lane[i]); });
}

Eight Lower(const Eight& a, const Eight& b) {
  return Each([&](size_t i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
}

Eight Higher(const Eight& a, const Eight& b) {
  return Each([&](size_t i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}

Eight AddExactProduct(const Eight& sum, const Eight& a, const Eight& b) {
  return Add(sum, Multiply(a, b));
}

void CountNonZero(const Eight& a, Count& count) {
  CountEach([&](size_t i) { return a.lane[i] != 0; }, count);
}

void CountAbove(const Eight& a, const Eight& limit, Count& count) {
  CountEach([&](size_t i) { return !(a.lane[i] <= limit.lane[i]); }, count);
}

void CountOutside(const Eight& a, const Eight& low, const Eight& high, Count& count) {
  CountEach([&](size_t i) { return a.lane[i] <= low.lane[i] || a.lane[i] >= high.lane[i]; }, count);
}

uint64_t Total(const Count& count) {
  return count.total;
}

bool AnyAtLeast(const Eight& a, const Eight& limit) {
  Count count;
  CountEach([&](size_t i) { return a.lane[i] >= limit.lane[i]; }, count);
  return count.total > 0;
}

template <class T>
using Stored = T;

template <class T>
struct Raw {
  T element[kLanes];
};

template <class T>
Raw<T> LoadRaw(const uint8_t* source) {
  Raw<T> raw;
  std::memcpy(raw.element, source, sizeof raw.element);
  return raw;
}

template <class T>
Raw<T> Lower(const Raw<T>& a, Raw<T> b) {
  for (size_t i = 0; i < kLanes; ++i) {
    b.element[i] = a.element[i] < b.element[i] ? a.element[i] : b.element[i];
  }
  return b;
}

template <class T>
Raw<T> Higher(const Raw<T>& a, Raw<T> b) {
  for (size_t i = 0; i < kLanes; ++i) {
    b.element[i] = a.element[i] > b.element[i] ? a.element[i] : b.element[i];
  }
  return b;
}

template <class T>
void StoreRaw(const Raw<T>& raw, T* out) {
  std::memcpy(out, raw.element, sizeof raw.element);
}

void Prefetch(const uint8_t* address) {
  __builtin_prefetch(address);
}

template <class T>
Eight Convert(const uint8_t* source) {
  T elements[kLanes];
  std::memcpy(elements, source, sizeof elements);
  return Each([&](size_t i) { return static_cast<double>(elements[i]); });
}

void StoreSteps(const Eight& quotients, uint8_t* out) {
  // 1.5 · 2^52: adding it leaves a number without a fraction, rounded to nearest even.
  constexpr double kRounder = 6755399441055744.0;
  for (size_t i = 0; i < kLanes; ++i) {
    const double rounded = (quotients.lane[i] + kRounder) - kRounder;
    out[i] = static_cast<uint8_t>(static_cast<int>(rounded) + LsbHistogram::kReach + 1);
  }
}

template <size_t size>
bool SameBytes(const uint8_t* a, const uint8_t* b) {
  return std::memcmp(a, b, size) == 0;
}

#include "common/analysis/pair_kernels_body.inc"

constexpr KernelSet kKernels = MakeKernelSet("portable");

}  // namespace

const KernelSet* PortableKernels() {
  return &kKernels;
}

}  // namespace plumb::analysis
