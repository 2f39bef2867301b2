#include "server/simulator/external/sdk_environment.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/runner/failure.h"
#include "server/simulator/external/child_job.h"

namespace plumb::server {
namespace {

constexpr std::chrono::seconds kTimeLimit{20};
constexpr uint64_t kMaxEnvironment = uint64_t{1} << 20;

// Paths arrive as arguments, so that nothing in them is ever shell text.
constexpr const char* kScript =
    R"(env -0 >"$1" || exit 9
cd "$3" || exit 9
. ./cfg_env.sh
env -0 >"$2" || exit 9)";

// Of the shell itself, not of the script.
bool IsShells(const std::string& name) {
  constexpr std::array<std::string_view, 5> kNames = {"_", "PWD", "OLDPWD", "SHLVL", "BASH_ENV"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

Result<Environment> ReadEnvironment(const std::filesystem::path& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path, kMaxEnvironment));
  Environment environment;
  for (const std::string& entry : Split(bytes.view(), '\0')) {
    const size_t equals = entry.find('=');
    if (equals != std::string::npos && IsName(std::string_view(entry).substr(0, equals))) {
      environment[entry.substr(0, equals)] = entry.substr(equals + 1);
    }
  }
  return environment;
}

}  // namespace

Result<Environment> SourceSdkEnvironment(const SgsSdk& sdk, const CancelToken& cancel) {
  if (sdk.cfg_env.empty()) {
    return Environment();
  }
  PLUMB_ASSIGN_OR_RETURN(const TempFolder folder, TempFolder::Create("plumb-cfg-env-"));
  const auto before_path = folder.path() / "before";
  const auto after_path = folder.path() / "after";
  ChildJob job;
  job.name = "cfg_env.sh of the SDK";
  job.argv = {"bash",
              "--noprofile",
              "--norc",
              "-c",
              kScript,
              "plumb",
              before_path.string(),
              after_path.string(),
              sdk.folder.string()};
  job.environment = {{"BASH_ENV", ""}};
  job.time_limit = kTimeLimit;
  PLUMB_ASSIGN_OR_RETURN(const ChildEnd end, RunChild(job, cancel));
  if (!end.exit.clean()) {
    return ChildFailure(job, end);
  }
  PLUMB_ASSIGN_OR_RETURN(const Environment before, ReadEnvironment(before_path));
  const auto after = ReadEnvironment(after_path);
  if (!after.ok()) {
    return AbortedError(job.name + " ended the shell that read it" + LastWords(end.words))
        .WithReason(kReasonSimulatorCrashed)
        .WithHint("source it by hand in bash and mend what it complains about");
  }
  Environment changed;
  for (const auto& [name, value] : *after) {
    const auto old = before.find(name);
    if (!IsShells(name) && (old == before.end() || old->second != value)) {
      changed[name] = value;
    }
  }
  return changed;
}

Result<std::string> FindPython(const std::string& program, const Environment& environment) {
  if (program.find('/') != std::string::npos) {
    if (::access(program.c_str(), X_OK) == 0) {
      return std::filesystem::absolute(program).string();
    }
  } else {
    const auto set = environment.find("PATH");
    // Nothing in this program changes its environment.
    const char* own = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
    const std::string path =
        set != environment.end() ? set->second : (own == nullptr ? "/usr/bin:/bin" : own);
    for (const std::string& folder : Split(path, ':')) {
      const std::string candidate = (std::filesystem::path(folder) / program).string();
      if (folder.starts_with('/') && ::access(candidate.c_str(), X_OK) == 0) {
        return candidate;
      }
    }
  }
  return NotFoundError("there is no Python '" + EscapeForDisplay(program) + "'")
      .WithReason(kReasonSimulatorPython)
      .WithHint("name the interpreter that the SDK needs, mostly Python 3.7: --sdk-python PROGRAM");
}

}  // namespace plumb::server
