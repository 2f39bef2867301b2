#include "tests/conformance/runner_conformance/subject.h"

#include <utility>

#include <gtest/gtest.h>

#include "common/archive/recorded_runner.h"
#include "common/archive/recording.h"
#include "common/ring/process_runner.h"
#include "tests/support/program.h"

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
      family,
      [family](const RunSpec&, const std::filesystem::path&) { return MakeVirtualBoard(family); },
      true};
}

Subject Simulator(const std::string& name, Family family) {
  return {name,
          family,
          [](const RunSpec&, const std::filesystem::path&) { return MakeSimulator(); },
          true};
}

}  // namespace

std::vector<Subject> AllSubjects() {
  return {Simulator("SimulatorS3", Family::kS3),
          Simulator("Simulator1x", Family::k1x),
          VirtualBoard("VirtualBoardS3", Family::kS3),
          VirtualBoard("VirtualBoardQ", Family::kQ),
          VirtualBoard("VirtualBoard1x", Family::k1x),
          {"Recording", Family::kQ, MakeRecording, false}};
}

}  // namespace plumb::test
