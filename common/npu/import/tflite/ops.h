// TFLite operators to operations of the graph.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/graph/op.h"
#include "common/npu/import/tflite/file.h"

namespace plumb::npu::tflite {

// A GraphOp whose operands are still tensors of the file.
struct ConvertedOp {
  OpKind kind = OpKind::kReshape;
  std::vector<int32_t> operands;
  GraphOpAttributes attributes;
  Activation activation = Activation::kNone;
};

// kUnimplemented for an operator or option outside the supported set; says what is supported. The
// operator has exactly one output. Shapes are checked by ValidateGraph later, except where
// attributes depend on them.
Result<ConvertedOp> ConvertOperator(const File& file, const FileOperator& op);

// "CONV_2D", or "custom operation 'X'".
std::string OperatorName(const FileOperator& op);
// The names of everything ConvertOperator takes.
std::vector<std::string> SupportedOperatorNames();

// What a converter sees of one operator.
class OperatorView {
 public:
  OperatorView(const File& file, const FileOperator& op) : file_(file), op_(op) {}

  [[nodiscard]] size_t operand_count() const { return op_.inputs.size(); }

  // kInvalidArgument when operand `index` is absent.
  [[nodiscard]] Result<const FileTensor*> Operand(size_t index) const;
  [[nodiscard]] const FileTensor& Output() const;

  [[nodiscard]] const std::vector<uint8_t>& custom_options() const { return op_.custom_options; }

  // The operand as a picture's shape; kInvalidArgument unless it has four dimensions.
  [[nodiscard]] Result<Shape> Picture(size_t index) const;
  [[nodiscard]] Result<std::vector<int32_t>> Steering(size_t index) const;
  // Takes operand `index` over; an absent optional one is left out.
  Status Take(size_t index, ConvertedOp& converted) const;
  // Operands [0, count); those beyond the file's are left out.
  Status TakeFirst(size_t count, ConvertedOp& converted) const;
  [[nodiscard]] Result<Activation> FusedActivation(uint32_t field) const;

  template <class T>
  [[nodiscard]] Result<T> Option(uint32_t field, T otherwise) const {
    return op_.options ? op_.options->Scalar<T>(field, otherwise) : Result<T>(otherwise);
  }

 private:
  const File& file_;
  const FileOperator& op_;
};

Status ConvertConv2d(const OperatorView& op, ConvertedOp& converted);
Status ConvertDepthwiseConv2d(const OperatorView& op, ConvertedOp& converted);
Status ConvertTransposeConv(const OperatorView& op, ConvertedOp& converted);
// MediaPipe's Convolution2DTransposeBias.
Status ConvertTransposeConvBias(const OperatorView& op, ConvertedOp& converted);
Status ConvertFullyConnected(const OperatorView& op, ConvertedOp& converted);
Status ConvertPool2d(const OperatorView& op, ConvertedOp& converted);

}  // namespace plumb::npu::tflite
