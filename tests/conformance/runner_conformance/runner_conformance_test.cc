// What common/runner/runner.h promises, asked of every Runner.
#include <xxhash.h>

#include <chrono>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/runner/failure.h"
#include "tests/conformance/runner_conformance/subject.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/small_model.h"

namespace plumb::test {
namespace {

using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;

// Large enough for several chunks: 300 · 500 · 5 INT16 are 1.5 MB, padded 2.4 MB.
constexpr int kLargeRows = 300;
constexpr int kLargeColumns = 500;
constexpr uint64_t kChunk = 256 * 1024;

class RunnerConformanceTest : public testing::TestWithParam<Subject> {
 protected:
  RunnerConformanceTest() : folder_(TempFolder::Create("conformance").value()) {}

  void SetUp() override {
    if (!GetParam().lacks.empty()) {
      GTEST_SKIP() << GetParam().lacks;
    }
  }

  static const Problem& problem() { return *GetParam().problem; }

  std::filesystem::path Write(const std::string& name, const std::vector<uint8_t>& bytes) {
    const auto path = folder_.path() / name;
    EXPECT_TRUE(WriteFileAtomically(path, std::span<const uint8_t>(bytes)).ok());
    return path;
  }

  RunSpec SpecFor(int rows, int columns, const std::vector<uint8_t>& picture) {
    RunSpec spec;
    spec.model.path = problem().WriteModel(rows, columns, folder_.path());
    spec.inputs.emplace_back().path = Write("input.bin", problem().Input(picture));
    return spec;
  }

  RunSpec SmallSpec() { return SpecFor(kSmallRows, kSmallColumns, SmallPicture()); }

  // One whose input file is all zeros.
  static std::vector<uint8_t> ZeroPicture() {
    return std::vector<uint8_t>(SmallPicture().size(), problem().zero_pixel());
  }

  RunSpec LargeSpec() {
    return SpecFor(kLargeRows, kLargeColumns, NoisyPicture(kLargeRows, kLargeColumns));
  }

  // The Runner, made once, so that what one run leaves behind would show in the next.
  Runner& RunnerFor(const RunSpec& spec) {
    if (!runner_) {
      const auto scratch = folder_.path() / "scratch";
      EXPECT_TRUE(MakeFolders(scratch).ok());
      runner_ = GetParam().make(spec, scratch);
    }
    return *runner_;
  }

  Status Run(const RunSpec& spec) { return RunnerFor(spec).Run(spec, sink_, cancel_); }

  void RunWell(const RunSpec& spec) {
    const Status status = Run(spec);
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_THAT(sink_.complaints, IsEmpty());
  }

  void ExpectLargeAnswer() {
    // Not EXPECT_EQ, which would print three megabytes.
    EXPECT_TRUE(sink_.ValidBytes(0) ==
                problem().Output(0, NoisyPicture(kLargeRows, kLargeColumns)));
  }

  TempFolder folder_;
  CollectingSink sink_;
  CancelToken cancel_;
  std::unique_ptr<Runner> runner_;
};

INSTANTIATE_TEST_SUITE_P(All,
                         RunnerConformanceTest,
                         testing::ValuesIn(AllSubjects()),
                         [](const auto& entry) { return entry.param.name; });

TEST_P(RunnerConformanceTest, HasAName) {
  EXPECT_FALSE(RunnerFor(SmallSpec()).name().empty());
}

TEST_P(RunnerConformanceTest, ComputesTheNetwork) {
  RunWell(SmallSpec());
  EXPECT_EQ(sink_.ValidBytes(0), problem().Output(0, SmallPicture()));
  EXPECT_EQ(sink_.ValidBytes(1), problem().Output(1, SmallPicture()));
  ASSERT_EQ(sink_.model.inputs.size(), 1U);
  ASSERT_EQ(sink_.model.outputs.size(), 2U);
  EXPECT_EQ(sink_.model.outputs[0].name, "scores");
  EXPECT_EQ(sink_.model.outputs[0].shape, problem().ScoresShape(kSmallRows, kSmallColumns));
  EXPECT_FALSE(sink_.model.sdk.empty());
}

TEST_P(RunnerConformanceTest, TellsEverythingInOrder) {
  RunSpec spec = SmallSpec();
  spec.probe = true;
  spec.repetitions = 3;
  RunWell(spec);
  const auto size = [&](size_t i) { return std::to_string(sink_.model.outputs[i].aligned_size); };
  // Later repetitions equal the first and bring no bytes.
  EXPECT_THAT(sink_.calls,
              ElementsAre("model",
                          "probe",
                          "invoke 0",
                          "chunk 0/0 @0+" + size(0),
                          "end 0/0",
                          "chunk 0/1 @0+" + size(1),
                          "end 0/1",
                          "invoke 1",
                          "end 1/0",
                          "end 1/1",
                          "invoke 2",
                          "end 2/0",
                          "end 2/1"));
}

TEST_P(RunnerConformanceTest, DigestsAreOfValidBytes) {
  RunSpec spec = SmallSpec();
  spec.repetitions = 2;
  RunWell(spec);
  for (const uint32_t index : {0U, 1U}) {
    const auto valid = sink_.ValidBytes(index);
    const uint64_t expected = XXH3_64bits(valid.data(), valid.size());
    for (const uint32_t repetition : {0U, 1U}) {
      EXPECT_EQ(sink_.ends.at({repetition, index}).valid_digest, expected);
      EXPECT_EQ(sink_.ends.at({repetition, index}).canary_size, 0U);
    }
  }
}

TEST_P(RunnerConformanceTest, ProbeIsTheAnswerToZeros) {
  RunSpec spec = SmallSpec();
  spec.probe = true;
  RunWell(spec);
  const auto answer = problem().Output(1, ZeroPicture());
  ASSERT_EQ(sink_.probe.size(), 2U);
  EXPECT_EQ(sink_.probe[1], XXH3_64bits(answer.data(), answer.size()));
  EXPECT_FALSE(sink_.probe_input_was_zero);
}

TEST_P(RunnerConformanceTest, ProbeSaysWhenTheInputWasZeroToo) {
  RunSpec spec = SpecFor(kSmallRows, kSmallColumns, ZeroPicture());
  spec.probe = true;
  RunWell(spec);
  EXPECT_TRUE(sink_.probe_input_was_zero);
  EXPECT_EQ(sink_.probe[0], sink_.ends.at({0, 0}).valid_digest);
}

TEST_P(RunnerConformanceTest, LargeOutputsComeInContiguousChunks) {
  const RunSpec spec = LargeSpec();
  RunWell(spec);
  const auto chunks = std::count_if(sink_.calls.begin(), sink_.calls.end(), [](const auto& call) {
    return call.starts_with("chunk 0/0");
  });
  EXPECT_GE(chunks, 5);
  EXPECT_EQ(sink_.received.at({0, 0}).size(), sink_.model.outputs[0].aligned_size);
  ExpectLargeAnswer();
}

TEST_P(RunnerConformanceTest, GoesBackInTheMiddle) {
  const RunSpec spec = LargeSpec();
  sink_.rewind_after = {{2 * kChunk, 0}, {4 * kChunk, kChunk + 5}};
  RunWell(spec);
  EXPECT_THAT(sink_.rewind_after, IsEmpty());
  ExpectLargeAnswer();
  const auto valid = sink_.ValidBytes(0);
  EXPECT_EQ(sink_.ends.at({0, 0}).valid_digest, XXH3_64bits(valid.data(), valid.size()));
}

TEST_P(RunnerConformanceTest, GoesBackAtTheEnd) {
  const RunSpec spec = LargeSpec();
  sink_.rewind_at_end = kChunk;
  RunWell(spec);
  EXPECT_EQ(std::count(sink_.calls.begin(), sink_.calls.end(), "end 0/0"), 2);
  ExpectLargeAnswer();
}

TEST_P(RunnerConformanceTest, ErrorsOfTheSinkStopTheRun) {
  RunSpec spec = SmallSpec();
  spec.probe = true;
  for (const std::string where :
       {"model", "probe", "invoke 0", "chunk 0/0", "end 0/0", "end 0/1"}) {
    CollectingSink sink;
    sink.on_call = [&](const std::string& call) {
      return call.starts_with(where) ? DataLossError("enough").WithReason("mine") : OkStatus();
    };
    const Status status = RunnerFor(spec).Run(spec, sink, cancel_);
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << where;
    EXPECT_EQ(status.reason(), "mine") << where;
    EXPECT_TRUE(sink.calls.back().starts_with(where)) << sink.calls.back();
  }
  RunWell(spec);
  EXPECT_EQ(sink_.ValidBytes(0), problem().Output(0, SmallPicture()));
}

TEST_P(RunnerConformanceTest, DoesNothingWhenCancelledBefore) {
  cancel_.Cancel(CancelledError("no more").WithReason(kReasonCancelled));
  EXPECT_EQ(Run(SmallSpec()).message(), "no more");
  EXPECT_THAT(sink_.calls, IsEmpty());
}

TEST_P(RunnerConformanceTest, StopsWithinASecondWhenCancelled) {
  const RunSpec spec = LargeSpec();
  steady_clock::time_point cancelled;
  sink_.on_call = [&](const std::string& call) {
    if (call.starts_with("chunk 0/0")) {
      cancelled = steady_clock::now();
      cancel_.Cancel(CancelledError("no more"));
    }
    return OkStatus();
  };
  const Status status = Run(spec);
  EXPECT_LT(steady_clock::now() - cancelled, std::chrono::seconds(1));
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_EQ(status.message(), "no more");
  EXPECT_TRUE(sink_.calls.back().starts_with("chunk 0/0")) << sink_.calls.back();
}

TEST_P(RunnerConformanceTest, RefusesInputsOfAnotherSize) {
  if (!GetParam().computes) {
    GTEST_SKIP() << "a recording does not read inputs";
  }
  for (const size_t size : {0U, 17U, 65U}) {
    const RunSpec spec = SpecFor(kSmallRows, kSmallColumns, std::vector<uint8_t>(size, 1));
    EXPECT_EQ(Run(spec).reason(), kReasonInputRefused) << size;
  }
  RunSpec spec = SmallSpec();
  spec.inputs.push_back(spec.inputs[0]);
  EXPECT_EQ(Run(spec).reason(), kReasonInputRefused);
  EXPECT_EQ(sink_.ends.size(), 0U);
}

TEST_P(RunnerConformanceTest, RefusesWhatIsNoModelAndGoesOn) {
  if (!GetParam().computes) {
    GTEST_SKIP() << "a recording does not read the model";
  }
  RunSpec broken = SmallSpec();
  const Buffer model = ReadFile(broken.model.path).value();
  const auto bytes = problem().Damaged({model.span().begin(), model.span().end()});
  for (const auto& content : {bytes, std::vector<uint8_t>{}, std::vector<uint8_t>(100, 7)}) {
    broken.model.path = Write("broken.img", content);
    const Status status = Run(broken);
    EXPECT_EQ(status.reason(), kReasonModelRefused) << status.ToString();
  }
  broken.model.path = folder_.path() / "absent.img";
  EXPECT_EQ(Run(broken).reason(), kReasonModelRefused);
  RunWell(SmallSpec());
}

}  // namespace
}  // namespace plumb::test
