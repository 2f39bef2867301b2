#include "tests/bench/kernels/onnx_runtime.h"

#include <dlfcn.h>

#include <cstdint>
#include <string_view>
#include <utility>

namespace plumb::bench {
namespace {

constexpr uint32_t kApiVersion = 17;
constexpr std::string_view kVersion = "1.17.0";

// The C interface is a table of functions that is only ever appended to; these are the places, from
// its start, of those used here (onnxruntime_c_api.h).
enum class Slot : uint8_t {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSessionFromArray = 8,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetSessionGraphOptimizationLevel = 23,
  kSetIntraOpNumThreads = 24,
  kSetInterOpNumThreads = 25,
  kCreateTensorWithDataAsOrtValue = 49,
  kGetTensorMutableData = 51,
  kGetTensorShapeElementCount = 64,
  kGetTensorTypeAndShape = 65,
  kCreateCpuMemoryInfo = 69,
  kReleaseEnv = 92,
  kReleaseStatus = 93,
  kReleaseMemoryInfo = 94,
  kReleaseSession = 95,
  kReleaseValue = 96,
  kReleaseTensorTypeAndShapeInfo = 99,
  kReleaseSessionOptions = 100,
  kAddSessionConfigEntry = 130,
};

constexpr int kLogErrors = 3;
constexpr int kOptimizeAll = 99;
constexpr int kArenaAllocator = 1;
constexpr int kDefaultMemory = 0;
constexpr int kFloatElements = 1;

struct ApiBase {
  const void* const* (*get_api)(uint32_t version);
  const char* (*get_version)();
};

// The table, and calls through it. Handles of the runtime are void* throughout.
class Api {
 public:
  static Result<Api> Load(const std::string& library) {
    void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      return NotFoundError(std::string("ONNX Runtime cannot be loaded: ") + ::dlerror())
          .WithHint("fetch it with tools/fetch-onnxruntime");
    }
    const auto get_base = reinterpret_cast<const ApiBase* (*)()>(::dlsym(handle, "OrtGetApiBase"));
    if (get_base == nullptr || get_base()->get_version() != kVersion) {
      return FailedPreconditionError(library + " is not ONNX Runtime " + std::string(kVersion));
    }
    const void* const* table = get_base()->get_api(kApiVersion);
    if (table == nullptr) {
      return FailedPreconditionError(library + " lacks the interface of version 17");
    }
    return Api(table);
  }

  // A function that returns its error.
  template <class... Arguments>
  [[nodiscard]] Status Call(Slot slot, Arguments... arguments) const {
    void* error = Function<void*, Arguments...>(slot)(arguments...);
    if (error == nullptr) {
      return OkStatus();
    }
    const char* message = Function<const char*, void*>(Slot::kGetErrorMessage)(error);
    Status status = InternalError(std::string("ONNX Runtime: ") + message);
    Release(Slot::kReleaseStatus, error);
    return status;
  }

  void Release(Slot slot, void* handle) const {
    if (handle != nullptr) {
      Function<void, void*>(slot)(handle);
    }
  }

 private:
  explicit Api(const void* const* table) : table_(table) {}

  template <class Return, class... Arguments>
  using FunctionPointer = Return (*)(Arguments...);

  template <class Return, class... Arguments>
  FunctionPointer<Return, Arguments...> Function(Slot slot) const {
    return reinterpret_cast<FunctionPointer<Return, Arguments...>>(
        const_cast<void*>(table_[static_cast<size_t>(slot)]));
  }

  const void* const* table_;
};

}  // namespace

class OnnxSession::Impl {
 public:
  Impl(Api api, std::vector<Input> inputs, size_t outputs)
      : api_(api),
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
      api_.Release(Slot::kReleaseValue, value);
    }
    api_.Release(Slot::kReleaseMemoryInfo, memory_);
    api_.Release(Slot::kReleaseSession, session_);
    api_.Release(Slot::kReleaseSessionOptions, options_);
    api_.Release(Slot::kReleaseEnv, env_);
  }

  Status Open(const std::string& model) {
    PLUMB_RETURN_IF_ERROR(api_.Call(Slot::kCreateEnv, kLogErrors, "plumb", &env_));
    PLUMB_RETURN_IF_ERROR(api_.Call(Slot::kCreateSessionOptions, &options_));
    PLUMB_RETURN_IF_ERROR(api_.Call(Slot::kSetIntraOpNumThreads, options_, 1));
    PLUMB_RETURN_IF_ERROR(api_.Call(Slot::kSetInterOpNumThreads, options_, 1));
    PLUMB_RETURN_IF_ERROR(
        api_.Call(Slot::kSetSessionGraphOptimizationLevel, options_, kOptimizeAll));
    PLUMB_RETURN_IF_ERROR(
        api_.Call(Slot::kAddSessionConfigEntry, options_, "session.intra_op.allow_spinning", "0"));
    PLUMB_RETURN_IF_ERROR(api_.Call(Slot::kCreateSessionFromArray,
                                    env_,
                                    static_cast<const void*>(model.data()),
                                    model.size(),
                                    options_,
                                    &session_));
    PLUMB_RETURN_IF_ERROR(
        api_.Call(Slot::kCreateCpuMemoryInfo, kArenaAllocator, kDefaultMemory, &memory_));
    for (size_t i = 0; i < inputs_.size(); ++i) {
      Input& input = inputs_[i];
      PLUMB_RETURN_IF_ERROR(api_.Call(Slot::kCreateTensorWithDataAsOrtValue,
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
    return api_.Call(Slot::kRun,
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
    PLUMB_RETURN_IF_ERROR(api_.Call(Slot::kGetTensorTypeAndShape, outputs_.at(index), &info));
    size_t count = 0;
    const Status counted = api_.Call(Slot::kGetTensorShapeElementCount, info, &count);
    api_.Release(Slot::kReleaseTensorTypeAndShapeInfo, info);
    PLUMB_RETURN_IF_ERROR(counted);
    float* data = nullptr;
    PLUMB_RETURN_IF_ERROR(api_.Call(Slot::kGetTensorMutableData, outputs_.at(index), &data));
    return std::vector<float>(data, data + count);
  }

 private:
  void ReleaseOutputs() {
    for (void*& value : outputs_) {
      api_.Release(Slot::kReleaseValue, value);
      value = nullptr;
    }
  }

  Api api_;
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
  PLUMB_ASSIGN_OR_RETURN(const Api api, Api::Load(library));
  auto impl = std::make_unique<Impl>(api, std::move(inputs), outputs);
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
