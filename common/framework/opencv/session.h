// One Caffe network in OpenCV's DNN module.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/framework/plugin_abi.h"
#include "common/npu/import/caffe/outline.h"

#include <opencv2/dnn/dnn.hpp>

namespace plumb::framework {

// Used by one thread at a time. OpenCV's exceptions come out of every call.
class OpenCvSession {
 public:
  // kInvalidArgument and others with words for a person. `request` is checked by its sender.
  static Result<std::unique_ptr<OpenCvSession>> Open(const PlumbFrameworkRequest& request);

  [[nodiscard]] uint32_t input_count() const { return static_cast<uint32_t>(inputs_.size()); }

  [[nodiscard]] uint32_t output_count() const { return static_cast<uint32_t>(outputs_.size()); }

  // Strings live as long as the session.
  [[nodiscard]] PlumbFrameworkTensor input(uint32_t index) const;
  [[nodiscard]] PlumbFrameworkTensor output(uint32_t index) const;

  // False when the sink stopped it. The engine cannot be stopped within its one call: the sink is
  // asked before it and at every tensor after it.
  bool Run(const float* const* inputs, const PlumbFrameworkSink& sink);

 private:
  // A tensor that a layer of the network makes as its first output.
  struct Shown {
    npu::CaffeTop top;
    cv::String layer;  // OpenCV's name, which differs where the file has a name twice
  };

  explicit OpenCvSession(npu::CaffeOutline outline);
  Status Load(const PlumbFrameworkRequest& request);
  Status ReadShapes();

  npu::CaffeOutline outline_;
  cv::dnn::Net net_;
  bool every_layer_ = false;
  std::vector<Shown> shown_;  // what Run asks for, in execution order
  std::vector<npu::CaffeInput> inputs_;
  std::vector<npu::CaffeInput> outputs_;
};

}  // namespace plumb::framework
