#include "tests/oracle/layers_alone.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "common/npu/kernels_reference/executor.h"
#include "tests/oracle/tensor_index.h"

namespace plumb::testing {
namespace {

using npu::FixedModel;
using npu::FixedOp;
using npu::FixedTensor;
using npu::Multiplier;
using npu::RoundingProfile;
using Values = std::vector<int16_t>;

constexpr std::array kProfiles = {
    RoundingProfile::kHalfEven, RoundingProfile::kHalfAway, RoundingProfile::kHalfUp};
constexpr double kScaleError = 0x1p-20;

// `op` and its operands as a model of their own.
FixedModel ModelOfOne(const FixedModel& model, const FixedOp& op) {
  FixedModel one;
  one.name = "layer";
  FixedOp copy = op;
  for (uint32_t& input : copy.inputs) {
    FixedTensor operand = model.tensors[input];
    input = static_cast<uint32_t>(one.tensors.size());
    operand.name += "#" + std::to_string(input);  // an operand may come twice
    if (operand.constant.empty()) {
      one.inputs.push_back({input, npu::InputFormat::kRawS16Nhwc, {}, 1});
    }
    one.tensors.push_back(std::move(operand));
  }
  one.tensors.push_back(model.tensors[op.output]);
  copy.output = static_cast<uint32_t>(one.tensors.size()) - 1;
  one.outputs = {copy.output};
  one.ops = {std::move(copy)};
  return one;
}

void Scale(Multiplier& multiplier, double factor) {
  multiplier.mantissa =
      static_cast<int32_t>(std::min<double>(std::round(multiplier.mantissa * factor), INT32_MAX));
}

// The same operation with every scale `factor` times as large.
struct Scaler {
  double factor;

  template <class Op>
  void operator()(Op& op) const {
    if constexpr (requires { op.linear; }) {
      for (Multiplier& multiplier : op.linear.multipliers) {
        Scale(multiplier, factor);
      }
    } else if constexpr (requires { op.multiplier.mantissa; }) {
      Scale(op.multiplier, factor);
    } else if constexpr (requires { op.positive.mantissa; }) {
      Scale(op.positive, factor);
      Scale(op.negative, factor);
    }
  }

  // Either factor alone, since their errors may add up or cancel out.
  void operator()(npu::Add& add) const {
    add.mantissa_a = static_cast<int32_t>(std::round(add.mantissa_a * factor));
    add.mantissa_b = static_cast<int32_t>(std::round(add.mantissa_b * (2 - factor)));
  }
};

Result<Values> Stored(const OracleTensor& tensor) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<double> values, RealValues(tensor.tensor));
  return Values(values.begin(), values.end());
}

Result<Values> RunOne(const FixedModel& one,
                      const std::vector<Values>& operands,
                      RoundingProfile profile) {
  npu::ReferenceExecutor::Options options;
  options.rounding = profile;
  PLUMB_ASSIGN_OR_RETURN(
      const auto executor,
      npu::ReferenceExecutor::Create(std::make_shared<const FixedModel>(one), options));
  Values output(one.tensors[one.outputs[0]].shape.element_count().value_or(0));
  const std::vector<std::span<const int16_t>> inputs(operands.begin(), operands.end());
  const std::vector<std::span<int16_t>> outputs = {output};
  PLUMB_RETURN_IF_ERROR(executor->Run(inputs, outputs));
  return output;
}

constexpr int kCoarseBits = 8;

Multiplier Coarse(const Multiplier& exact) {
  const double factor = std::ldexp(exact.mantissa, kCoarseBits - exact.shift);
  return {static_cast<int32_t>(std::lrint(factor)), kCoarseBits};
}

Result<bool> FitsCoarseScale(FixedModel one,
                             const std::vector<Values>& operands,
                             const Values& expected) {
  npu::OpAttributes& attributes = one.ops[0].attributes;
  if (auto* requantize = std::get_if<npu::Requantize>(&attributes)) {
    requantize->multiplier = Coarse(requantize->multiplier);
  } else if (auto* relu = std::get_if<npu::LeakyRelu>(&attributes)) {
    relu->positive = Coarse(relu->positive);
    relu->negative = Coarse(relu->negative);
  } else if (auto* add = std::get_if<npu::Add>(&attributes)) {
    constexpr int kDroppedBits = 10;  // of 31, which leaves the larger factor 21
    add->mantissa_a = static_cast<int32_t>(std::lrint(std::ldexp(add->mantissa_a, -kDroppedBits)));
    add->mantissa_b = static_cast<int32_t>(std::lrint(std::ldexp(add->mantissa_b, -kDroppedBits)));
    add->shift -= kDroppedBits;
  } else {
    return false;
  }
  PLUMB_ASSIGN_OR_RETURN(const Values ours, RunOne(one, operands, RoundingProfile::kHalfUp));
  return ours == expected;
}

// What our arithmetic makes of one operation, and how far its roundings could take it.
class Layer {
 public:
  Layer(FixedModel one, std::vector<Values> operands)
      : one_(std::move(one)),
        operands_(std::move(operands)) {}

  Result<IntegerLayer> Compare(const Values& expected) {
    IntegerLayer layer;
    layer.op = one_.ops[0].source_op;
    layer.name = one_.tensors[one_.outputs[0]].name;
    layer.count = expected.size();
    for (size_t i = 0; i < kProfiles.size() && layer.rule == Rule::kNone; ++i) {
      PLUMB_ASSIGN_OR_RETURN(const Values ours, RunOne(one_, operands_, kProfiles.at(i)));
      if (ours.size() != expected.size()) {
        return InvalidArgumentError(layer.name + " has another size in the oracle");
      }
      if (i == 0) {
        CountDifferences(ours, expected, layer);
      }
      layer.rule = ours == expected ? static_cast<Rule>(i) : Rule::kNone;
      Widen(ours);
    }
    if (layer.rule == Rule::kNone) {
      PLUMB_ASSIGN_OR_RETURN(const bool coarse, FitsCoarseScale(one_, operands_, expected));
      PLUMB_ASSIGN_OR_RETURN(const bool near, FitsScaleError(expected));
      layer.rule = coarse ? Rule::kCoarseScale : (near ? Rule::kScaleError : Rule::kNone);
    }
    return layer;
  }

 private:
  static void CountDifferences(const Values& ours, const Values& expected, IntegerLayer& layer) {
    for (size_t k = 0; k < ours.size(); ++k) {
      const int difference = std::abs(ours[k] - expected[k]);
      layer.different += difference != 0 ? 1 : 0;
      layer.largest = std::max<uint64_t>(layer.largest, static_cast<uint64_t>(difference));
    }
  }

  void Widen(const Values& ours) {
    if (low_.empty()) {
      low_ = high_ = ours;
    }
    for (size_t i = 0; i < ours.size(); ++i) {
      low_[i] = std::min(low_[i], ours[i]);
      high_[i] = std::max(high_[i], ours[i]);
    }
  }

  Result<bool> FitsScaleError(const Values& expected) {
    for (const double factor : {1 - kScaleError, 1 + kScaleError}) {
      FixedModel scaled = one_;
      std::visit(Scaler{factor}, scaled.ops[0].attributes);
      for (const RoundingProfile profile : kProfiles) {
        PLUMB_ASSIGN_OR_RETURN(const Values ours, RunOne(scaled, operands_, profile));
        Widen(ours);
      }
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      if (expected[i] < low_[i] || expected[i] > high_[i]) {
        return false;
      }
    }
    return true;
  }

  FixedModel one_;
  std::vector<Values> operands_;
  Values low_;
  Values high_;
};

// Empty when the oracle hides one of them.
Result<std::vector<Values>> OperandsOf(const FixedModel& model,
                                       const FixedOp& op,
                                       const TensorIndex& shown) {
  std::vector<Values> operands;
  for (const uint32_t input : op.inputs) {
    if (!model.tensors[input].constant.empty()) {
      continue;
    }
    const OracleTensor* tensor = shown.Find(model.tensors[input].name);
    if (tensor == nullptr) {
      return std::vector<Values>();
    }
    PLUMB_ASSIGN_OR_RETURN(Values values, Stored(*tensor));
    operands.push_back(std::move(values));
  }
  return operands;
}

}  // namespace

std::string RuleName(Rule rule) {
  switch (rule) {
    case Rule::kHalfEven:
      return "half_even";
    case Rule::kHalfAway:
      return "half_away";
    case Rule::kHalfUp:
      return "half_up";
    case Rule::kCoarseScale:
      return "short scale";
    case Rule::kScaleError:
      return "float scale";
    case Rule::kNone:
      break;
  }
  return "other";
}

Result<std::vector<IntegerLayer>> CompareIntegerLayersAlone(const FixedModel& model,
                                                            const OracleRun& oracle) {
  TensorIndex shown;
  shown.Add(oracle.inputs);
  shown.Add(oracle.layers);
  shown.Add(oracle.outputs);
  std::vector<IntegerLayer> layers;
  for (const FixedOp& op : model.ops) {
    const OracleTensor* expected = shown.Find(model.tensors[op.output].name);
    PLUMB_ASSIGN_OR_RETURN(std::vector<Values> operands, OperandsOf(model, op, shown));
    if (expected == nullptr || operands.empty()) {
      continue;
    }
    PLUMB_ASSIGN_OR_RETURN(const Values stored, Stored(*expected));
    PLUMB_ASSIGN_OR_RETURN(IntegerLayer layer,
                           Layer(ModelOfOne(model, op), std::move(operands)).Compare(stored));
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace plumb::testing
