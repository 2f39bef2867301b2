#include "common/framework/opencv/session.h"

#include <algorithm>

#include "common/base/file.h"
#include "common/base/text.h"

namespace plumb::framework {
namespace {

constexpr uint64_t kMaxModelSize = uint64_t{2} << 30U;

PlumbFrameworkTensor PortOf(const npu::CaffeInput& port) {
  PlumbFrameworkTensor tensor{};
  tensor.name = port.name.c_str();
  tensor.rank = static_cast<uint32_t>(port.shape.rank());
  std::copy(port.shape.dims().begin(), port.shape.dims().end(), std::begin(tensor.dims));
  return tensor;
}

std::vector<int> DimsOf(const Shape& shape) {
  std::vector<int> dims;
  for (const int64_t dim : shape.dims()) {
    dims.push_back(static_cast<int>(dim));  // Shape's dimensions are below 2^31
  }
  return dims;
}

// A tensor as the sink takes it; `values` must live until then.
PlumbFrameworkTensor TensorOf(const npu::CaffeTop& top, const cv::Mat& values) {
  PlumbFrameworkTensor tensor{};
  tensor.name = top.tensor.c_str();
  tensor.op = top.type.c_str();
  tensor.kind = PLUMB_FRAMEWORK_COMPUTED;
  if (values.type() != CV_32F || values.dims > static_cast<int>(PLUMB_FRAMEWORK_MAX_RANK)) {
    tensor.kind = PLUMB_FRAMEWORK_UNREADABLE;
    tensor.why = "OpenCV shows it as something else than float32";
    return tensor;
  }
  tensor.rank = static_cast<uint32_t>(values.dims);
  std::copy_n(values.size.p, values.dims, std::begin(tensor.dims));
  tensor.values = values.ptr<float>();
  tensor.count = values.total();
  return tensor;
}

}  // namespace

OpenCvSession::OpenCvSession(npu::CaffeOutline outline) : outline_(std::move(outline)) {}

Result<std::unique_ptr<OpenCvSession>> OpenCvSession::Open(const PlumbFrameworkRequest& request) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer prototxt, ReadFile(request.model, kMaxModelSize));
  PLUMB_ASSIGN_OR_RETURN(npu::CaffeOutline outline, npu::OutlineOfCaffe(prototxt));
  if (request.shape_count != 0) {
    return InvalidArgumentError("a prototxt fixes its shapes; write them into it");
  }
  std::unique_ptr<OpenCvSession> session(new OpenCvSession(std::move(outline)));
  PLUMB_RETURN_IF_ERROR(session->Load(request));
  PLUMB_RETURN_IF_ERROR(session->ReadShapes());
  return session;
}

Status OpenCvSession::Load(const PlumbFrameworkRequest& request) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer weights, ReadFile(request.weights, kMaxModelSize));
  net_ = cv::dnn::readNetFromCaffe(outline_.prototxt.data(),
                                   outline_.prototxt.size(),
                                   reinterpret_cast<const char*>(weights.data()),
                                   weights.size());
  net_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  net_.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
  every_layer_ = request.every_layer != 0;
  net_.enableFusion(!every_layer_);
  cv::setNumThreads(static_cast<int>(std::clamp(request.threads, 1U, 1024U)));
  const std::vector<cv::String> layers = net_.getLayerNames();
  if (layers.size() != outline_.layer_count) {
    return UnimplementedError("OpenCV makes " + std::to_string(layers.size()) + " layers of " +
                              std::to_string(outline_.layer_count) +
                              ", so that which is which cannot be told");
  }
  for (const npu::CaffeTop& top : outline_.tops) {
    if (every_layer_ || top.is_output) {
      shown_.push_back({top, layers[top.shown_by]});
    }
  }
  return OkStatus();
}

// What getLayersShapes tells of the inputs and of the layers that make outputs.
Status OpenCvSession::ReadShapes() {
  std::vector<cv::dnn::MatShape> shapes;
  std::vector<cv::String> names;
  for (const npu::CaffeInput& input : outline_.inputs) {
    inputs_.push_back(input);
    shapes.push_back(DimsOf(input.shape));
    names.emplace_back(input.name);
  }
  std::vector<int> ids;
  std::vector<std::vector<cv::dnn::MatShape>> in;
  std::vector<std::vector<cv::dnn::MatShape>> out;
  net_.getLayersShapes(shapes, ids, in, out);
  for (const Shown& shown : shown_) {
    if (!shown.top.is_output) {
      continue;
    }
    const auto found = std::find(ids.begin(), ids.end(), net_.getLayerId(shown.layer));
    npu::CaffeInput port{shown.top.tensor, {}};
    if (found != ids.end() && !out[static_cast<size_t>(found - ids.begin())].empty()) {
      const auto& dims = out[static_cast<size_t>(found - ids.begin())].front();
      PLUMB_ASSIGN_OR_RETURN(port.shape,
                             Shape::Create(std::vector<int64_t>(dims.begin(), dims.end())));
    }
    outputs_.push_back(std::move(port));
  }
  return OkStatus();
}

PlumbFrameworkTensor OpenCvSession::input(uint32_t index) const {
  return PortOf(inputs_.at(index));
}

PlumbFrameworkTensor OpenCvSession::output(uint32_t index) const {
  return PortOf(outputs_.at(index));
}

bool OpenCvSession::Run(const float* const* inputs, const PlumbFrameworkSink& sink) {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const std::vector<int> dims = DimsOf(inputs_[i].shape);
    cv::Mat values(dims, CV_32F);
    std::copy_n(inputs[i], values.total(), values.ptr<float>());
    net_.setInput(values, inputs_[i].name);
  }
  if (sink.stopped(sink.context) != 0) {
    return false;
  }
  std::vector<cv::String> layers;
  for (const Shown& shown : shown_) {
    layers.push_back(shown.layer);
  }
  std::vector<cv::Mat> made;
  net_.forward(made, layers);
  uint32_t outputs = 0;
  for (size_t i = 0; i < shown_.size(); ++i) {
    const cv::Mat values = made[i].isContinuous() ? made[i] : made[i].clone();
    const PlumbFrameworkTensor tensor = TensorOf(shown_[i].top, values);
    if (every_layer_ && sink.layer != nullptr && sink.layer(sink.context, &tensor) != 0) {
      return false;
    }
    if (shown_[i].top.is_output && sink.output(sink.context, outputs++, &tensor) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace plumb::framework
