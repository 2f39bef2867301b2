#include "common/framework/ort_api.h"

#include <dlfcn.h>

#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::framework {
namespace {

constexpr uint32_t kApiVersion = 17;

struct ApiBase {
  const void* const* (*get_api)(uint32_t version);
  const char* (*get_version)();
};

Status Unavailable(const std::filesystem::path& library, const std::string& what) {
  return FailedPreconditionError("'" + EscapeForDisplay(library.string()) + "' " + what)
      .WithReason(kReasonRuntimeUnavailable)
      .WithHint("fetch ONNX Runtime with: tools/install-deps --frameworks");
}

}  // namespace

Result<OrtApi> OrtApi::Load(const std::filesystem::path& library) {
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = ::dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
    return Unavailable(
        library, "cannot be loaded: " + EscapeForDisplay(reason == nullptr ? "no reason" : reason));
  }
  const auto get_base = reinterpret_cast<const ApiBase* (*)()>(::dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr) {
    return Unavailable(library, "is not ONNX Runtime: it exports no OrtGetApiBase");
  }
  std::string version = get_base()->get_version();
  const void* const* table = get_base()->get_api(kApiVersion);
  if (table == nullptr) {
    return Unavailable(library, "is ONNX Runtime " + version + "; 1.17 or later is needed");
  }
  return OrtApi(table, std::move(version));
}

Status OrtApi::ToStatus(void* error) const {
  if (error == nullptr) {
    return OkStatus();
  }
  const char* message = Function<const char*, void*>(OrtSlot::kGetErrorMessage)(error);
  Status status = InternalError("ONNX Runtime: " + EscapeForDisplay(message));
  Release(OrtSlot::kReleaseStatus, error);
  return status;
}

}  // namespace plumb::framework
