// --simulator sgs against the stand-in SDK: both option sets, text and classes, and its faults.
#include "server/simulator/external/sgs_simulator.h"

#include <cstring>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/runner/failure.h"
#include "server/simulator/external/external_runner.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/sgs_sdk.h"
#include "tests/support/small_model.h"

namespace plumb::server {
namespace {

using test::CollectingSink;
using test::SmallAnswer;
using test::StandInSdk;
using testing::HasSubstr;

// What the SOP calls the preprocess script: the picture's bytes are the pixels already.
const std::string kPreprocess = R"(import numpy
def image_preprocess(path, norm=True):
    return numpy.fromfile(path, dtype=numpy.uint8).reshape(1, 2, 3, 3)
)";

class SgsSimulatorTest : public testing::Test {
 protected:
  SgsSimulatorTest() : folder_(TempFolder::Create("plumb-sgs-test-").value()) {
    WriteModel(Family::kS6);
    Write("face.jpg", test::SmallPicture());
    Write("x.bin", test::SmallPicture());
    EXPECT_TRUE(WriteFileAtomically(folder_.path() / "pre.py", kPreprocess).ok());
    options_.sdk = sdk_.path();
    options_.python = test::kStandInPython;
    spec_.model.path = folder_.path() / "m.img";
    spec_.inputs.emplace_back().path = folder_.path() / "x.bin";
  }

  void SetUp() override {
    const std::string why = test::WhyNoStandInSdk();
    if (!why.empty()) {
      GTEST_SKIP() << why;
    }
  }

  void WriteModel(Family family) {
    test::SmallModelOptions options;
    options.family = family;
    Write("m.img", test::SmallModelFile(options));
  }

  void Write(const std::string& name, const std::vector<uint8_t>& bytes) {
    ASSERT_TRUE(WriteFileAtomically(folder_.path() / name, std::span<const uint8_t>(bytes)).ok());
  }

  void TakeText() {
    options_.api = SgsOptions::Api::kText;
    options_.images = {folder_.path() / "face.jpg"};
    options_.preprocess = {folder_.path() / "pre.py"};
  }

  Status Run(std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    sink_ = std::make_unique<CollectingSink>();
    return ExternalRunner({"sgs", ""}, std::make_shared<SgsSimulator>(options_, limit))
        .Run(spec_, *sink_, CancelToken());
  }

  std::vector<double> Doubles(uint32_t index) {
    const auto& bytes = sink_->received.at({0, index});
    std::vector<double> values(bytes.size() / sizeof(double));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

  TempFolder folder_;
  StandInSdk sdk_;
  SgsOptions options_;
  RunSpec spec_;
  std::unique_ptr<CollectingSink> sink_;
};

TEST_F(SgsSimulatorTest, TheClassesGiveRawValuesInEveryFamily) {
  const SmallAnswer answer = test::SolveSmallModel(test::SmallPicture());
  for (const Family family : {Family::k1x, Family::kQ, Family::kS6}) {
    WriteModel(family);
    const Status status = Run();
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(sink_->Int16Values(0), answer.scores) << FamilyName(family);
    EXPECT_EQ(sink_->Int16Values(1), answer.mean);
    EXPECT_EQ(sink_->model.outputs[0].inner_stride, family == Family::kS6 ? 0U : 16U);
    EXPECT_EQ(sink_->model.text_decimals, 0U);
    EXPECT_THAT(sink_->model.sdk, HasSubstr("stand-in"));
  }
}

TEST_F(SgsSimulatorTest, BothOptionSetsGiveTheText) {
  TakeText();
  const SmallAnswer answer = test::SolveSmallModel(test::SmallPicture());
  std::vector<double> expected;
  for (const int score : answer.scores) {
    expected.push_back(score * test::kSmallScoreScale);
  }
  for (const std::string set : {"old", "new"}) {
    for (const Family family : {Family::k1x, Family::kS6}) {
      sdk_.Export("PLUMB_STANDIN_OPTIONS", set);
      WriteModel(family);
      const Status status = Run();
      ASSERT_TRUE(status.ok()) << set << ": " << status.ToString();
      EXPECT_EQ(Doubles(0), expected) << set << " " << FamilyName(family);
      EXPECT_EQ(sink_->model.text_decimals, 6U);
    }
  }
}

TEST_F(SgsSimulatorTest, TheWrongOptionSetIsRefusedByTheProgram) {
  TakeText();
  sdk_.Export("PLUMB_STANDIN_OPTIONS", "old");
  options_.option_set = SgsOptions::OptionSet::kNew;  // then -c is not given
  const Status status = Run();
  EXPECT_EQ(status.reason(), kReasonSimulatorCrashed);
  EXPECT_THAT(status.message(), HasSubstr("-c/--category"));
}

TEST_F(SgsSimulatorTest, GarbageMayBeSkippedByThePrograms) {
  TakeText();
  WriteModel(Family::k1x);
  options_.extra_arguments = {"--skip_garbage"};
  const Status status = Run();
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Doubles(0).size(), 30U);
}

TEST_F(SgsSimulatorTest, ItsDumpIsTheBoardsInput) {
  TakeText();
  SgsSimulator simulator(options_, std::chrono::seconds(60));
  const auto dumps = simulator.DumpInputs(spec_.model.path, CancelToken());
  ASSERT_TRUE(dumps.ok()) << dumps.status().ToString();
  ASSERT_EQ(dumps->size(), 1U);
  EXPECT_EQ(dumps->front().filename(), "face.jpg.bin");
  const auto bytes = ReadFile(dumps->front());
  const auto picture = test::SmallPicture();
  EXPECT_TRUE(
      std::equal(bytes->span().begin(), bytes->span().end(), picture.begin(), picture.end()));
}

TEST_F(SgsSimulatorTest, AnotherInputThanTheBoardsIsFound) {
  TakeText();
  auto other = test::SmallPicture();
  other[4] ^= 1;
  Write("x.bin", other);
  EXPECT_EQ(Run().reason(), kReasonWrongInput);
}

TEST_F(SgsSimulatorTest, EachFaultIsToldApart) {
  TakeText();

  struct Case {
    std::string fault;
    std::string_view reason;
    std::string message;
  };

  const std::vector<Case> cases = {
      {"hang", kReasonSimulatorHung, "was killed: it had not ended after 3000 ms"},
      {"crash", kReasonSimulatorCrashed, "something terrible happened"},
      {"segfault", kReasonSimulatorCrashed, "signal 11"},
      {"no_output", kReasonSimulatorNoOutput, "wrote no text"},
      {"no_dump", kReasonSimulatorNoOutput, "wrote no dump 'face.jpg.bin'"},
      {"foreign_output", kReasonSimulatorShared, "unknown_other.img_dog.jpg.txt"},
      {"garbled", kReasonSimulatorBadOutput, "'oops' is no number"},
  };
  for (const Case& one : cases) {
    sdk_.Export("PLUMB_STANDIN_FAULT", one.fault);
    const Status status =
        Run(one.fault == "hang" ? std::chrono::seconds(3) : std::chrono::seconds(60));
    EXPECT_EQ(status.reason(), one.reason) << one.fault << ": " << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(one.message)) << one.fault;
    EXPECT_EQ(ClassifyFailure(status), FailureClass::kInfrastructure) << one.fault;
    EXPECT_FALSE(status.hint().empty()) << one.fault;
    EXPECT_TRUE(sink_->calls.empty()) << one.fault;
  }
}

// -S leaves out the folder that numpy is in: the interpreter is there, its modules are not.
TEST_F(SgsSimulatorTest, AWrongPythonIsToldApart) {
  const auto python = folder_.path() / "python3.6";
  ASSERT_TRUE(WriteFileAtomically(
                  python, std::string("#!/bin/sh\nexec ") + test::kStandInPython + " -S \"$@\"\n")
                  .ok());
  std::filesystem::permissions(python, std::filesystem::perms::owner_all);
  options_.python = python;
  const Status classes = Run();
  EXPECT_EQ(classes.reason(), kReasonSimulatorPython) << classes.ToString();
  EXPECT_THAT(classes.message(), HasSubstr("numpy"));
  TakeText();
  const Status text = Run();
  EXPECT_EQ(text.reason(), kReasonSimulatorPython) << text.ToString();
  EXPECT_THAT(text.hint(), HasSubstr("--sdk-python"));
}

TEST_F(SgsSimulatorTest, WithoutPicturesThereIsNoText) {
  options_.api = SgsOptions::Api::kText;
  EXPECT_EQ(Run().reason(), kReasonSimulatorMissing);
}

// Both delete and make ./output: in one folder one of them would lose or mix its files.
TEST_F(SgsSimulatorTest, TwoRunsAtOnceDoNotMeet) {
  TakeText();
  const auto simulator = std::make_shared<SgsSimulator>(options_, std::chrono::seconds(60));
  SgsOptions other = options_;
  const std::vector<uint8_t> gray(test::SmallPicture().size(), 131);
  Write("gray.jpg", gray);
  Write("gray.bin", gray);
  other.images = {folder_.path() / "gray.jpg"};
  RunSpec other_spec = spec_;
  other_spec.inputs[0].path = folder_.path() / "gray.bin";
  CollectingSink first;
  CollectingSink second;
  Status first_status;
  Status second_status;
  std::thread thread([&] {
    first_status = ExternalRunner({"a", ""}, simulator).Run(spec_, first, CancelToken());
  });
  second_status =
      ExternalRunner({"b", ""}, std::make_shared<SgsSimulator>(other, std::chrono::seconds(60)))
          .Run(other_spec, second, CancelToken());
  thread.join();
  ASSERT_TRUE(first_status.ok()) << first_status.ToString();
  ASSERT_TRUE(second_status.ok()) << second_status.ToString();
  const auto value = [](const CollectingSink& sink) {
    double number = 0;
    std::memcpy(&number, sink.received.at({0, 1}).data(), sizeof number);
    return number;
  };
  EXPECT_EQ(value(first), test::SolveSmallModel(test::SmallPicture()).mean[0] * 0.5);
  EXPECT_EQ(value(second), test::SolveSmallModel(gray).mean[0] * 0.5);
}

}  // namespace
}  // namespace plumb::server
