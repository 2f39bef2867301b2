#include "common/archive/recording.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/archive/recording_json.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "tests/common/archive/legs.h"

namespace plumb::archive {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RecordingTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::Create("plumb-recording-");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(*std::move(folder));
    leg_ = folder_->path() / "leg";
  }

  std::string Text() {
    auto text = ReadFile(leg_ / "recording.json");
    EXPECT_TRUE(text.ok());
    return text.ok() ? std::string(text->view()) : "";
  }

  // recording.json with `from` replaced by `to`, which must occur.
  Status ReadWith(const std::string& from, const std::string& to) {
    std::string text = Text();
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    EXPECT_TRUE(WriteFileAtomically(leg_ / "recording.json", text).ok());
    return ReadRecording(leg_).status();
  }

  std::optional<TempFolder> folder_;
  fs::path leg_;
  std::vector<Tensor> outputs_ = {PaddedOutput("boxes", 1), PaddedOutput("scores", 9)};
};

TEST_F(RecordingTest, ComesBackAsItWasWritten) {
  WriteLeg(leg_, outputs_);
  auto open = ReadRecording(leg_);
  ASSERT_TRUE(open.ok()) << open.status().ToString();
  const Recording& recording = open->recording;
  EXPECT_EQ(recording.identity.source, "board camera-7");
  EXPECT_EQ(recording.identity.board, "camera-7");
  EXPECT_EQ(recording.identity.model_sha256, kModelSha);
  EXPECT_EQ(recording.identity.input_sha256, std::vector<std::string>{kInputSha});
  EXPECT_EQ(recording.model.sdk, "virtual IPU S3");
  EXPECT_EQ(recording.model.inputs, InfoOf(outputs_).inputs);
  EXPECT_EQ(recording.model.outputs, InfoOf(outputs_).outputs);
  EXPECT_EQ(recording.invoke_ms, std::vector<double>{1.25});
  EXPECT_EQ(recording.repetitions, 1U);
  EXPECT_EQ(recording.probe_digests, (std::vector<uint64_t>{5, 5}));
  EXPECT_EQ(recording.outputs[1].sha256, Sha256Hex(outputs_[1].bytes.span()));
  EXPECT_EQ(recording.outputs[1].valid_digest, PaddedDigest(outputs_[1]));
  EXPECT_EQ(recording.outputs[1].canary_size, 2U);
  ASSERT_EQ(open->outputs.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(open->outputs[i].bytes.view(), outputs_[i].bytes.view());
  }
}

TEST_F(RecordingTest, IsTheSameTextFromRunToRun) {
  WriteLeg(leg_, outputs_);
  const std::string first = Text();
  fs::remove_all(leg_);
  WriteLeg(leg_, outputs_);
  EXPECT_EQ(Text(), first);
}

TEST_F(RecordingTest, GivesBackCommittedBytesWhileItIsWritten) {
  auto writer = RecordingWriter::Create(leg_, {});
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ((*writer)->committed(0), 0U);
  ASSERT_TRUE((*writer)->OnModel(InfoOf(outputs_)).ok());
  const Buffer& bytes = outputs_[1].bytes;
  ASSERT_EQ(*(*writer)->OnChunk(0, 1, 0, bytes.Slice(0, 40)), 40U);
  EXPECT_EQ((*writer)->committed(0), 0U);
  EXPECT_EQ((*writer)->committed(1), 40U);
  std::vector<uint8_t> back(30);
  ASSERT_TRUE((*writer)->Read(1, 10, back).ok());
  EXPECT_EQ(Buffer::FromVector(back).view(), bytes.Slice(10, 30).view());
  EXPECT_EQ((*writer)->Read(1, 11, back).code(), StatusCode::kOutOfRange);
  EXPECT_EQ((*writer)->Read(7, 0, back).code(), StatusCode::kOutOfRange);
}

TEST_F(RecordingTest, PassesOverBytesItHasAndRefusesAGap) {
  auto writer = RecordingWriter::Create(leg_, {});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->OnModel(InfoOf(outputs_)).ok());
  const Buffer& bytes = outputs_[0].bytes;
  ASSERT_TRUE((*writer)->OnChunk(0, 0, 0, bytes.Slice(0, 40)).ok());
  EXPECT_EQ(*(*writer)->OnChunk(0, 0, 10, bytes.Slice(10, 10)), 20U);
  EXPECT_EQ((*writer)->committed(0), 40U);
  EXPECT_EQ(*(*writer)->OnChunk(0, 0, 30, bytes.Slice(30, 34)), 64U) << "half of it is new";
  EXPECT_TRUE((*writer)->OnTensorEnd({0, 0, PaddedDigest(outputs_[0]), 0}).ok());
  EXPECT_EQ((*writer)->OnChunk(0, 1, 8, bytes.Slice(8, 8)).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ((*writer)->OnChunk(0, 1, 60, bytes.Slice(0, 8)).status().code(),
            StatusCode::kInvalidArgument)
      << "past the end";
  EXPECT_EQ((*writer)->OnChunk(0, 2, 0, bytes).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(RecordingTest, IsNoRecordingUntilItIsFinished) {
  auto writer = RecordingWriter::Create(leg_, {});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->OnModel(InfoOf(outputs_)).ok());
  EXPECT_EQ((*writer)->Finish().code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(fs::exists(leg_ / "recording.json"));
  ASSERT_TRUE((*writer)->OnChunk(0, 0, 0, outputs_[0].bytes.Slice(0, 63)).ok());
  EXPECT_EQ((*writer)->OnTensorEnd({0, 0, PaddedDigest(outputs_[0]), 0}).status().code(),
            StatusCode::kDataLoss)
      << "one byte is missing";
}

TEST_F(RecordingTest, RefusesBytesOfAnotherDigest) {
  auto writer = RecordingWriter::Create(leg_, {});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->OnModel(InfoOf(outputs_)).ok());
  ASSERT_TRUE((*writer)->OnChunk(0, 0, 0, outputs_[0].bytes).ok());
  EXPECT_EQ((*writer)->OnTensorEnd({0, 0, PaddedDigest(outputs_[0]) + 1, 0}).status().code(),
            StatusCode::kDataLoss);
}

TEST_F(RecordingTest, KeepsWhichRepetitionsDiffered) {
  auto writer = RecordingWriter::Create(leg_, {});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(Feed(**writer, outputs_).ok());
  ASSERT_TRUE((*writer)->OnInvoke({1, 2.5}).ok());
  ASSERT_TRUE((*writer)->OnTensorEnd({1, 0, PaddedDigest(outputs_[0]), 0}).ok());
  EXPECT_EQ(*(*writer)->OnChunk(1, 1, 0, outputs_[0].bytes), 64U) << "evidence, not kept";
  ASSERT_TRUE((*writer)->OnTensorEnd({1, 1, PaddedDigest(outputs_[0]), 0}).ok());
  ASSERT_TRUE((*writer)->Finish().ok());
  auto open = ReadRecording(leg_);
  ASSERT_TRUE(open.ok()) << open.status().ToString();
  EXPECT_EQ(open->recording.repetitions, 2U);
  ASSERT_EQ(open->recording.differing.size(), 1U);
  EXPECT_EQ(open->recording.differing[0].index, 1U);
  EXPECT_EQ(open->recording.differing[0].valid_digest, PaddedDigest(outputs_[0]));
  EXPECT_EQ(open->outputs[1].bytes.view(), outputs_[1].bytes.view());
}

TEST_F(RecordingTest, RefusesALaterRepetitionOfAnotherDigest) {
  auto writer = RecordingWriter::Create(leg_, {});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(Feed(**writer, outputs_).ok());
  ASSERT_TRUE((*writer)->OnChunk(1, 1, 0, outputs_[0].bytes).ok());
  EXPECT_EQ((*writer)->OnTensorEnd({1, 1, PaddedDigest(outputs_[1]), 0}).status().code(),
            StatusCode::kDataLoss);
}

TEST_F(RecordingTest, RefusesAFolderWithSomethingInIt) {
  fs::create_directory(leg_);
  ASSERT_TRUE(WriteFileAtomically(leg_ / "notes.txt", "mine").ok());
  EXPECT_EQ(RecordingWriter::Create(leg_, {}).status().code(), StatusCode::kAlreadyExists);
}

TEST_F(RecordingTest, RefusesImpossibleModels) {
  const auto refuses = [this](const ModelInfo& info) {
    fs::remove_all(leg_);
    auto writer = RecordingWriter::Create(leg_, {});
    return writer.ok() && (*writer)->OnModel(info).code() == StatusCode::kInvalidArgument;
  };
  ModelInfo info = InfoOf(outputs_);
  info.outputs[0].name = "a\nb";
  EXPECT_TRUE(refuses(info));
  info = InfoOf(outputs_);
  info.outputs[0].inner_stride = 2;
  EXPECT_TRUE(refuses(info)) << "rows would overlap";
  info = InfoOf(outputs_);
  info.outputs[0].scale = -1;
  EXPECT_TRUE(refuses(info));
  info = InfoOf(outputs_);
  info.outputs.resize(kMaxRecordedTensors + 1, info.outputs[0]);
  EXPECT_TRUE(refuses(info));
}

TEST_F(RecordingTest, FindsATruncatedOrChangedOutput) {
  WriteLeg(leg_, outputs_);
  fs::resize_file(leg_ / "output_01.raw", 63);
  EXPECT_THAT(ReadRecording(leg_).status().message(), HasSubstr("63 bytes"));
  std::string changed(outputs_[1].bytes.view());
  changed[5] = static_cast<char>(changed[5] ^ 1);  // padding counts for the file's identity
  ASSERT_TRUE(WriteFileAtomically(leg_ / "output_01.raw", changed).ok());
  EXPECT_THAT(ReadRecording(leg_).status().message(), HasSubstr("SHA-256"));
  fs::remove(leg_ / "output_01.raw");
  EXPECT_EQ(ReadRecording(leg_).status().code(), StatusCode::kNotFound);
}

TEST_F(RecordingTest, RefusesALinkInPlaceOfAnOutput) {
  WriteLeg(leg_, outputs_);
  fs::rename(leg_ / "output_01.raw", folder_->path() / "elsewhere.raw");
  fs::create_symlink(folder_->path() / "elsewhere.raw", leg_ / "output_01.raw");
  EXPECT_THAT(ReadRecording(leg_).status().message(), HasSubstr("is a link"));
}

TEST_F(RecordingTest, RefusesHostileTexts) {
  const std::vector<std::pair<std::string, std::string>> hostile = {
      {"\"plumb.recording/1\"", "\"plumb.recording/2\""},
      {"\"aligned_size\": 64", "\"aligned_size\": -64"},
      {"\"aligned_size\": 64", "\"aligned_size\": 18446744073709551615"},
      {"\"aligned_size\": 64", "\"aligned_size\": 1e3"},
      {"\"inner_stride\": 8", "\"inner_stride\": 2"},
      {"\"inner_stride\": 8", "\"inner_stride\": 4294967296"},
      {"\"s16\"", "\"s17\""},
      {"\"nhwc\"", "\"chwn\""},
      {"\"boxes\"", "\"b\\u0000x\""},
      {"\"boxes\"", "\"\""},
      {"\"boxes\"", "7"},
      {"\"canary_size\": 2", "\"canary_size\": 13"},
      {"\"repetitions\": 1", "\"repetitions\": 0"},
      {"\"valid_xxh3_64\": [", "\"valid_xxh3_64\": [\"0000000000000000\","},
      {"\"outputs\": [", "\"outputs\": [7,"},
      {"\"scale\": 0.1", "\"scale\": -0.1"},
  };
  for (const auto& [from, to] : hostile) {
    fs::remove_all(leg_);
    WriteLeg(leg_, outputs_);
    EXPECT_EQ(ReadWith(from, to).code(), StatusCode::kInvalidArgument) << from << " -> " << to;
  }
}

TEST_F(RecordingTest, EveryTruncationOfTheTextIsRefused) {
  WriteLeg(leg_, outputs_);
  const std::string text = Text();
  for (size_t size = 0; size + 2 < text.size(); ++size) {
    ASSERT_FALSE(RecordingFromJson(text.substr(0, size)).ok()) << size;
  }
}

TEST_F(RecordingTest, RefusesDeepNesting) {
  const std::string deep = R"({"schema":)" + std::string(100'000, '[');
  EXPECT_FALSE(RecordingFromJson(deep + std::string(100'000, ']') + "}").ok());
  EXPECT_FALSE(RecordingFromJson(deep).ok());
}

}  // namespace
}  // namespace plumb::archive
