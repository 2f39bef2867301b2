// plumb-runner over the virtual IPU, driven as the agent drives it.
#pragma once

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/ring/process_runner.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/program.h"
#include "tests/support/small_model.h"

namespace plumb::test {

inline const std::string kRunner = std::string(PLUMB_BINARY_DIR) + "/bin/plumb-runner";
inline const std::string kVirtualIpu = std::string(PLUMB_BINARY_DIR) + "/lib/libmi_ipu_virtual.so";

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() : folder_(TempFolder::Create("runner").value()) {
    options_.name = "board";
    UseLibrary(kVirtualIpu);
    Use({}, SmallPicture());
  }

  std::filesystem::path Write(const std::string& name, std::span<const uint8_t> bytes) {
    const auto path = folder_.path() / name;
    EXPECT_TRUE(WriteFileAtomically(path, bytes).ok());
    return path;
  }

  // The board is of the model's family.
  void Use(const SmallModelOptions& model, const std::vector<uint8_t>& input) {
    spec_.model.path = Write("model.img", SmallModelFile(model));
    spec_.inputs.clear();
    spec_.inputs.emplace_back().path = Write("input.bin", input);
    SetFamily(model.family);
  }

  void SetFamily(Family family) {
    options_.extra_environment["PLUMB_VIRTUAL_FAMILY"] = FamilyName(family);
  }

  void UseLibrary(const std::string& library) {
    options_.argv = ProgramArgv(kRunner);
    options_.argv.insert(options_.argv.end(), {"--mi-library", library});
  }

  void SetFault(const std::string& fault) {
    options_.extra_environment["PLUMB_VIRTUAL_FAULT"] = fault;
  }

  Status Run() {
    const Status status = ProcessRunner(options_).Run(spec_, sink_, cancel_);
    EXPECT_THAT(sink_.complaints, testing::IsEmpty());
    return status;
  }

  void RunWell() {
    const Status status = Run();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  TempFolder folder_;
  ProcessRunnerOptions options_;
  RunSpec spec_;
  CollectingSink sink_;
  CancelToken cancel_;
  const SmallAnswer answer_ = SolveSmallModel(SmallPicture());
};

}  // namespace plumb::test
