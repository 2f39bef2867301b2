#include "server/simulator/external/sdk.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxEntries = 4096;

fs::path IfThere(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error) ? path : fs::path();
}

std::string Variable(const char* name) {
  // Nothing in this program changes its environment.
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

// Versions are part of the folder's name: the last by name first.
void AddSdkFolders(const fs::path& parent, std::vector<fs::path>* places) {
  std::error_code error;
  std::vector<fs::path> found;
  fs::directory_iterator entries(parent, error);
  for (size_t i = 0; !error && entries != fs::directory_iterator() && i < kMaxEntries; ++i) {
    const fs::path& path = entries->path();
    std::error_code ignored;
    if (path.filename().string().starts_with("SGS_IPU_SDK") && fs::is_directory(path, ignored)) {
      found.push_back(path);
    }
    entries.increment(error);
  }
  std::sort(found.rbegin(), found.rend());
  places->insert(places->end(), found.begin(), found.end());
}

bool IsSdk(const SgsSdk& sdk) {
  return !sdk.simulator.empty() || !sdk.python_classes.empty();
}

}  // namespace

SgsSdk LookAtSdk(const fs::path& folder) {
  std::error_code error;
  const fs::path absolute = fs::absolute(folder, error);
  SgsSdk sdk;
  sdk.folder = error ? folder : absolute;
  sdk.cfg_env = IfThere(sdk.folder / "cfg_env.sh");
  sdk.simulator = IfThere(sdk.folder / "Scripts" / "calibrator" / "simulator.py");
  for (const char* place : {"Scripts/calibrator_custom", "Scripts/calibrator_custom.py"}) {
    sdk.python_classes =
        sdk.python_classes.empty() ? IfThere(sdk.folder / place) : sdk.python_classes;
  }
  return sdk;
}

std::vector<fs::path> UsualSdkPlaces() {
  std::vector<fs::path> places;
  for (const char* name : {"PLUMB_SGS_SDK", "SGS_IPU_DIR"}) {
    if (const std::string value = Variable(name); !value.empty()) {
      places.emplace_back(value);
    }
  }
  std::error_code error;
  AddSdkFolders(fs::current_path(error), &places);
  if (const std::string home = Variable("HOME"); !home.empty()) {
    AddSdkFolders(home, &places);
  }
  AddSdkFolders("/opt", &places);
  AddSdkFolders("/usr/local", &places);
  return places;
}

Result<SgsSdk> FindSdk(const fs::path& named) {
  constexpr std::string_view kHint =
      "name the folder that holds cfg_env.sh and Scripts/calibrator/simulator.py: --sdk DIR, or "
      "PLUMB_SGS_SDK=DIR";
  if (!named.empty()) {
    SgsSdk sdk = LookAtSdk(named);
    if (!IsSdk(sdk)) {
      return NotFoundError("'" + EscapeForDisplay(named.string()) +
                           "' holds no SDK: neither Scripts/calibrator/simulator.py nor "
                           "Scripts/calibrator_custom is there")
          .WithReason(kReasonSimulatorMissing)
          .WithHint(kHint);
    }
    return sdk;
  }
  for (const fs::path& place : UsualSdkPlaces()) {
    SgsSdk sdk = LookAtSdk(place);
    if (IsSdk(sdk)) {
      return sdk;
    }
  }
  return NotFoundError(
             "the vendor's SDK is not found: not in PLUMB_SGS_SDK, SGS_IPU_DIR, nor as "
             "SGS_IPU_SDK* in the working folder, the home folder, /opt or /usr/local")
      .WithReason(kReasonSimulatorMissing)
      .WithHint(kHint);
}

}  // namespace plumb::server
