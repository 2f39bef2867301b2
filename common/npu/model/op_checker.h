// Internal to validate.h: the checks of one operation, one overload per kind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/model/model.h"

namespace plumb::npu {

// Works on an operation whose tensor indices are known to be in range. Each overload checks all
// that ops.h says of its kind; errors come without the operation's name.
class OpChecker {
 public:
  OpChecker(const FixedModel& model, const FixedOp& op);

  Status Check() const;

  Status operator()(const Conv2d& conv) const;
  Status operator()(const DepthwiseConv2d& conv) const;
  Status operator()(const FullyConnected& full) const;
  Status operator()(const TransposeConv2d& conv) const;
  Status operator()(const MaxPool2d& pool) const;
  Status operator()(const AveragePool2d& pool) const;
  Status operator()(const Mean& mean) const;
  Status operator()(const Add& add) const;
  Status operator()(const Mul& mul) const;
  Status operator()(const Prelu& prelu) const;
  Status operator()(const LeakyRelu& relu) const;
  Status operator()(const Requantize& requantize) const;
  Status operator()(const Lookup& lookup) const;
  Status operator()(const Softmax& softmax) const;
  Status operator()(const Pad& pad) const;
  Status operator()(const Concat& concat) const;
  Status operator()(const Reshape& reshape) const;
  Status operator()(const Transpose& transpose) const;
  Status operator()(const ResizeBilinear& resize) const;
  Status operator()(const ResizeNearest& resize) const;
  Status operator()(const DepthToSpace& depth_to_space) const;
  Status operator()(const StridedSlice& slice) const;

 private:
  [[nodiscard]] const FixedTensor& Input(size_t index = 0) const;
  [[nodiscard]] Status InputCount(size_t count) const;
  // One input, both sides [batch, height, width, channels] with the same batch.
  [[nodiscard]] Status OnePicture() const;
  [[nodiscard]] Status SameShape() const;
  [[nodiscard]] Status SameQuantization() const;
  [[nodiscard]] Status ClampFits(const Clamp& clamp) const;
  [[nodiscard]] Status LinearFits(const LinearWeights& linear,
                                  uint64_t channels,
                                  uint64_t weights_per_channel) const;
  // Σ|w| · max|x − z| + |bias| of every channel stays below the limit. Channel c owns the weights
  // c · channel_step + i · element_step.
  [[nodiscard]] Status SumsFit(const LinearWeights& linear,
                               uint64_t channel_step,
                               uint64_t element_step) const;
  [[nodiscard]] Status PoolFits(const Multiplier& multiplier, uint64_t max_count) const;
  [[nodiscard]] Status Broadcasts() const;
  [[nodiscard]] Status ResizeFits(size_t rows, size_t columns) const;

  const FixedModel& model_;
  const FixedOp& op_;
  const FixedTensor& output_;
};

// kInvalidArgument unless the multiplier is one that ops.h allows.
Status CheckMultiplier(const Multiplier& multiplier);
// Element count of a tensor whose shape has been checked.
uint64_t CountOf(const FixedTensor& tensor);

}  // namespace plumb::npu
