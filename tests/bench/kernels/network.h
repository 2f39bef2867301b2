// One real network in every form that is timed: float, quantised, ONNX.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/float/executor.h"
#include "common/npu/import/import.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/kernels_reference/executor.h"
#include "common/npu/model/model.h"
#include "tests/bench/kernels/onnx_runtime.h"

namespace plumb::bench {

class Network {
 public:
  // A float TFLite, ONNX or Caffe file (of the two the prototxt) whose one input is a picture; an
  // open shape is `shapes`'. Calibrated with the same made-up picture that is run. Its ONNX form,
  // where `onnxruntime` is not empty, has been seen to agree with the float executor: kDataLoss
  // where rel_l2 > 1e-4.
  static Result<std::unique_ptr<Network>> Load(const std::string& file,
                                               const std::string& onnxruntime,
                                               const npu::InputShapes& shapes = {});

  // Millions of multiplications of one run.
  [[nodiscard]] double Products() const;

  [[nodiscard]] const std::shared_ptr<const npu::FixedModel>& model() const { return model_; }

  // The input as the float executor takes it: [1, H, W, 3].
  [[nodiscard]] const std::vector<float>& float_input() const { return float_inputs_.front(); }

  [[nodiscard]] const npu::Graph& graph() const { return float_->graph(); }

  Result<std::vector<std::vector<float>>> FloatOutputs() { return float_->Run(float_inputs_); }

  Status RunFloat() { return float_->Run(float_inputs_).status(); }

  // Null without ONNX Runtime.
  [[nodiscard]] OnnxSession* onnx() const { return onnx_.get(); }

  // The largest rel_l2 of an output of the ONNX form against the float executor.
  [[nodiscard]] double onnx_error() const { return onnx_error_; }

  // Either integer executor; outputs() holds the result.
  template <class Executor>
  Status RunIntegers(Executor& executor, const npu::LayerTap& tap = nullptr) {
    return executor.Run(input_spans_, output_spans_, tap);
  }

  [[nodiscard]] const std::vector<std::vector<int16_t>>& outputs() const { return outputs_; }

 private:
  Network() = default;
  Status Quantize(const std::shared_ptr<const npu::Graph>& graph);
  Status OpenOnnx(const npu::Graph& graph, const std::string& library);

  std::unique_ptr<npu::FloatExecutor> float_;
  std::vector<std::vector<float>> float_inputs_;
  std::shared_ptr<const npu::FixedModel> model_;
  std::vector<std::vector<int16_t>> inputs_;
  std::vector<std::vector<int16_t>> outputs_;
  std::vector<std::span<const int16_t>> input_spans_;
  std::vector<std::span<int16_t>> output_spans_;
  std::unique_ptr<OnnxSession> onnx_;
  double onnx_error_ = 0;
};

}  // namespace plumb::bench
