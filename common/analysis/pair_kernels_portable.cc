#include <cmath>
#include <cstring>
#include <type_traits>

#include "common/analysis/pair_kernels.h"

#define PLUMB_TARGET
#define PLUMB_INLINE inline

namespace plumb::analysis {
namespace {

constexpr size_t kWidth = kLanes;

struct Vector {
  double lane[kWidth];
};

struct Count {
  uint64_t total = 0;
};

template <class Operation>
Vector Each(Operation operation) {
  Vector result;
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

Vector Broadcast(double value) {
  return Each([=](size_t) { return value; });
}

Vector Load(const double* source) {
  return Each([=](size_t i) { return source[i]; });
}

void Store(const Vector& values, double* out) {
  std::memcpy(out, values.lane, sizeof values.lane);
}

Vector Add(const Vector& a, const Vector& b) {
  return Each([&](size_t i) { return a.lane[i] + b.lane[i]; });
}

Vector Subtract(const Vector& a, const Vector& b) {
  return Each([&](size_t i) { return a.lane[i] - b.lane[i]; });
}

Vector Multiply(const Vector& a, const Vector& b) {
  return Each([&](size_t i) { return a.lane[i] * b.lane[i]; });
}

Vector Divide(const Vector& a, const Vector& b) {
  return Each([&](size_t i) { return a.lane[i] / b.lane[i]; });
}

Vector Absolute(const Vector& a) {
  return Each([&](size_t i) { return std::abs(a.lane[i]); });
}

Vector Lower(const Vector& a, const Vector& b) {
  return Each([&](size_t i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
}

Vector Higher(const Vector& a, const Vector& b) {
  return Each([&](size_t i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}

Vector AddExactProduct(const Vector& sum, const Vector& a, const Vector& b) {
  return Add(sum, Multiply(a, b));
}

void CountNonZero(const Vector& a, Count& count) {
  CountEach([&](size_t i) { return a.lane[i] != 0; }, count);
}

void CountAbove(const Vector& a, const Vector& limit, Count& count) {
  CountEach([&](size_t i) { return !(a.lane[i] <= limit.lane[i]); }, count);
}

void CountOutside(const Vector& a, const Vector& low, const Vector& high, Count& count) {
  CountEach([&](size_t i) { return a.lane[i] <= low.lane[i] || a.lane[i] >= high.lane[i]; }, count);
}

uint64_t Total(const Count& count) {
  return count.total;
}

bool AnyAtLeast(const Vector& a, const Vector& limit) {
  Count count;
  CountEach([&](size_t i) { return a.lane[i] >= limit.lane[i]; }, count);
  return count.total > 0;
}

// Bytes and words widened, so that their difference fits.
template <class T>
using Stored = std::conditional_t<(sizeof(T) < sizeof(int32_t)), int32_t, T>;

template <class T>
constexpr size_t kRawWidth = kLanes;

template <class T>
struct RawElements {
  T element[kLanes];
};

template <class T>
using Raw = RawElements<Stored<T>>;

template <class T>
Raw<T> LoadRaw(const uint8_t* source) {
  T elements[kLanes];
  std::memcpy(elements, source, sizeof elements);
  Raw<T> raw;
  for (size_t i = 0; i < kLanes; ++i) {
    // The sign is wanted. NOLINTNEXTLINE(bugprone-signed-char-misuse)
    raw.element[i] = static_cast<Stored<T>>(elements[i]);
  }
  return raw;
}

template <class T>
Raw<T> BroadcastRaw(Stored<T> value) {
  Raw<T> raw;
  for (auto& element : raw.element) {
    element = value;
  }
  return raw;
}

template <class T>
RawElements<T> Subtract(const RawElements<T>& a, RawElements<T> b) {
  for (size_t i = 0; i < kLanes; ++i) {
    b.element[i] = a.element[i] - b.element[i];
  }
  return b;
}

template <class T>
RawElements<T> Lower(const RawElements<T>& a, RawElements<T> b) {
  for (size_t i = 0; i < kLanes; ++i) {
    b.element[i] = a.element[i] < b.element[i] ? a.element[i] : b.element[i];
  }
  return b;
}

template <class T>
RawElements<T> Higher(const RawElements<T>& a, RawElements<T> b) {
  for (size_t i = 0; i < kLanes; ++i) {
    b.element[i] = a.element[i] > b.element[i] ? a.element[i] : b.element[i];
  }
  return b;
}

template <class T>
void StoreRaw(const RawElements<T>& raw, T* out) {
  std::memcpy(out, raw.element, sizeof raw.element);
}

void Prefetch(const uint8_t* address) {
  __builtin_prefetch(address);
}

template <class T>
Vector Convert(const uint8_t* source) {
  T elements[kLanes];
  std::memcpy(elements, source, sizeof elements);
  return Each([&](size_t i) { return static_cast<double>(elements[i]); });
}

void StoreSteps(const Vector& quotients, uint8_t* out) {
  // 1.5 · 2^52: adding it leaves a number without a fraction, rounded to nearest even.
  constexpr double kRounder = 6755399441055744.0;
  for (size_t i = 0; i < kLanes; ++i) {
    const double rounded = (quotients.lane[i] + kRounder) - kRounder;
    out[i] = static_cast<uint8_t>(static_cast<int>(rounded) + LsbHistogram::kReach + 1);
  }
}

void StoreSteps(const RawElements<int32_t>& steps, uint8_t* out) {
  for (size_t i = 0; i < kLanes; ++i) {
    out[i] = static_cast<uint8_t>(steps.element[i] + LsbHistogram::kReach + 1);
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
