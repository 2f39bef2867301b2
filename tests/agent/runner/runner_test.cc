// plumb-runner over the virtual IPU as the agent drives it: what a board does wrong and how the run
// then ends.
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/npu/model/rounding.h"
#include "common/ring/process_runner.h"
#include "common/runner/failure.h"
#include "tests/agent/runner/runner_fixture.h"

namespace plumb::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(RunnerTest, ReportsTheDescriptorsOfTheFacts) {
  SmallModelOptions model;
  model.family = Family::k1x;
  Use(model, SmallPicture());
  RunWell();
  const TensorDesc& scores = sink_.model.outputs[0];
  EXPECT_EQ(scores.element_type, ElementType::kInt16);
  EXPECT_EQ(scores.inner_stride, 16U);  // 5 elements stored as 8
  EXPECT_EQ(scores.payload_size, 6U * 16U);
  EXPECT_EQ(scores.aligned_size, 128U);  // rounded up to 64
  EXPECT_EQ(scores.scale, 0.5F);
  EXPECT_EQ(scores.zero_point, 0);
  EXPECT_EQ(sink_.model.inputs[0].element_type, ElementType::kUint8);
  EXPECT_EQ(sink_.model.inputs[0].zero_point, 128);
}

TEST_F(RunnerTest, ReportsTheSdkItIsTold) {
  RunWell();
  EXPECT_THAT(sink_.model.sdk, HasSubstr("gen-c"));
  options_.argv.insert(options_.argv.end(), {"--sdk", "virtual IPU S3"});
  RunWell();
  EXPECT_EQ(sink_.model.sdk, "virtual IPU S3");
}

TEST_F(RunnerTest, PaddingIsGarbageThatNoDigestSees) {
  SmallModelOptions model;
  model.family = Family::k1x;
  Use(model, SmallPicture());
  spec_.repetitions = 2;
  RunWell();
  EXPECT_EQ(sink_.ends.at({1, 0}).valid_digest, sink_.ends.at({0, 0}).valid_digest);
  EXPECT_EQ(sink_.Int16Values(0), answer_.scores);
  const auto first = sink_.received.at({0, 0});
  RunWell();
  EXPECT_NE(sink_.received.at({0, 0}), first) << "the padding did not change";
}

TEST_F(RunnerTest, PaddingRepeatsWhereASeedIsGiven) {
  SmallModelOptions model;
  model.family = Family::k1x;
  Use(model, SmallPicture());
  options_.extra_environment["PLUMB_VIRTUAL_SEED"] = "7";
  RunWell();
  const auto first = sink_.received.at({0, 0});
  RunWell();
  EXPECT_EQ(sink_.received.at({0, 0}), first);
  options_.extra_environment["PLUMB_VIRTUAL_SEED"] = "8";
  RunWell();
  EXPECT_NE(sink_.received.at({0, 0}), first);
  options_.extra_environment["PLUMB_VIRTUAL_SEED"] = "eight";
  EXPECT_THAT(Run().message(), HasSubstr("INIT_FIRMWARE"));
}

TEST_F(RunnerTest, FloatInputsAreFilledAnewBeforeEveryInvoke) {
  SmallModelOptions model;
  model.input_format = npu::InputFormat::kRawF32Nhwc;
  model.dequantize = true;
  std::vector<float> values;
  for (const uint8_t pixel : SmallPicture()) {
    // A quarter above the pixel's place: read back it is that pixel, the fraction is cut off.
    const float place = static_cast<float>(pixel) - 128.0F;
    values.push_back((place + (place < 0 ? -0.25F : 0.25F)) / 127.5F);
  }
  std::vector<uint8_t> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  Use(model, bytes);
  spec_.probe = true;
  spec_.repetitions = 3;
  RunWell();
  const auto valid = sink_.ValidBytes(0);
  std::vector<float> scores(valid.size() / sizeof(float));
  std::memcpy(scores.data(), valid.data(), valid.size());
  ASSERT_EQ(scores.size(), answer_.scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(scores[i], static_cast<float>(answer_.scores[i]) * 0.5F) << i;
  }
  EXPECT_EQ(sink_.ends.at({2, 0}).valid_digest, sink_.ends.at({0, 0}).valid_digest);
}

TEST_F(RunnerTest, ModelOfAnotherFamilyIsRefused) {
  SetFamily(Family::kQ);
  const Status status = Run();
  EXPECT_EQ(status.reason(), kReasonModelRefused);
  EXPECT_THAT(status.message(), HasSubstr("54 MISMATCH_MODEL (generation C)"));
  EXPECT_FALSE(status.hint().empty());
}

TEST_F(RunnerTest, FaultRounding) {
  SetFault("rounding");
  RunWell();
  const auto away = SolveSmallModel(SmallPicture(), SmallRounding::kHalfAway);
  ASSERT_NE(away.scores, answer_.scores) << "the picture has no ties";
  EXPECT_EQ(sink_.Int16Values(0), away.scores);
  EXPECT_EQ(sink_.Int16Values(1), away.mean);
}

TEST_F(RunnerTest, FaultStale) {
  SetFault("stale");
  spec_.probe = true;
  spec_.repetitions = 2;
  RunWell();
  EXPECT_EQ(sink_.Int16Values(0),
            SolveSmallModel(std::vector<uint8_t>(SmallPicture().size())).scores);
  for (const uint32_t index : {0U, 1U}) {
    EXPECT_EQ(sink_.probe[index], sink_.ends.at({0, index}).valid_digest);
    EXPECT_EQ(sink_.ends.at({0, index}).canary_size, 0U);
  }
  EXPECT_FALSE(sink_.probe_input_was_zero);
}

TEST_F(RunnerTest, FaultUnwritten) {
  SetFault("unwritten");
  RunWell();
  EXPECT_EQ(sink_.ends.at({0, 0}).canary_size, sink_.ValidBytes(0).size());
  EXPECT_EQ(sink_.ends.at({0, 1}).canary_size, 0U);
  EXPECT_EQ(sink_.Int16Values(1), answer_.mean);
}

TEST_F(RunnerTest, FaultNoise) {
  SetFault("noise");
  spec_.repetitions = 4;
  RunWell();
  std::set<uint64_t> digests;
  for (uint32_t repetition = 0; repetition < 4; ++repetition) {
    digests.insert(sink_.ends.at({repetition, 0}).valid_digest);
  }
  EXPECT_EQ(digests.size(), 4U);
  // What differs from the first repetition is delivered as evidence.
  const auto values = sink_.Int16Values(0, 1);
  ASSERT_EQ(values.size(), answer_.scores.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(values[i], answer_.scores[i], 16) << i;
  }
}

TEST_F(RunnerTest, FaultFormat) {
  SetFault("format");
  RunWell();
  const TensorDesc& desc = sink_.model.outputs[0];
  EXPECT_EQ(desc.element_type, ElementType::kInt16);
  EXPECT_EQ(desc.scale, 0.5F);
  EXPECT_EQ(desc.payload_size, answer_.scores.size() * sizeof(float));
  std::vector<float> scores(answer_.scores.size());
  std::memcpy(scores.data(), sink_.received.at({0, 0}).data(), scores.size() * sizeof(float));
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(scores[i], static_cast<float>(answer_.scores[i]) * 0.5F) << i;
  }
}

TEST_F(RunnerTest, FaultPadding) {
  SmallModelOptions model;
  model.family = Family::kQ;
  Use(model, SmallPicture());
  SetFault("padding");
  RunWell();
  EXPECT_EQ(sink_.model.outputs[0].inner_stride, 16U);
  std::vector<int16_t> contiguous(answer_.scores.size());
  std::memcpy(contiguous.data(), sink_.received.at({0, 0}).data(), contiguous.size() * 2);
  EXPECT_EQ(std::vector<int>(contiguous.begin(), contiguous.end()), answer_.scores);
  EXPECT_NE(sink_.Int16Values(0), answer_.scores);
}

TEST_F(RunnerTest, FaultHangIsKilledAndTheNextRunWorks) {
  SetFault("hang");
  spec_.invoke_timeout = milliseconds(200);
  const auto start = steady_clock::now();
  const Status status = Run();
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(status.reason(), kReasonRunnerHung);
  EXPECT_EQ(ClassifyFailure(status), FailureClass::kBoard);
  EXPECT_THAT(status.message(), HasSubstr("200 ms"));
  EXPECT_THAT(status.message(), HasSubstr("Invoke of repetition 0"));
  SetFault("");
  RunWell();
}

TEST_F(RunnerTest, CancellingReachesAHangingInvoke) {
  SetFault("hang");
  std::thread canceller;
  steady_clock::time_point cancelled;
  sink_.on_call = [&](const std::string& /*call*/) {
    canceller = std::thread([&] {
      cancelled = steady_clock::now();
      cancel_.Cancel(CancelledError("no more"));
    });
    return OkStatus();
  };
  const Status status = Run();
  canceller.join();
  EXPECT_EQ(status.message(), "no more");
  EXPECT_LT(steady_clock::now() - cancelled, std::chrono::seconds(1));
}

TEST_F(RunnerTest, FaultCrashIsToldAndTheNextRunWorks) {
  SetFault("crash");
  const Status status = Run();
  EXPECT_EQ(status.reason(), kReasonRunnerCrashed);
  EXPECT_THAT(status.message(), HasSubstr("signal 11 (Segmentation fault)"));
  EXPECT_THAT(status.message(), HasSubstr("Invoke of repetition 0"));
  SetFault("");
  RunWell();
}

// sigmastar-ipu's list of error numbers: 41 is IPU_HANG in generation C alone.
TEST_F(RunnerTest, FaultIpuHangIsTheRuntimesOwnWordAndNotATimeOut) {
  SetFault("ipu_hang");
  const Status status = Run();
  EXPECT_EQ(status.reason(), kReasonRunnerHung);
  EXPECT_THAT(status.message(), HasSubstr("failed with 41 IPU_HANG (generation C)"));
  EXPECT_THAT(status.message(), Not(HasSubstr("killed")));
  SetFault("");
  RunWell();
}

TEST_F(RunnerTest, FaultNomem) {
  SetFault("nomem");
  const Status status = Run();
  EXPECT_EQ(status.reason(), kReasonOutOfMemory);
  EXPECT_THAT(status.message(), HasSubstr("MI_IPU_CreateCHN failed with 4 NOMEM"));
}

TEST_F(RunnerTest, FailuresOfASimulatorCanBeNamedSo) {
  options_.failure_reason = kReasonSimulatorFailed;
  SetFault("crash");
  EXPECT_EQ(Run().reason(), kReasonSimulatorFailed);
}

TEST_F(RunnerTest, MissingLibraryIsToldWithAdvice) {
  UseLibrary((folder_.path() / "absent.so").string());
  const Status status = Run();
  EXPECT_EQ(status.reason(), kReasonRuntimeUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("absent.so"));
  EXPECT_THAT(status.hint(), HasSubstr("LD_LIBRARY_PATH"));
}

TEST_F(RunnerTest, LibraryOfAnotherKindIsRefused) {
  UseLibrary("libc.so.6");
  const Status status = Run();
  EXPECT_EQ(status.reason(), kReasonRuntimeUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("MI_IPU_CreateDevice"));
}

TEST_F(RunnerTest, AbiMustBeWhatTheLibraryExports) {
  const auto argv = options_.argv;
  options_.argv.insert(options_.argv.end(), {"--abi", "gen-b61"});
  EXPECT_THAT(Run().message(), HasSubstr("exports the functions of gen-c"));
  options_.argv = argv;
  options_.argv.insert(options_.argv.end(), {"--abi", "gen-c", "--mi-sys", "3"});
  RunWell();
}

TEST_F(RunnerTest, MissingFirmwareIsRefusedByTheChip) {
  options_.argv.insert(options_.argv.end(), {"--firmware", "/no/such/firmware"});
  const Status status = Run();
  EXPECT_EQ(status.reason(), kReasonRuntimeUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("14 INIT_FIRMWARE"));
}

TEST_F(RunnerTest, UnknownFaultIsNotTakenForNone) {
  SetFault("hnag");
  EXPECT_FALSE(Run().ok());
}

TEST_F(RunnerTest, AnEmulatorMayStandInFront) {
  options_.argv.insert(options_.argv.begin(), "env");
  RunWell();
  EXPECT_EQ(sink_.Int16Values(0), answer_.scores);
}

}  // namespace
}  // namespace plumb::test
