#include "server/core/run_session.h"

#include <future>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/analysis/outcome.h"
#include "common/archive/recording.h"
#include "common/archive/run_folder.h"
#include "common/base/file.h"
#include "common/runner/failure.h"
#include "tests/server/core/fakes.h"

namespace plumb::server {
namespace {

using analysis::Verdict;
using test::FakeRunner;
using test::MakeOutput;
using testing::ElementsAre;
using testing::HasSubstr;

class RunSessionTest : public testing::Test {
 protected:
  RunSessionTest() {
    reference_->runner_name = "fake simulator";
    target_->runner_name = "board cam";
    reference_->outputs = {MakeOutput("scores", {1, 2, 3, 4}), MakeOutput("mean", {-5})};
    target_->outputs = reference_->outputs;
    job_.run_id = "run-1";
    job_.folder = folder_.path() / "run-1";
    job_.board = "cam";
    job_.plumb_version = "test";
    job_.blobs = &blobs_;
    job_.spec.model = Upload("a model");
    job_.spec.inputs = {Upload("an input")};
    job_.make_reference = [this] { return Result<std::shared_ptr<Runner>>(reference_); };
    job_.target = target_;
  }

  Artifact Upload(const std::string& content) {
    Artifact artifact = test::WriteArtifact(folder_.path() / "scratch", content);
    auto upload = blobs_.BeginUpload(artifact);
    EXPECT_TRUE(upload->Append(AsBytes(content)).ok() && upload->Commit().ok());
    return *blobs_.Find(artifact);
  }

  analysis::ComparisonReport Execute() {
    RunSession session(job_, [this](const std::vector<SessionEvent>& events) {
      events_.insert(events_.end(), events.begin(), events.end());
    });
    return session.Execute(cancel_);
  }

  template <class T>
  std::vector<T> EventsOf() const {
    std::vector<T> found;
    for (const SessionEvent& event : events_) {
      if (const auto* one = std::get_if<T>(&event)) {
        found.push_back(*one);
      }
    }
    return found;
  }

  TempFolder folder_ = *TempFolder::Create("plumb-session-");
  BlobStore blobs_ = *BlobStore::Open(folder_.path() / "blobs");
  std::shared_ptr<FakeRunner> reference_ = std::make_shared<FakeRunner>();
  std::shared_ptr<FakeRunner> target_ = std::make_shared<FakeRunner>();
  SessionJob job_;
  CancelToken cancel_;
  std::vector<SessionEvent> events_;
};

TEST_F(RunSessionTest, EqualOutputsMatch) {
  const auto report = Execute();
  EXPECT_EQ(report.verdict, Verdict::kMatch);
  EXPECT_EQ(report.exit_code, 0);
  ASSERT_EQ(report.tensors.size(), 2U);
  EXPECT_EQ(report.tensors[0].count, 4U);
  EXPECT_EQ(report.tensors[1].name, "mean");
  EXPECT_EQ(report.reference.source, "fake simulator");
  EXPECT_EQ(report.target.source, "board cam");
  EXPECT_EQ(report.identity.sdk, "fake sdk");
  EXPECT_EQ(report.identity.model_sha256, job_.spec.model.sha256);
  EXPECT_EQ(report.timing.board_ms, 1.5);
  EXPECT_GE(report.timing.verdict_after_last_byte_ms.value(), 0);
}

TEST_F(RunSessionTest, TheArchiveHoldsBothLegsAndTheReport) {
  Execute();
  const auto run = archive::ReadRunFolder(job_.folder);
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(run->label.run_id, "run-1");
  EXPECT_EQ(run->report.verdict, Verdict::kMatch);
  const auto leg = archive::ReadRecording(job_.folder / "target");
  ASSERT_TRUE(leg.ok());
  EXPECT_EQ(leg->outputs[0].bytes.view(), target_->outputs[0].bytes.view());
  EXPECT_EQ(leg->recording.identity.board, "cam");
}

TEST_F(RunSessionTest, ADifferenceIsLocated) {
  target_->outputs[0] = MakeOutput("scores", {1, 2, 5, 4});
  const auto report = Execute();
  EXPECT_EQ(report.exit_code, analysis::kExitMismatch);
  EXPECT_EQ(report.tensors[0].different_elements, 1U);
  EXPECT_EQ(report.tensors[0].first_difference_index, 2U);
  EXPECT_EQ(report.tensors[0].max_lsb_error, 2);
  EXPECT_EQ(report.first_divergence->name, "scores");
  EXPECT_EQ(report.tensors[1].verdict, Verdict::kMatch);
}

TEST_F(RunSessionTest, TheSimulatorRunsAgainUnderOtherRoundings) {
  const auto simulator = std::make_shared<FakeRunner>();
  simulator->outputs = reference_->outputs;
  target_->outputs[0] = MakeOutput("scores", {1, 2, 5, 4});
  simulator->outputs_by_profile["half_away"] = target_->outputs;
  job_.resimulator.make = [simulator] { return simulator; };
  job_.resimulator.rounding_profiles = {"half_up", "half_away"};
  const auto report = Execute();
  ASSERT_FALSE(report.diagnosis.empty());
  EXPECT_EQ(report.diagnosis[0].cause, "rounding_profile");
  EXPECT_THAT(report.diagnosis[0].evidence, HasSubstr("half_away"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_NE(entry.path().extension(), ".part") << entry.path();
  }
}

TEST_F(RunSessionTest, AMatchNeedsNoFurtherSimulation) {
  job_.resimulator.make = [this] { return reference_; };
  job_.resimulator.rounding_profiles = {"half_up"};
  Execute();
  EXPECT_EQ(reference_->runs, 1);
}

TEST_F(RunSessionTest, ATargetThatDiffersFromItselfIsNotJudged) {
  job_.spec.repetitions = 3;
  target_->outputs_by_repetition[2] = {MakeOutput("scores", {1, 2, 3, 9}),
                                       MakeOutput("mean", {-5})};
  const auto report = Execute();
  EXPECT_EQ(report.exit_code, analysis::kExitNotRepeatable);
  EXPECT_EQ(report.verdict, Verdict::kNotCompared);
  ASSERT_FALSE(report.diagnosis.empty());
  EXPECT_EQ(report.diagnosis[0].cause, "not_repeatable");
  EXPECT_THAT(report.diagnosis[0].evidence,
              HasSubstr("'scores' first differs at element [0, 3] of repetition 3"));
}

TEST_F(RunSessionTest, TheReferenceRunsOnceHoweverOftenTheTargetRepeats) {
  job_.spec.repetitions = 3;
  job_.spec.probe = true;
  EXPECT_EQ(Execute().exit_code, 0);
  const auto leg = archive::ReadRecording(job_.folder / "reference");
  ASSERT_TRUE(leg.ok());
  EXPECT_EQ(leg->recording.repetitions, 1U);
  EXPECT_FALSE(leg->recording.probe_digests.has_value());
}

TEST_F(RunSessionTest, TheCommonPrefixIsComparedBeforeTheSlowerSideIsDone) {
  std::vector<int16_t> many(40'000);
  std::iota(many.begin(), many.end(), int16_t{-20'000});
  reference_->outputs = {MakeOutput("big", many)};
  reference_->chunk_size = 4096;
  target_->outputs = reference_->outputs;
  target_->chunk_size = 1000;
  // The target stops halfway until a part of its output was seen compared.
  std::promise<void> compared;
  std::future<void> seen = compared.get_future();
  bool told = false;
  target_->pause_at = 40'000;
  target_->pause = [&] {
    EXPECT_EQ(seen.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  };
  RunSession session(job_, [&](const std::vector<SessionEvent>& events) {
    for (const SessionEvent& event : events) {
      const auto* tensor = std::get_if<TensorComparison>(&event);
      if (tensor != nullptr && tensor->report.count > 0 && !std::exchange(told, true)) {
        EXPECT_LE(tensor->report.count, 20'000U);
        EXPECT_FALSE(tensor->complete);
        compared.set_value();
      }
    }
  });
  const auto report = session.Execute(cancel_);
  EXPECT_EQ(report.exit_code, 0);
  EXPECT_EQ(report.tensors[0].count, 40'000U);
}

TEST_F(RunSessionTest, AFailedTargetStopsTheReferenceAndIsNamed) {
  reference_->hang = true;
  target_->result = DeadlineExceededError("no answer").WithReason(kReasonRunnerHung);
  const auto report = Execute();
  EXPECT_EQ(report.exit_code, analysis::kExitBoard);
  EXPECT_EQ(report.verdict, Verdict::kNotCompared);
  EXPECT_EQ(report.error.reason(), kReasonRunnerHung);
  ASSERT_FALSE(report.diagnosis.empty());
  EXPECT_EQ(report.diagnosis[0].cause, "runner_hung");
}

TEST_F(RunSessionTest, AFailedReferenceStopsTheTargetAndIsInfrastructure) {
  target_->hang = true;
  reference_->result = InternalError("broke").WithReason(kReasonSimulatorFailed);
  const auto report = Execute();
  EXPECT_EQ(report.exit_code, analysis::kExitInfrastructure);
  EXPECT_EQ(report.error.reason(), kReasonSimulatorFailed);
}

TEST_F(RunSessionTest, AFailedRunKeepsItsReportAndNoTensors) {
  target_->result = DeadlineExceededError("no answer").WithReason(kReasonRunnerHung);
  Execute();
  const auto run = archive::ReadRunFolder(job_.folder);
  ASSERT_TRUE(run.ok());
  EXPECT_FALSE(run->has_target);
  EXPECT_EQ(run->report.error.reason(), kReasonRunnerHung);
  EXPECT_FALSE(std::filesystem::exists(job_.folder / "target" / "output_00.raw"));
}

TEST_F(RunSessionTest, CancellingStopsBothSides) {
  reference_->hang = true;
  target_->hang = true;
  cancel_.Cancel(CancelledError("enough").WithReason(kReasonCancelled));
  const auto report = Execute();
  EXPECT_EQ(report.error.reason(), kReasonCancelled);
  EXPECT_EQ(report.exit_code, analysis::kExitInfrastructure);
}

TEST_F(RunSessionTest, AModelThatRottedOnDiskIsNeverANumber) {
  ASSERT_TRUE(WriteFileAtomically(job_.spec.model.path, std::string_view("b model")).ok());
  const auto report = Execute();
  EXPECT_EQ(report.error.reason(), kReasonWrongModel);
  EXPECT_EQ(report.exit_code, analysis::kExitInfrastructure);
  EXPECT_EQ(target_->runs, 0);
}

TEST_F(RunSessionTest, ARunThatNeverStartedHasAReportToo) {
  job_.failure = DeadlineExceededError("no board became free").WithReason(kReasonBoardBusy);
  const auto report = Execute();
  EXPECT_EQ(report.exit_code, analysis::kExitInfrastructure);
  EXPECT_TRUE(archive::ReadRunFolder(job_.folder).ok());
}

TEST_F(RunSessionTest, AMissingOutputIsCoverage) {
  target_->outputs.pop_back();
  const auto report = Execute();
  EXPECT_EQ(report.exit_code, analysis::kExitCoverage);
  EXPECT_THAT(report.coverage.missing_in_target, ElementsAre("mean"));
}

TEST_F(RunSessionTest, WatchersAreToldStatesModelsAndBytes) {
  Execute();
  EXPECT_THAT(EventsOf<RunState>(),
              ElementsAre(RunState::kPreparing, RunState::kRunning, RunState::kJudging));
  EXPECT_EQ(EventsOf<ModelLoaded>().size(), 2U);
  const auto bytes = EventsOf<TensorBytes>();
  ASSERT_FALSE(bytes.empty());
  EXPECT_EQ(bytes.back().received, bytes.back().total);
  const auto compared = EventsOf<TensorComparison>();
  ASSERT_FALSE(compared.empty());
  EXPECT_TRUE(compared.back().complete);
}

// A board whose application fed `captured`; runs the network only when that was no objection.
class TappedRunner : public Runner {
 public:
  TappedRunner(std::shared_ptr<FakeRunner> network, std::string captured)
      : network_(std::move(network)),
        captured_(std::move(captured)) {}

  [[nodiscard]] std::string name() const override { return network_->name(); }

  Status Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) override {
    PLUMB_RETURN_IF_ERROR(wanted.take({0, captured_.size(), 0, Buffer::Copy(AsBytes(captured_))}));
    return network_->Run(spec, sink, cancel);
  }

  RemoteRunner::InputRequest wanted;

 private:
  std::shared_ptr<FakeRunner> network_;
  std::string captured_;
};

class TappedSessionTest : public RunSessionTest {
 protected:
  void Tap(const std::string& captured) {
    auto tapped = std::make_shared<TappedRunner>(target_, captured);
    job_.target = tapped;
    job_.ask_for_inputs = [tapped](RemoteRunner::InputRequest wanted) {
      tapped->wanted = std::move(wanted);
    };
  }
};

TEST_F(TappedSessionTest, ARunWhoseInputIsThePcsGoesOn) {
  Tap("an input");
  const auto report = Execute();
  EXPECT_EQ(report.verdict, Verdict::kMatch);
  EXPECT_EQ(report.tensors.size(), 2U);
  EXPECT_FALSE(std::filesystem::exists(job_.folder / "captured"));
}

TEST_F(TappedSessionTest, AWrongInputIsTheVerdictAndTheNetworkIsNotRun) {
  Tap("an inPut");
  const auto report = Execute();
  EXPECT_EQ(report.verdict, Verdict::kMismatch);
  EXPECT_EQ(report.exit_code, analysis::kExitMismatch);
  EXPECT_TRUE(report.error.ok()) << report.error.ToString();
  EXPECT_TRUE(report.tensors.empty());
  ASSERT_EQ(report.diagnosis.size(), 1U);
  EXPECT_EQ(report.diagnosis[0].cause, "wrong_input");
  EXPECT_THAT(report.diagnosis[0].evidence, HasSubstr("1 of 8 bytes differ, the first at byte 5"));
  EXPECT_EQ(target_->runs, 0);
  EXPECT_EQ(ReadFile(job_.folder / "captured" / "input0.bin")->view(), "an inPut");
  const auto run = archive::ReadRunFolder(job_.folder);
  ASSERT_TRUE(run.ok());
  EXPECT_FALSE(run->has_target);
}

TEST_F(TappedSessionTest, AWrongInputCountsMoreThanASimulatorThatFails) {
  Tap("another");
  reference_->result = InternalError("broke").WithReason(kReasonSimulatorFailed);
  const auto report = Execute();
  EXPECT_EQ(report.exit_code, analysis::kExitMismatch);
  EXPECT_EQ(report.diagnosis[0].cause, "wrong_input");
}

}  // namespace
}  // namespace plumb::server
