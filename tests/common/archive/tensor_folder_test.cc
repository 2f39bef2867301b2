// A folder that a lab script wrote by hand.
#include "common/archive/tensor_folder.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/archive/recorded_runner.h"
#include "common/archive/valid_digest.h"
#include "common/base/file.h"

namespace plumb::archive {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kText = R"({"schema": "plumb.tensors/1", "source": "lab", "sdk": "S6.1",
  "invoke_ms": [1.5], "outputs": [
    {"name": "scores", "element_type": "s16", "shape": [2, 3], "inner_stride": 8, "scale": 0.5},
    {"name": "mean", "element_type": "f32", "shape": [1]}]})";

class TensorFolderTest : public testing::Test {
 protected:
  TensorFolderTest() : folder_(TempFolder::Create("plumb-tensors-").value()) {
    // Rows of 3 INT16, 8 bytes apart; 77 is padding.
    Write("output_00.raw", {1, 0, 2, 0, 3, 0, 77, 77, 4, 0, 5, 0, 6, 0, 77, 77});
    Write("output_01.raw", {0, 0, 0xC0, 0x3F});
    Describe(kText);
  }

  void Write(const std::string& name, const std::vector<uint8_t>& bytes) {
    ASSERT_TRUE(WriteFileAtomically(path() / name, std::span<const uint8_t>(bytes)).ok());
  }

  void Describe(const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(path() / kTensorsFile, text).ok());
  }

  std::string ComplaintWith(const std::string& from, const std::string& to) {
    std::string text = kText;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    Describe(text);
    const auto read = ReadTensorFolder(path());
    EXPECT_FALSE(read.ok());
    return read.status().message();
  }

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TempFolder folder_;
};

TEST_F(TensorFolderTest, IsReadWithoutItsPadding) {
  ASSERT_TRUE(IsTensorFolder(path()));
  const auto open = OpenTensorFolder(path());
  ASSERT_TRUE(open.ok()) << open.status().ToString();
  EXPECT_EQ(open->recording.identity.source, "lab");
  EXPECT_EQ(open->recording.model.sdk, "S6.1");
  ASSERT_EQ(open->outputs.size(), 2U);
  EXPECT_EQ(open->outputs[0].desc.aligned_size, 16U);
  EXPECT_THAT(*RealValues(open->outputs[0]), ElementsAre(0.5, 1, 1.5, 2, 2.5, 3));
  EXPECT_THAT(*RealValues(open->outputs[1]), ElementsAre(1.5));
  const std::vector<uint8_t> valid = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0};
  EXPECT_EQ(open->recording.outputs[0].valid_digest, ValidDigestOf({1, 12, 12}, valid));
}

TEST_F(TensorFolderTest, SizesAreHeldAgainstTheFiles) {
  EXPECT_THAT(ComplaintWith("\"scale\": 0.5", "\"aligned_size\": 64"),
              HasSubstr("has 16 bytes, tensors.json says 64"));
  EXPECT_THAT(ComplaintWith("\"shape\": [2, 3]", "\"shape\": [3, 3]"), HasSubstr("output_00.raw"));
  EXPECT_THAT(ComplaintWith("\"shape\": [1]", "\"shape\": [2]"), HasSubstr("output_01.raw"));
  EXPECT_THAT(ComplaintWith("\"inner_stride\": 8", "\"inner_stride\": 5"), HasSubstr("scores"));
  std::filesystem::remove(path() / "output_01.raw");
  Describe(kText);
  EXPECT_THAT(ReadTensorFolder(path()).status().message(), HasSubstr("output_01.raw"));
}

TEST_F(TensorFolderTest, KeysAreChecked) {
  EXPECT_THAT(ComplaintWith("plumb.tensors/1", "plumb.tensors/9"), HasSubstr("schema"));
  EXPECT_THAT(ComplaintWith("\"name\": \"scores\", ", ""), HasSubstr("name"));
  EXPECT_THAT(ComplaintWith("\"scores\"", "\"a\\u0007b\""), HasSubstr("name"));
  EXPECT_THAT(ComplaintWith("\"s16\"", "\"s17\""), HasSubstr("element_type"));
  EXPECT_THAT(ComplaintWith("[2, 3]", "[2, -3]"), HasSubstr("-3"));
  EXPECT_THAT(ComplaintWith("0.5", "-0.5"), HasSubstr("scale"));
}

// What the board's tool left becomes a leg of a run like any other.
TEST_F(TensorFolderTest, IsReplayedIntoARecording) {
  const auto runner = RecordedRunner::Open(path());
  ASSERT_TRUE(runner.ok()) << runner.status().ToString();
  const auto writer = RecordingWriter::Create(path() / "leg", {"board", "", {}, "lab"});
  ASSERT_TRUE(writer.ok());
  const Status status = (*runner)->Run({}, **writer, CancelToken());
  ASSERT_TRUE(status.ok()) << status.ToString();
  ASSERT_TRUE((*writer)->Finish().ok());
  const auto leg = ReadRecording(path() / "leg");
  ASSERT_TRUE(leg.ok()) << leg.status().ToString();
  EXPECT_THAT(*RealValues(leg->outputs[0]), ElementsAre(0.5, 1, 1.5, 2, 2.5, 3));
}

TEST_F(TensorFolderTest, LinksAreRefused) {
  std::filesystem::rename(path() / "output_00.raw", path() / "elsewhere");
  std::filesystem::create_symlink(path() / "elsewhere", path() / "output_00.raw");
  EXPECT_THAT(ReadTensorFolder(path()).status().message(), HasSubstr("is a link"));
}

TEST_F(TensorFolderTest, TheWritersErrorIsToldInItsWords) {
  Describe(R"({"schema": "plumb.tensors/1", "error":
      {"kind": "model_refused", "message": "no such model", "hint": "make one"}})");
  const auto folder = ReadTensorFolder(path());
  ASSERT_TRUE(folder.ok()) << folder.status().ToString();
  EXPECT_EQ(folder->error.kind, "model_refused");
  const auto open = OpenTensorFolder(path());
  EXPECT_EQ(open.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(open.status().message(), HasSubstr("no such model"));
  EXPECT_EQ(open.status().hint(), "make one");
}

}  // namespace
}  // namespace plumb::archive
