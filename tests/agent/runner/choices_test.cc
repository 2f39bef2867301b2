// What a caller chooses: batches, core, priority, where the model comes from; what is told of it.
#include <algorithm>
#include <array>
#include <thread>

#include "common/runner/failure.h"
#include "tests/agent/runner/runner_fixture.h"

namespace plumb::test {
namespace {

using testing::HasSubstr;

class BatchRunTest : public RunnerTest, public testing::WithParamInterface<bool> {};

// The second picture upside down: other scores, so that mixed-up batches are seen.
TEST_P(BatchRunTest, EveryBatchHasItsOwnTensors) {
  SmallModelOptions model;
  model.batch = 2;
  model.one_buf = GetParam();
  Use(model, SmallPicture());
  std::vector<uint8_t> second = SmallPicture();
  std::reverse(second.begin(), second.end());
  spec_.inputs.emplace_back().path = Write("second.bin", second);
  spec_.repetitions = 2;
  RunWell();
  const SmallAnswer other = SolveSmallModel(second);
  ASSERT_EQ(sink_.model.inputs.size(), 2U);
  ASSERT_EQ(sink_.model.outputs.size(), 4U);
  EXPECT_EQ(sink_.model.inputs[1].name, "picture#2");
  EXPECT_EQ(sink_.model.outputs[2].name, "scores#2");
  EXPECT_EQ(sink_.Int16Values(0), answer_.scores);
  EXPECT_EQ(sink_.Int16Values(1), answer_.mean);
  EXPECT_EQ(sink_.Int16Values(2), other.scores);
  EXPECT_EQ(sink_.Int16Values(3), other.mean);
}

INSTANTIATE_TEST_SUITE_P(Modes, BatchRunTest, testing::Bool(), [](const auto& one) {
  return one.param ? std::string("OneBuf") : std::string("NBuf");
});

TEST_F(RunnerTest, SmallerBatchIsTakenWhereTheModelHasIt) {
  SmallModelOptions model;
  model.batch = 4;
  Use(model, SmallPicture());
  EXPECT_THAT(Run().message(), HasSubstr("4 inputs, but 1 were given"));
  options_.argv.insert(options_.argv.end(), {"--batch", "1"});
  RunWell();
  EXPECT_EQ(sink_.Int16Values(0), answer_.scores);
  options_.argv.back() = "3";
  EXPECT_THAT(Run().message(), HasSubstr("compiled for batch 1, 4, not 3"));
}

// Each process has a device of its own; none sees the others' buffers.
TEST_F(RunnerTest, SeveralProcessesRunAtOnce) {
  constexpr size_t kProcesses = 4;
  std::array<CollectingSink, kProcesses> sinks;
  std::array<Status, kProcesses> results;
  spec_.repetitions = 3;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kProcesses; ++i) {
    threads.emplace_back(
        [&, i] { results.at(i) = ProcessRunner(options_).Run(spec_, sinks.at(i), cancel_); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (size_t i = 0; i < kProcesses; ++i) {
    ASSERT_TRUE(results.at(i).ok()) << results.at(i).ToString();
    EXPECT_EQ(sinks.at(i).Int16Values(0), answer_.scores);
  }
}

// 18 bytes of picture in 64; 60 and 10 bytes of outputs in 64 each.
TEST_F(RunnerTest, ChipTellsWhatAnInvokeCosts) {
  RunWell();
  ASSERT_TRUE(sink_.invokes.at(0).ipu);
  EXPECT_EQ(sink_.invokes.at(0).ipu->bandwidth_read, 64U);
  EXPECT_EQ(sink_.invokes.at(0).ipu->bandwidth_write, 128U);
  EXPECT_EQ(sink_.invokes.at(0).ipu->bandwidth, 192U);
  EXPECT_LE(static_cast<double>(sink_.invokes.at(0).ipu->time_us),
            sink_.invokes.at(0).invoke_ms * 1000);
}

TEST_F(RunnerTest, CoreAndPriorityAreTheCallersChoice) {
  const auto argv = options_.argv;
  options_.argv.insert(options_.argv.end(), {"--core", "1", "--priority", "-10"});
  RunWell();  // S3 has two cores
  EXPECT_EQ(sink_.Int16Values(0), answer_.scores);
  SmallModelOptions model;
  model.family = Family::kS6;
  Use(model, SmallPicture());
  EXPECT_THAT(Run().message(), HasSubstr("MI_IPU_Invoke2 failed with 35 NO_AVAILABLE_DEV"));
  options_.argv = argv;
  options_.argv.insert(options_.argv.end(), {"--priority", "40"});
  EXPECT_FALSE(Run().ok());
}

TEST_F(RunnerTest, CoreCannotBeChosenBeforeGenerationC) {
  SmallModelOptions model;
  model.family = Family::k1x;
  Use(model, SmallPicture());
  UseLibrary(std::string(PLUMB_BINARY_DIR) + "/lib/libmi_ipu_virtual_b61.so");
  RunWell();
  EXPECT_FALSE(sink_.invokes.at(0).ipu);
  options_.argv.insert(options_.argv.end(), {"--core", "0"});
  const Status status = Run();
  EXPECT_EQ(status.reason(), kReasonUsage);
  EXPECT_THAT(status.message(), HasSubstr("generation C alone; this library is gen-b61"));
}

TEST_F(RunnerTest, ModelMayBeReadFromMemory) {
  options_.argv.emplace_back("--model-in-memory");
  RunWell();
  EXPECT_EQ(sink_.Int16Values(0), answer_.scores);
  Write("model.img", {});
  EXPECT_THAT(Run().message(), HasSubstr("it is no file of 1 byte to 2 GiB"));
}

TEST_F(RunnerTest, HangTellsTheStateOfTheBoard) {
  const auto root = folder_.path() / "root";
  std::filesystem::create_directories(root / "sys/dla");
  ASSERT_TRUE(WriteFileAtomically(root / "sys/dla/freq", std::string("800\tMHz\n")).ok());
  options_.argv.insert(options_.argv.end(), {"--board-root", root.string()});
  options_.hang_report_flag = "--describe-board";
  SetFault("hang");
  spec_.invoke_timeout = std::chrono::milliseconds(200);
  EXPECT_THAT(Run().message(), HasSubstr("[/sys/dla/freq: 800 MHz]"));
}

TEST_F(RunnerTest, FailureOfTheRuntimeTellsTheStateOfTheBoard) {
  const auto root = folder_.path() / "root";
  std::filesystem::create_directories(root / "sys/dla");
  std::filesystem::create_directories(root / "proc/mi_modules/mi_sys_mma");
  ASSERT_TRUE(WriteFileAtomically(root / "sys/dla/clk_rate", std::string("600000000\n")).ok());
  ASSERT_TRUE(WriteFileAtomically(root / "proc/mi_modules/mi_sys_mma/mma_heap_name0",
                                  "heap  left\n" + std::string(5000, 'x'))
                  .ok());
  options_.argv.insert(options_.argv.end(), {"--board-root", root.string()});
  SetFault("nomem");
  const std::string message = Run().message();
  EXPECT_THAT(message, HasSubstr("4 NOMEM"));
  EXPECT_THAT(message, HasSubstr("/sys/dla/clk_rate: 600000000"));
  EXPECT_THAT(message, HasSubstr("mma_heap_name0: heap left xxx"));
  EXPECT_LT(message.size(), 700U);
}

}  // namespace
}  // namespace plumb::test
