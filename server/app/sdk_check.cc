#include <utility>

#include "common/base/file.h"
#include "server/app/simulators.h"
#include "server/simulator/external/child_job.h"
#include "server/simulator/external/sdk.h"
#include "server/simulator/external/sdk_environment.h"
#include "server/simulator/external/sgs_python.h"

namespace plumb::server {
namespace {

using State = SdkFinding::State;

constexpr std::chrono::seconds kPythonLimit{60};

SdkFinding Part(const std::string& what,
                const std::filesystem::path& path,
                State otherwise,
                const std::string& lack,
                const std::string& mend) {
  return path.empty() ? SdkFinding{what, otherwise, lack, mend}
                      : SdkFinding{what, State::kGood, path.string(), ""};
}

std::string SecondHalf(const Status& status) {
  return status.hint().empty() ? "see docs/simulators.md" : status.hint();
}

// Loads what a run would load, in the environment of a run.
SdkFinding TryPython(const SgsSdk& sdk, const SgsOptions& options) {
  const std::string what = "SDK Python";
  const CancelToken cancel;
  const auto environment = SourceSdkEnvironment(sdk, cancel);
  if (!environment.ok()) {
    return {"SDK cfg_env.sh",
            State::kMissing,
            environment.status().message(),
            SecondHalf(environment.status())};
  }
  const auto python = FindPython(options.python.empty() ? "python3" : options.python, *environment);
  const auto folder = TempFolder::Create("plumb-doctor-");
  if (!python.ok() || !folder.ok()) {
    const Status status = python.ok() ? folder.status() : python.status();
    return {what, State::kMissing, status.message(), SecondHalf(status)};
  }
  const std::string classes =
      sdk.python_classes.empty() ? "" : "sys.path.append(sys.argv[1]); import calibrator_custom; ";
  ChildJob job;
  job.name = *python;
  job.argv = {*python,
              "-c",
              "import sys, numpy; " + classes +
                  "print('plumb-python', '.'.join(map(str, sys.version_info[:3])))",
              (sdk.folder / "Scripts").string()};
  job.environment = *environment;
  job.working_folder = folder->path();
  job.time_limit = kPythonLimit;
  const auto end = RunChild(job, cancel);
  if (!end.ok() || !end->exit.clean()) {
    const Status status = end.ok() ? ChildFailure(job, *end) : end.status();
    return {what, State::kMissing, status.message(), SecondHalf(status)};
  }
  const size_t said = end->words.rfind("plumb-python ");
  const std::string version =
      said == std::string::npos ? "" : end->words.substr(said + 13, end->words.size() - said - 14);
  return {what,
          State::kGood,
          *python + " (" + version + ") loads numpy" +
              (classes.empty() ? "" : " and calibrator_custom"),
          ""};
}

}  // namespace

std::vector<SdkFinding> ExamineSdk(const SgsOptions& options) {
  const auto sdk = FindSdk(options.sdk);
  if (!sdk.ok()) {
    const State state = options.sdk.empty() ? State::kNote : State::kMissing;
    return {{"vendor's SDK", state, sdk.status().message(), SecondHalf(sdk.status())}};
  }
  std::vector<SdkFinding> findings = {{"vendor's SDK", State::kGood, sdk->folder.string(), ""}};
  findings.push_back(Part("SDK cfg_env.sh",
                          sdk->cfg_env,
                          State::kNote,
                          "not there: the SDK runs in this shell's environment",
                          "unpack the SDK again, or set LD_LIBRARY_PATH and PYTHONPATH yourself"));
  findings.push_back(Part("SDK simulator.py",
                          sdk->simulator,
                          State::kNote,
                          "not there: pictures cannot be run (--sdk-image)",
                          "unpack the SDK again"));
  findings.push_back(Part("SDK Python classes",
                          sdk->python_classes,
                          State::kNote,
                          "no Scripts/calibrator_custom: only text, within six decimals",
                          "use an SDK that has it where results must be bit-exact"));
  findings.push_back(TryPython(*sdk, options));
  const auto bridge = FindBridge();
  if (!bridge.ok()) {
    findings.push_back(
        {"SDK bridge", State::kMissing, bridge.status().message(), bridge.status().hint()});
  }
  return findings;
}

}  // namespace plumb::server
