#include "tests/bench/kernels/onnx_runtime.h"

#include <string_view>
#include <utility>

#include "common/framework/ort_api.h"

namespace plumb::bench {
namespace {

using framework::OrtApi;
using framework::OrtSlot;

constexpr std::string_view kVersion = "1.17.0";
constexpr int kLogErrors = 3;
constexpr int kOptimizeAll = 99;
constexpr int kArenaAllocator = 1;
constexpr int kDefaultMemory = 0;
constexpr int kFloatElements = 1;

}  // namespace

class OnnxSession::Impl {
 public:
  Impl(OrtApi api, std::vector<Input> inputs, size_t outputs)
      : api_(std::move(api)),
        inputs_(std::move(inputs)),
        values_(inputs_.size(), nullptr),
        outputs_(outputs, nullptr) {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      names_.push_back("input" + std::to_string(i));
    }
    for (size_t i = 0; i < outputs; ++i) {
      names_.push_back("output" + std::to_string(i));
    }
    for (const std::string& name : names_) {
      name_pointers_.push_back(name.c_str());
    }
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    ReleaseOutputs();
    for (void* value : values_) {
      api_.Release(OrtSlot::kReleaseValue, value);
    }
    api_.Release(OrtSlot::kReleaseMemoryInfo, memory_);
    api_.Release(OrtSlot::kReleaseSession, session_);
    api_.Release(OrtSlot::kReleaseSessionOptions, options_);
    api_.Release(OrtSlot::kReleaseEnv, env_);
  }

  Status Open(const std::string& model) {
    PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kCreateEnv, kLogErrors, "plumb", &env_));
    PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kCreateSessionOptions, &options_));
    PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kSetIntraOpNumThreads, options_, 1));
    PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kSetInterOpNumThreads, options_, 1));
    PLUMB_RETURN_IF_ERROR(
        api_.Call(OrtSlot::kSetSessionGraphOptimizationLevel, options_, kOptimizeAll));
    PLUMB_RETURN_IF_ERROR(api_.Call(
        OrtSlot::kAddSessionConfigEntry, options_, "session.intra_op.allow_spinning", "0"));
    PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kCreateSessionFromArray,
                                    env_,
                                    static_cast<const void*>(model.data()),
                                    model.size(),
                                    options_,
                                    &session_));
    PLUMB_RETURN_IF_ERROR(
        api_.Call(OrtSlot::kCreateCpuMemoryInfo, kArenaAllocator, kDefaultMemory, &memory_));
    for (size_t i = 0; i < inputs_.size(); ++i) {
      Input& input = inputs_[i];
      PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kCreateTensorWithDataAsOrtValue,
                                      memory_,
                                      static_cast<void*>(input.values.data()),
                                      input.values.size() * sizeof(float),
                                      input.shape.data(),
                                      input.shape.size(),
                                      kFloatElements,
                                      &values_[i]));
    }
    return OkStatus();
  }

  Status Run() {
    ReleaseOutputs();
    return api_.Call(OrtSlot::kRun,
                     session_,
                     static_cast<void*>(nullptr),
                     name_pointers_.data(),
                     values_.data(),
                     values_.size(),
                     name_pointers_.data() + inputs_.size(),
                     outputs_.size(),
                     outputs_.data());
  }

  [[nodiscard]] Result<std::vector<float>> Output(size_t index) const {
    void* info = nullptr;
    PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kGetTensorTypeAndShape, outputs_.at(index), &info));
    size_t count = 0;
    const Status counted = api_.Call(OrtSlot::kGetTensorShapeElementCount, info, &count);
    api_.Release(OrtSlot::kReleaseTensorTypeAndShapeInfo, info);
    PLUMB_RETURN_IF_ERROR(counted);
    float* data = nullptr;
    PLUMB_RETURN_IF_ERROR(api_.Call(OrtSlot::kGetTensorMutableData, outputs_.at(index), &data));
    return std::vector<float>(data, data + count);
  }

 private:
  void ReleaseOutputs() {
    for (void*& value : outputs_) {
      api_.Release(OrtSlot::kReleaseValue, value);
      value = nullptr;
    }
  }

  OrtApi api_;
  std::vector<Input> inputs_;
  std::vector<std::string> names_;
  std::vector<const char*> name_pointers_;
  std::vector<void*> values_;
  std::vector<void*> outputs_;
  void* env_ = nullptr;
  void* options_ = nullptr;
  void* session_ = nullptr;
  void* memory_ = nullptr;
};

OnnxSession::OnnxSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

OnnxSession::~OnnxSession() = default;

Result<std::unique_ptr<OnnxSession>> OnnxSession::Create(const std::string& library,
                                                         const std::string& model,
                                                         std::vector<Input> inputs,
                                                         size_t outputs) {
  PLUMB_ASSIGN_OR_RETURN(OrtApi api, OrtApi::Load(library));
  if (api.version() != kVersion) {
    return FailedPreconditionError(library + " is not ONNX Runtime " + std::string(kVersion));
  }
  auto impl = std::make_unique<Impl>(std::move(api), std::move(inputs), outputs);
  PLUMB_RETURN_IF_ERROR(impl->Open(model));
  return std::unique_ptr<OnnxSession>(new OnnxSession(std::move(impl)));
}

Status OnnxSession::Run() {
  return impl_->Run();
}

Result<std::vector<float>> OnnxSession::Output(size_t index) const {
  return impl_->Output(index);
}

}  // namespace plumb::bench
