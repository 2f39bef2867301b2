// Random one-layer models of every kind, and inputs for them.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "common/npu/model/model.h"

namespace plumb::npu {

// Random shapes, types, weights and multipliers for the alternative `kind` of OpAttributes, with
// `input_type` as the type of its input. Always valid.
class LayerGenerator {
 public:
  explicit LayerGenerator(uint32_t seed) : random_(seed) {}

  FixedModel Make(size_t kind, ElementType input_type);
  // Values over the whole range of each input, extremes included.
  std::vector<std::vector<int16_t>> MakeInputs(const FixedModel& model);

 private:
  int64_t Uniform(int64_t low, int64_t high);
  ElementType AnyType();
  FixedTensor Tensor(const std::string& name, const Shape& shape, ElementType type);
  FixedTensor SameType(const FixedTensor& tensor, const Shape& shape);
  Multiplier AnyMultiplier();
  Clamp AnyClamp(const FixedTensor& output);
  LinearWeights Linear(int64_t channels, int64_t weights_per_channel);
  Window2d AnyWindow(bool dilate);
  Shape AnyShape(size_t rank);
  static Shape WindowedShape(const Shape& input, const Window2d& window, int64_t channels);

  FixedModel MakeConv(ElementType type);
  FixedModel MakeDepthwise(ElementType type);
  FixedModel MakeFullyConnected(ElementType type);
  FixedModel MakeTransposeConv(ElementType type);
  FixedModel MakeMaxPool(ElementType type);
  FixedModel MakeAveragePool(ElementType type);
  FixedModel MakeMean(ElementType type);
  FixedModel MakeBinary(size_t kind, ElementType type);
  FixedModel MakeUnary(size_t kind, ElementType type);
  FixedModel MakeSoftmax(ElementType type);
  FixedModel MakePad(ElementType type);
  FixedModel MakeConcat(ElementType type);
  FixedModel MakeTranspose(ElementType type);
  FixedModel MakeResize(size_t kind, ElementType type);
  FixedModel MakeDepthToSpace(ElementType type);
  FixedModel MakeSlice(ElementType type);

  std::mt19937 random_;
};

// Index of an alternative of OpAttributes.
template <class Op, size_t I = 0>
constexpr size_t KindOf() {
  if constexpr (std::is_same_v<std::variant_alternative_t<I, OpAttributes>, Op>) {
    return I;
  } else {
    return KindOf<Op, I + 1>();
  }
}

}  // namespace plumb::npu
