#include "common/archive/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/common/archive/legs.h"

namespace plumb::archive {
namespace {

namespace fs = std::filesystem;
using analysis::Role;

class RunFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::Create("plumb-run-");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(*std::move(folder));
    run_ = folder_->path() / "runs/4711";
  }

  RunFolderWriter Create() {
    auto writer = RunFolderWriter::Create(run_);
    EXPECT_TRUE(writer.ok()) << writer.status().ToString();
    return *std::move(writer);
  }

  std::vector<std::string> Entries() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(run_.parent_path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  std::optional<TempFolder> folder_;
  fs::path run_;
  std::vector<Tensor> outputs_ = {PaddedOutput("boxes", 1)};
};

TEST_F(RunFolderTest, AppearsWholeAndComesBack) {
  auto writer = Create();
  WriteLeg(writer.LegFolder(Role::kReference), outputs_);
  WriteLeg(writer.LegFolder(Role::kTarget), outputs_);
  EXPECT_FALSE(fs::exists(run_));
  analysis::ComparisonReport report;
  report.reference.source = "builtin";
  ASSERT_TRUE(writer.Commit({"4711", "net.img", 1000, 2000}, report).ok());
  EXPECT_EQ(Entries(), std::vector<std::string>{"4711"}) << "nothing else is left";
  EXPECT_TRUE(IsRunFolder(run_));
  auto run = ReadRunFolder(run_);
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(run->label.run_id, "4711");
  EXPECT_EQ(run->label.model_name, "net.img");
  EXPECT_EQ(run->label.created_unix_ms, 1000);
  EXPECT_EQ(run->label.finished_unix_ms, 2000);
  EXPECT_EQ(run->report.reference.source, "builtin");
  EXPECT_TRUE(run->has_reference);
  EXPECT_TRUE(run->has_target);
  EXPECT_EQ(*FindLeg(run_, Role::kTarget), run_ / "target");
  EXPECT_EQ(*FindLeg(run_ / "reference", Role::kTarget), run_ / "reference");
  EXPECT_TRUE(ReadRecording(*FindLeg(run_, Role::kReference)).ok());
}

TEST_F(RunFolderTest, VanishesWithoutCommit) {
  {
    auto writer = Create();
    WriteLeg(writer.LegFolder(Role::kTarget), outputs_);
  }
  EXPECT_TRUE(Entries().empty());
}

TEST_F(RunFolderTest, LeavesOutALegThatWasNotFinished) {
  auto writer = Create();
  WriteLeg(writer.LegFolder(Role::kReference), outputs_);
  auto half = RecordingWriter::Create(writer.LegFolder(Role::kTarget), {});
  ASSERT_TRUE(half.ok());
  ASSERT_TRUE((*half)->OnModel(InfoOf(outputs_)).ok());
  ASSERT_TRUE((*half)->OnChunk(0, 0, 0, outputs_[0].bytes).ok());
  analysis::ComparisonReport report;
  report.error = UnavailableError("the board went away").WithReason("agent_lost");
  ASSERT_TRUE(writer.Commit({"4711", "net.img", 1000, 2000}, report).ok());
  EXPECT_FALSE(fs::exists(run_ / "target"));
  auto run = ReadRunFolder(run_);
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_FALSE(run->has_target);
  EXPECT_EQ(run->report.error.reason(), "agent_lost");
  EXPECT_THAT(FindLeg(run_, Role::kTarget).status().message(), testing::HasSubstr("no target leg"));
}

TEST_F(RunFolderTest, NeverReplacesARun) {
  auto writer = Create();
  auto rival = Create();
  ASSERT_TRUE(rival.Commit({"first", "", 0, 0}, {}).ok());
  EXPECT_EQ(writer.Commit({"second", "", 0, 0}, {}).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(RunFolderWriter::Create(run_).status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadRunFolder(run_)->label.run_id, "first");
}

TEST_F(RunFolderTest, RemovesWhatACrashedWriterLeft) {
  fs::create_directories(run_.parent_path() / "4711.abc.part/target");
  fs::create_directories(run_.parent_path() / "4712");
  ASSERT_TRUE(RemoveUnfinishedRuns(run_.parent_path()).ok());
  EXPECT_EQ(Entries(), std::vector<std::string>{"4712"});
}

TEST_F(RunFolderTest, SaysWhatAFolderIsNot) {
  fs::create_directories(run_);
  EXPECT_THAT(FindLeg(run_, Role::kTarget).status().message(),
              testing::HasSubstr("neither a recorded run nor one of its legs"));
  ASSERT_TRUE(WriteFileAtomically(run_ / "run.json", R"({"schema":"other/1"})").ok());
  EXPECT_EQ(ReadRunFolder(run_).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb::archive
