// The C interface of ONNX Runtime, through the table of functions its library hands out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "common/base/status.h"

namespace plumb::framework {

// Places in the table, which is only ever appended to (onnxruntime_c_api.h, version 17).
enum class OrtSlot : uint8_t {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSessionFromArray = 8,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetSessionGraphOptimizationLevel = 23,
  kSetIntraOpNumThreads = 24,
  kSetInterOpNumThreads = 25,
  kSessionGetInputCount = 30,
  kSessionGetOutputCount = 31,
  kSessionGetInputTypeInfo = 33,
  kSessionGetOutputTypeInfo = 34,
  kSessionGetInputName = 36,
  kSessionGetOutputName = 37,
  kCreateRunOptions = 39,
  kRunOptionsSetTerminate = 46,
  kCreateTensorWithDataAsOrtValue = 49,
  kIsTensor = 50,
  kGetTensorMutableData = 51,
  kCastTypeInfoToTensorInfo = 55,
  kGetTensorElementType = 60,
  kGetDimensionsCount = 61,
  kGetDimensions = 62,
  kGetTensorShapeElementCount = 64,
  kGetTensorTypeAndShape = 65,
  kCreateCpuMemoryInfo = 69,
  kAllocatorFree = 76,
  kGetAllocatorWithDefaultOptions = 78,
  kReleaseEnv = 92,
  kReleaseStatus = 93,
  kReleaseMemoryInfo = 94,
  kReleaseSession = 95,
  kReleaseValue = 96,
  kReleaseRunOptions = 97,
  kReleaseTypeInfo = 98,
  kReleaseTensorTypeAndShapeInfo = 99,
  kReleaseSessionOptions = 100,
  kAddSessionConfigEntry = 130,
};

// The table, and calls through it; cheap to copy. Handles of the runtime are void* throughout. The
// caller is answerable for the arguments' types: the table has none.
class OrtApi {
 public:
  // Loads `library` (libonnxruntime.so of version 1.17 or later) for the rest of the process.
  // kFailedPrecondition, runtime_unavailable when it cannot be loaded or is something else.
  static Result<OrtApi> Load(const std::filesystem::path& library);

  // "1.17.0"
  [[nodiscard]] const std::string& version() const { return version_; }

  // A function that returns its error: kInternal with the runtime's words.
  template <class... Arguments>
  [[nodiscard]] Status Call(OrtSlot slot, Arguments... arguments) const {
    return ToStatus(Function<void*, Arguments...>(slot)(arguments...));
  }

  // A function that returns nothing and frees `handle`, which may be null.
  void Release(OrtSlot slot, void* handle) const {
    if (handle != nullptr) {
      Function<void, void*>(slot)(handle);
    }
  }

 private:
  OrtApi(const void* const* table, std::string version)
      : table_(table),
        version_(std::move(version)) {}

  template <class Return, class... Arguments>
  using FunctionPointer = Return (*)(Arguments...);

  template <class Return, class... Arguments>
  FunctionPointer<Return, Arguments...> Function(OrtSlot slot) const {
    return reinterpret_cast<FunctionPointer<Return, Arguments...>>(
        const_cast<void*>(table_[static_cast<size_t>(slot)]));
  }

  [[nodiscard]] Status ToStatus(void* error) const;

  const void* const* table_;
  std::string version_;
};

// A handle and what frees it. Movable; the api is copied.
class OrtHandle {
 public:
  OrtHandle(OrtApi api, OrtSlot release) : api_(std::move(api)), release_(release) {}

  OrtHandle(OrtHandle&& other) noexcept
      : api_(std::move(other.api_)),
        release_(other.release_),
        handle_(std::exchange(other.handle_, nullptr)) {}

  OrtHandle& operator=(OrtHandle&&) = delete;
  OrtHandle(const OrtHandle&) = delete;
  OrtHandle& operator=(const OrtHandle&) = delete;

  ~OrtHandle() { api_.Release(release_, handle_); }

  [[nodiscard]] void* get() const { return handle_; }

  // Where a function of the runtime writes the new handle; it must be empty.
  [[nodiscard]] void** slot() { return &handle_; }

 private:
  OrtApi api_;
  OrtSlot release_;
  void* handle_ = nullptr;
};

}  // namespace plumb::framework
