// The loops of FloatExecutor, one function for each kind of operation. Operands come from a
// validated graph, so nothing is checked here.
#pragma once

#include <span>
#include <vector>

#include "common/npu/graph/graph.h"

namespace plumb::npu {

struct FloatOperand {
  const Shape* shape;
  std::span<const float> values;
};

// One operation with its operands. Weights of convolutions and matrix products are transposed to
// [kernel_height][kernel_width][in][out] (see TransposeWeights), so that inner loops run along out.
struct FloatCall {
  const GraphOp* op;
  std::vector<FloatOperand> inputs;
  const Shape* output_shape;
  std::span<float> output;

  template <class Attributes>
  [[nodiscard]] const Attributes& attributes() const {
    return std::get<Attributes>(op->attributes);
  }
};

// Fills call.output; fused activations are the caller's work.
using FloatKernel = void (*)(const FloatCall& call);
FloatKernel FloatKernelFor(OpKind kind);

// True for the kinds whose weights (operand 1) TransposeWeights turns.
bool WantsTransposedWeights(OpKind kind);
// [rows][columns] to [columns][rows].
std::vector<float> TransposeWeights(std::span<const float> weights, size_t rows);

void Conv2dFloat(const FloatCall& call);
void DepthwiseConv2dFloat(const FloatCall& call);
void TransposeConv2dFloat(const FloatCall& call);
void FullyConnectedFloat(const FloatCall& call);
void MaxPool2dFloat(const FloatCall& call);
void AveragePool2dFloat(const FloatCall& call);

void BinaryFloat(const FloatCall& call);
void SelectFloat(const FloatCall& call);
void UnaryFloat(const FloatCall& call);
void SoftmaxFloat(const FloatCall& call);
void LogSoftmaxFloat(const FloatCall& call);

void CopyFloat(const FloatCall& call);
void ReduceFloat(const FloatCall& call);
void ArgFloat(const FloatCall& call);
void GatherFloat(const FloatCall& call);
void BatchMatMulFloat(const FloatCall& call);
void PadFloat(const FloatCall& call);
void ConcatFloat(const FloatCall& call);
void TransposeFloat(const FloatCall& call);
void StridedSliceFloat(const FloatCall& call);
void DepthToSpaceFloat(const FloatCall& call);
void ResizeBilinearFloat(const FloatCall& call);
void ResizeNearestFloat(const FloatCall& call);

}  // namespace plumb::npu
