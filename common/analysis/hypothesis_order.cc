#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "common/analysis/hypotheses.h"
#include "common/analysis/value_reader.h"

namespace plumb::analysis {
namespace {

// Where a target element comes from in the reference; empty: from nowhere.
using Map = std::function<std::optional<uint64_t>(uint64_t)>;

constexpr uint64_t kSamples = 2048;
constexpr int kLargestShift = 8;
constexpr double kFloatRounding = 2.5e-7;

struct Orders {
  ValueReader reference;
  ValueReader target;
  bool exact = true;  // same encoding: elements must be equal, else to float rounding
};

std::optional<Orders> OpenPair(const ComparedPair& pair) {
  auto reference = ValueReader::Create(pair.reference);
  auto target = ValueReader::Create(pair.target);
  if (!reference.ok() || !target.ok() || reference->size() != target->size() ||
      reference->size() != pair.reference.desc.shape.element_count()) {
    return std::nullopt;
  }
  const auto& r = pair.reference.desc;
  const auto& t = pair.target.desc;
  const bool exact = r.element_type == t.element_type && r.scale == t.scale;
  return Orders{*std::move(reference), *std::move(target), exact};
}

bool SameValue(double r, double t, bool exact) {
  return r == t || (std::isnan(r) && std::isnan(t)) ||
         (!exact && std::abs(t - r) <= kFloatRounding * std::abs(r));
}

struct Agreement {
  bool all = true;
  uint64_t mapped = 0;
  uint64_t mended = 0;  // elements that differed where they were and agree where they came from
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

// A few thousand elements spread over the tensor refuse nearly every wrong map at once.
bool SamplesAgree(const Orders& orders, const Map& map) {
  const uint64_t size = orders.target.size();
  for (uint64_t k = 0; k < std::min(size, kSamples); ++k) {
    const uint64_t index = size <= kSamples ? k : k * 0x9E3779B97F4A7C15U % size;
    const auto source = map(index);
    if (source && !SameValue(orders.reference.At(*source), orders.target.At(index), orders.exact)) {
      return false;
    }
  }
  return true;
}

Agreement Check(const Orders& orders, const Map& map) {
  Agreement agreement;
  for (uint64_t index = 0; agreement.all && index < orders.target.size(); ++index) {
    const auto source = map(index);
    if (!source) {
      continue;
    }
    const double r = orders.reference.At(*source);
    const double t = orders.target.At(index);
    agreement.all = SameValue(r, t, orders.exact);
    ++agreement.mapped;
    agreement.mended += SameValue(orders.reference.At(index), t, orders.exact) ? 0 : 1;
    agreement.low = std::min(agreement.low, r);
    agreement.high = std::max(agreement.high, r);
  }
  return agreement;
}

// The map explains every element it covers, covers at least half, and mends something.
std::optional<Agreement> Accept(const Orders& orders, const Map& map) {
  if (!SamplesAgree(orders, map)) {
    return std::nullopt;
  }
  const Agreement agreement = Check(orders, map);
  const bool accepted = agreement.all && agreement.mended >= 2 && agreement.low < agreement.high &&
                        2 * agreement.mapped >= orders.target.size();
  return accepted ? std::optional<Agreement>(agreement) : std::nullopt;
}

struct Axis {
  uint64_t length = 1;
  uint64_t stride = 1;  // in elements
};

Axis AxisOf(const Shape& shape, size_t axis) {
  Axis found{static_cast<uint64_t>(shape[axis]), 1};
  for (size_t inner = axis + 1; inner < shape.rank(); ++inner) {
    found.stride *= static_cast<uint64_t>(shape[inner]);
  }
  return found;
}

enum class Meaning { kRows, kColumns, kChannels };

std::optional<Axis> FindAxis(const TensorDesc& desc, Meaning meaning) {
  const size_t rank = desc.shape.rank();
  if (rank == 0 || (rank == 1 && meaning == Meaning::kRows)) {
    return std::nullopt;
  }
  if (rank < 3) {
    return AxisOf(desc.shape, meaning == Meaning::kRows ? 0 : rank - 1);
  }
  const bool nchw = desc.layout == Layout::kNchw;
  switch (meaning) {
    case Meaning::kRows:
      return AxisOf(desc.shape, nchw ? rank - 2 : rank - 3);
    case Meaning::kColumns:
      return AxisOf(desc.shape, nchw ? rank - 1 : rank - 2);
    case Meaning::kChannels:
      break;
  }
  return AxisOf(desc.shape, nchw ? rank - 3 : rank - 1);
}

// Four dimensions: a missing batch is 1.
std::optional<std::array<uint64_t, 4>> FourDims(const Shape& shape) {
  if (shape.rank() < 3 || shape.rank() > 4) {
    return std::nullopt;
  }
  std::array<uint64_t, 4> dims{1, 1, 1, 1};
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    dims.at(axis + 4 - shape.rank()) = static_cast<uint64_t>(shape[axis]);
  }
  return dims;
}

using Order = std::array<size_t, 4>;

// The target's elements lie as if the reference's axes had been put into `order`.
Map Permuted(const std::array<uint64_t, 4>& dims, const Order& order) {
  std::array<uint64_t, 4> lengths{};
  std::array<uint64_t, 4> strides{};
  for (size_t axis = 0; axis < 4; ++axis) {
    lengths.at(axis) = dims.at(order.at(axis));
    uint64_t stride = 1;
    for (size_t inner = order.at(axis) + 1; inner < 4; ++inner) {
      stride *= dims.at(inner);
    }
    strides.at(axis) = stride;
  }
  return [lengths, strides](uint64_t index) -> std::optional<uint64_t> {
    uint64_t source = 0;
    for (size_t axis = 4; axis-- > 0;) {
      source += index % lengths.at(axis) * strides.at(axis);
      index /= lengths.at(axis);
    }
    return source;
  };
}

Map Shifted(const Axis& axis, int shift) {
  return [axis, shift](uint64_t index) -> std::optional<uint64_t> {
    const auto position = static_cast<int64_t>(index / axis.stride % axis.length) + shift;
    if (position < 0 || position >= static_cast<int64_t>(axis.length)) {
      return std::nullopt;
    }
    return shift < 0 ? index - static_cast<uint64_t>(-shift) * axis.stride
                     : index + static_cast<uint64_t>(shift) * axis.stride;
  };
}

// R and B change places; a fourth channel stays.
Map Reversed(const Axis& axis) {
  return [axis](uint64_t index) -> std::optional<uint64_t> {
    const uint64_t channel = index / axis.stride % axis.length;
    const uint64_t last = axis.length == 4 ? 2 : axis.length - 1;
    if (channel > last) {
      return index;
    }
    return index - channel * axis.stride + (last - channel) * axis.stride;
  };
}

std::optional<Diagnosis> TryShift(const ComparedPair& pair, Meaning meaning, const char* cause) {
  const auto orders = OpenPair(pair);
  const auto axis = FindAxis(pair.target.desc, meaning);
  if (!orders || !axis || axis->length < 3 ||
      !(pair.reference.desc.shape == pair.target.desc.shape)) {
    return std::nullopt;
  }
  for (int distance = 1; distance <= kLargestShift; ++distance) {
    for (const int shift : {distance, -distance}) {
      const auto agreement = Accept(*orders, Shifted(*axis, shift));
      if (agreement) {
        const std::string unit = meaning == Meaning::kRows ? "row" : "column";
        return Found(cause,
                     pair,
                     "target " + unit + " n is reference " + unit + " n" + (shift > 0 ? "+" : "") +
                         std::to_string(shift) + ": all " + std::to_string(agreement->mapped) +
                         " elements that both have are equal, " +
                         std::to_string(agreement->mended) + " of them were not in place",
                     0.99);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Diagnosis> TryLayout(const ComparedPair& pair) {
  struct Candidate {
    Order order;
    const char* text;
  };

  constexpr std::array<Candidate, 3> kCandidates = {
      {{{0, 3, 1, 2}, "with the channels first (NCHW) where the reference has them last"},
       {{0, 2, 3, 1}, "with the channels last (NHWC) where the reference has them first"},
       {{0, 2, 1, 3}, "with rows and columns exchanged"}}};
  const auto orders = OpenPair(pair);
  const auto dims = FourDims(pair.reference.desc.shape);
  const auto target_dims = FourDims(pair.target.desc.shape);
  if (!orders || !dims || !target_dims) {
    return std::nullopt;
  }
  for (const auto& candidate : kCandidates) {
    std::array<uint64_t, 4> permuted{};
    for (size_t axis = 0; axis < 4; ++axis) {
      permuted.at(axis) = dims->at(candidate.order.at(axis));
    }
    if (*target_dims != *dims && *target_dims != permuted) {
      continue;
    }
    const auto agreement = Accept(*orders, Permuted(*dims, candidate.order));
    if (agreement) {
      return Found("layout",
                   pair,
                   "the target lies " + std::string(candidate.text) + ": put in order, all " +
                       std::to_string(agreement->mapped) + " elements are equal",
                   1);
    }
  }
  return std::nullopt;
}

std::optional<Diagnosis> TryChannelOrder(const ComparedPair& pair) {
  const auto orders = OpenPair(pair);
  const auto axis = FindAxis(pair.target.desc, Meaning::kChannels);
  if (!orders || !axis || axis->length < 2 ||
      !(pair.reference.desc.shape == pair.target.desc.shape)) {
    return std::nullopt;
  }
  const auto agreement = Accept(*orders, Reversed(*axis));
  if (!agreement) {
    return std::nullopt;
  }
  return Found("channel_order",
               pair,
               "with the " + std::to_string(axis->length) + " channels in reverse order all " +
                   std::to_string(agreement->mapped) + " elements are equal",
               1);
}

std::optional<Diagnosis> TryShiftedRows(const ComparedPair& pair) {
  return TryShift(pair, Meaning::kRows, "shifted_rows");
}

std::optional<Diagnosis> TryShiftedColumns(const ComparedPair& pair) {
  return TryShift(pair, Meaning::kColumns, "shifted_columns");
}

}  // namespace plumb::analysis
