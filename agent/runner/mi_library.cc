#include "agent/runner/mi_library.h"

#include <dlfcn.h>

namespace plumb {
namespace mi {
namespace {

// What libmi_ipu needs without saying so (some have no DT_NEEDED), in the order known to work.
const char* const kHelpers[] = {
    "libgcc_s.so.1", "libmi_common.so", "libcam_os_wrapper.so", "libcam_fs_wrapper.so"};

}  // namespace

bool Library::OpenOne(const std::string& file) {
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) {
    const char* error = ::dlerror();  // NOLINT(concurrency-mt-unsafe): one thread
    last_error_ = error == nullptr ? file + " cannot be opened" : error;
    return false;
  }
  handles_.push_back(handle);
  path_ = file;
  return true;
}

bool Library::OpenNamed(const std::string& file) {
  if (OpenOne(file)) {
    return true;
  }
  // Perhaps it only lacks what the vendor's programs load before it.
  const std::string first_error = last_error_;
  for (const char* helper : kHelpers) {
    OpenOne(helper);
  }
  OpenOne("libmi_sys.so");
  if (OpenOne(file)) {
    return true;
  }
  last_error_ = first_error;
  return false;
}

bool Library::OpenVendors() {
  for (const char* helper : kHelpers) {
    OpenOne(helper);  // not every SDK has each of them
  }
  return OpenOne("libmi_sys.so") && OpenOne("libmi_ipu.so");
}

void* Library::Find(const char* symbol) const {
  for (size_t i = handles_.size(); i > 0; --i) {
    void* found = ::dlsym(handles_[i - 1], symbol);
    if (found != nullptr) {
      return found;
    }
  }
  return nullptr;
}

ring::Outcome Library::Lacks(const std::string& missing) const {
  return ring::Failure(ring::ErrorKind::kRuntimeUnavailable,
                       "'" + path_ + "' does not export " + missing,
                       "name the SDK's libmi_ipu.so with --mi-library");
}

ring::Outcome Library::DecideGeneration(const std::string& abi) {
  const bool is_c = Find("MI_IPU_Invoke2") != nullptr;
  const bool is_0 = Find("MI_IPU_GetOfflineModeStaticInfo") == nullptr;
  const Generation exported = is_c ? Generation::kC : is_0 ? Generation::k0 : Generation::kB61;
  generation_ = exported;
  if (abi.empty()) {
    return {};
  }
  if (!ParseGeneration(abi, &generation_)) {
    return ring::Failure(ring::ErrorKind::kUsage,
                         "--abi " + abi + " is not a generation",
                         "write gen0, gen-b13, gen-b61 or gen-c");
  }
  // Both layouts of B export the same functions.
  const bool agree =
      generation_ == exported || (generation_ == Generation::kB13 && exported == Generation::kB61);
  if (!agree) {
    return ring::Failure(ring::ErrorKind::kRuntimeUnavailable,
                         "--abi " + abi + " was asked for, but '" + path_ +
                             "' exports the functions of " + GenerationName(exported),
                         "leave --abi away, or name the library of the other generation");
  }
  return {};
}

ring::Outcome Library::Open(const LibraryOptions& options) {
  const bool opened = options.mi_library.empty() ? OpenVendors() : OpenNamed(options.mi_library);
  if (!opened) {
    return ring::Failure(ring::ErrorKind::kRuntimeUnavailable,
                         "the MI libraries cannot be opened: " + last_error_,
                         "set LD_LIBRARY_PATH to the folder of the SDK's libraries, or name one "
                         "with --mi-library");
  }
  if (Find("MI_IPU_CreateDevice") == nullptr) {
    return Lacks("MI_IPU_CreateDevice");
  }
  ring::Outcome decided = DecideGeneration(options.abi);
  mi_sys_ = options.mi_sys != 0 ? options.mi_sys : generation_ == Generation::kC ? 3 : 1;
  return decided;
}

}  // namespace mi
}  // namespace plumb
