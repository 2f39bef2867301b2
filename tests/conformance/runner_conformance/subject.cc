#include "tests/conformance/runner_conformance/subject.h"

#include <cstdio>
#include <utility>

#include <gtest/gtest.h>

#include "common/archive/recorded_runner.h"
#include "common/archive/recording.h"
#include "common/framework/engines.h"
#include "common/ring/process_runner.h"
#include "server/simulator/external/command_simulator.h"
#include "server/simulator/external/external_runner.h"
#include "server/simulator/external/sgs_simulator.h"
#include "server/simulator/networks/networks.h"
#include "tests/support/program.h"
#include "tests/support/sgs_sdk.h"

namespace plumb::test {
namespace {

const std::string kBin = std::string(PLUMB_BINARY_DIR) + "/bin/";

std::unique_ptr<Runner> MakeSimulator() {
  ProcessRunnerOptions options;
  options.name = "builtin";
  options.argv = ProgramArgv(kBin + "plumb-simulator");
  return std::make_unique<ProcessRunner>(std::move(options));
}

std::unique_ptr<Runner> MakeVirtualBoard(Family family) {
  ProcessRunnerOptions options;
  options.name = "virtual board";
  options.argv = ProgramArgv(kBin + "plumb-runner");
  options.argv.insert(
      options.argv.end(),
      {"--mi-library", std::string(PLUMB_BINARY_DIR) + "/lib/libmi_ipu_virtual.so"});
  options.extra_environment = {{"PLUMB_VIRTUAL_FAMILY", std::string(FamilyName(family))},
                               {"PLUMB_VIRTUAL_FAULT", ""}};
  return std::make_unique<ProcessRunner>(std::move(options));
}

// What the simulator does, recorded and opened again.
std::unique_ptr<Runner> MakeRecording(const RunSpec& spec, const std::filesystem::path& scratch) {
  archive::RecordingIdentity identity;
  identity.source = "builtin";
  auto writer = archive::RecordingWriter::Create(scratch / "leg", identity);
  EXPECT_TRUE(writer.ok()) << writer.status().ToString();
  const Status status = MakeSimulator()->Run(spec, **writer, CancelToken());
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_TRUE((*writer)->Finish().ok());
  auto recorded = archive::RecordedRunner::Open(scratch / "leg");
  EXPECT_TRUE(recorded.ok()) << recorded.status().ToString();
  return std::move(*recorded);
}

Subject VirtualBoard(const std::string& name, Family family) {
  return {
      name,
      OfflineProblem(family),
      [family](const RunSpec&, const std::filesystem::path&) { return MakeVirtualBoard(family); },
      true};
}

Subject Simulator(const std::string& name, Family family) {
  return {name,
          OfflineProblem(family),
          [](const RunSpec&, const std::filesystem::path&) { return MakeSimulator(); },
          true};
}

server::SgsOptions StandInOptions() {
  static const StandInSdk sdk;
  server::SgsOptions options;
  options.sdk = sdk.path();
  options.python = kStandInPython;
  return options;
}

// The vendor's SDK through its Python classes; here the stand-in.
std::unique_ptr<Runner> MakeSgs() {
  return std::make_unique<server::ExternalRunner>(
      server::ExternalRunnerOptions{"sgs", ""},
      std::make_shared<server::SgsSimulator>(StandInOptions(), server::kExternalTimeLimit));
}

// Any command: the same bridge, started as a lab would write it.
std::unique_ptr<Runner> MakeCommand() {
  const std::string sdk = StandInOptions().sdk.string();
  server::CommandOptions options;
  options.command = "bash -c '. \"$0\"/cfg_env.sh >&2; exec \"$@\"' '" + sdk + "' " +
                    kStandInPython + " '" + std::string(PLUMB_BINARY_DIR) +
                    "/share/plumb/plumb_sgs_bridge.py' --sdk '" + sdk +
                    "' --model {model} --result {result} {inputs}";
  auto computation = server::MakeCommandComputation(options, server::kExternalTimeLimit);
  EXPECT_TRUE(computation.ok()) << computation.status().ToString();
  return std::make_unique<server::ExternalRunner>(server::ExternalRunnerOptions{"command", ""},
                                                  *computation);
}

Subject External(const std::string& name,
                 Family family,
                 const std::function<std::unique_ptr<Runner>()>& make) {
  return {name,
          OfflineProblem(family),
          [make](const RunSpec&, const std::filesystem::path&) { return make(); },
          true};
}

// The stage `float` for each format, and the stage `framework` where its engine is here. (The stage
// `fixed` is the built-in simulator.)
void AddNetworks(std::vector<Subject>& subjects) {
  for (const auto& [name, format] : {std::pair("Tflite", npu::NetworkFormat::kTflite),
                                     std::pair("Onnx", npu::NetworkFormat::kOnnx),
                                     std::pair("Caffe", npu::NetworkFormat::kCaffe)}) {
    const auto make_float = [](const RunSpec&, const std::filesystem::path&) {
      return server::MakeFloatRunner({});
    };
    const auto make_framework = [](const RunSpec&, const std::filesystem::path&) {
      return server::MakeFrameworkRunner({});
    };
    const framework::EngineState engine = framework::ExamineEngine(format);
    const std::string lacks =
        engine.usable ? std::string() : engine.detail + "; run " + engine.mend;
    subjects.push_back({std::string("Float") + name, NetworkProblem(format), make_float, true, ""});
    subjects.push_back(
        {std::string("Framework") + name, NetworkProblem(format), make_framework, true, lacks});
  }
}

}  // namespace

std::vector<Subject> AllSubjects() {
  std::vector<Subject> subjects = {Simulator("SimulatorS3", Family::kS3),
                                   Simulator("Simulator1x", Family::k1x),
                                   VirtualBoard("VirtualBoardS3", Family::kS3),
                                   VirtualBoard("VirtualBoardQ", Family::kQ),
                                   VirtualBoard("VirtualBoard1x", Family::k1x),
                                   {"Recording", OfflineProblem(Family::kQ), MakeRecording, false}};
  const std::string why = WhyNoStandInSdk();
  if (why.empty()) {
    subjects.push_back(External("SgsPythonS6", Family::kS6, MakeSgs));
    subjects.push_back(External("SgsPython1x", Family::k1x, MakeSgs));
    subjects.push_back(External("CommandQ", Family::kQ, MakeCommand));
  } else {
    std::fprintf(stderr, "%s\n", why.c_str());
  }
  AddNetworks(subjects);
  return subjects;
}

}  // namespace plumb::test
