#include "common/archive/recorded_runner.h"

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/runner/failure.h"
#include "tests/common/archive/legs.h"

namespace plumb::archive {
namespace {

// Keeps what it is told; asks once for output 1 from byte 5 again.
class KeepingSink : public TensorSink {
 public:
  Status OnModel(const ModelInfo& info) override {
    model = info;
    bytes.resize(info.outputs.size());
    return OkStatus();
  }

  Status OnProbe(const std::vector<uint64_t>& digests, bool input_was_zero) override {
    probe = digests;
    probe_was_zero = input_was_zero;
    return OkStatus();
  }

  Status OnInvoke(const InvokeInfo& info) override {
    invokes.push_back(info.invoke_ms);
    return OkStatus();
  }

  Result<uint64_t> OnChunk(uint32_t repetition,
                           uint32_t index,
                           uint64_t offset,
                           const Buffer& chunk) override {
    EXPECT_EQ(repetition, 0U);
    bytes.at(index).resize(offset);
    bytes.at(index) += chunk.view();
    return offset + chunk.size();
  }

  Result<uint64_t> OnTensorEnd(const TensorEnd& end) override {
    if (end.index == 1 && !rewound) {
      rewound = true;
      return uint64_t{5};
    }
    ends.push_back(end);
    return uint64_t{64};
  }

  ModelInfo model;
  std::vector<uint64_t> probe;
  bool probe_was_zero = true;
  std::vector<double> invokes;
  std::vector<std::string> bytes;
  std::vector<TensorEnd> ends;
  bool rewound = false;
};

class RecordedRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::Create("plumb-recorded-");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(*std::move(folder));
    WriteLeg(folder_->path() / "leg", outputs_);
    auto runner = RecordedRunner::Open(folder_->path() / "leg");
    ASSERT_TRUE(runner.ok()) << runner.status().ToString();
    runner_ = *std::move(runner);
    spec_.model.sha256 = kModelSha;
    spec_.inputs.push_back({"", kInputSha, 0});
  }

  std::optional<TempFolder> folder_;
  std::vector<Tensor> outputs_ = {PaddedOutput("boxes", 1), PaddedOutput("scores", 9)};
  std::unique_ptr<RecordedRunner> runner_;
  RunSpec spec_;
};

TEST_F(RecordedRunnerTest, ReplaysTheRecordingAndGoesBackWhenAsked) {
  spec_.probe = true;
  spec_.repetitions = 2;
  KeepingSink sink;
  const Status status = runner_->Run(spec_, sink, {});
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(sink.model.outputs, InfoOf(outputs_).outputs);
  EXPECT_EQ(sink.probe, (std::vector<uint64_t>{5, 5}));
  EXPECT_FALSE(sink.probe_was_zero);
  EXPECT_EQ(sink.invokes, (std::vector<double>{1.25, 0}));
  EXPECT_EQ(sink.bytes.at(0), outputs_[0].bytes.view());
  EXPECT_EQ(sink.bytes.at(1), outputs_[1].bytes.view());
  EXPECT_TRUE(sink.rewound);
  ASSERT_EQ(sink.ends.size(), 4U);
  EXPECT_EQ(sink.ends[3].repetition, 1U);
  EXPECT_EQ(sink.ends[3].valid_digest, PaddedDigest(outputs_[1]));
}

TEST_F(RecordedRunnerTest, RefusesAnotherModelOrInput) {
  KeepingSink sink;
  spec_.model.sha256 = std::string(64, 'c');
  EXPECT_EQ(runner_->Run(spec_, sink, {}).reason(), kReasonWrongModel);
  spec_.model.sha256 = "";
  spec_.inputs[0].sha256 = std::string(64, 'c');
  EXPECT_EQ(runner_->Run(spec_, sink, {}).reason(), kReasonWrongInput);
  spec_.inputs.resize(2);
  EXPECT_EQ(runner_->Run(spec_, sink, {}).reason(), kReasonWrongInput);
  spec_.inputs.clear();
  EXPECT_TRUE(runner_->Run(spec_, sink, {}).ok());
}

TEST_F(RecordedRunnerTest, StopsWhenCancelled) {
  CancelToken cancel;
  cancel.Cancel(CancelledError("enough"));
  KeepingSink sink;
  EXPECT_EQ(runner_->Run(spec_, sink, cancel).code(), StatusCode::kCancelled);
  EXPECT_TRUE(sink.ends.empty());
}

TEST_F(RecordedRunnerTest, RecordsItsOwnReplayTheSame) {
  auto writer = RecordingWriter::Create(folder_->path() / "copy", IdentityNamed("board camera-7"));
  ASSERT_TRUE(writer.ok());
  spec_.probe = true;
  ASSERT_TRUE(runner_->Run(spec_, **writer, {}).ok());
  ASSERT_TRUE((*writer)->Finish().ok());
  EXPECT_EQ(ReadFile(folder_->path() / "copy/recording.json")->view(),
            ReadFile(folder_->path() / "leg/recording.json")->view());
}

}  // namespace
}  // namespace plumb::archive
