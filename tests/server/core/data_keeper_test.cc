// The keeper on a real folder, with a clock and a store that the tests turn.
#include "server/core/data_keeper.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/archive/run_folder.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "server/core/request_json.h"
#include "server/core/scrub_record.h"
#include "server/core/use_guard.h"
#include "tests/server/core/fakes.h"

namespace plumb::server {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

constexpr hours kDay{24};

class DataKeeperTest : public testing::Test {
 protected:
  // A file of those bytes among the uploaded ones.
  Artifact Put(std::string_view bytes) {
    Artifact artifact{{}, Sha256Hex(AsBytes(bytes)), bytes.size()};
    auto upload = data_.blobs().BeginUpload(artifact);
    EXPECT_TRUE(upload.ok() && upload->Append(AsBytes(bytes)).ok() && upload->Commit().ok());
    return artifact;
  }

  // A finished run's folder, of a board that recorded `model`.
  void AddRun(const std::string& name, const std::string& model = "") {
    auto writer = archive::RunFolderWriter::Create(data_.runs() / name);
    ASSERT_TRUE(writer.ok());
    if (!model.empty()) {
      archive::RecordingIdentity identity;
      identity.source = "board cam";
      identity.model_sha256 = model;
      auto leg =
          archive::RecordingWriter::Create(writer->LegFolder(analysis::Role::kTarget), identity);
      ASSERT_TRUE(leg.ok());
      test::FakeRunner board;
      board.outputs = {test::MakeOutput("out", {7})};
      ASSERT_TRUE(board.Run({}, **leg, {}).ok());
      ASSERT_TRUE((*leg)->Finish().ok());
    }
    ASSERT_TRUE(writer->Commit({name, "", 0, 0}, {}).ok());
  }

  // A run that waits in the store.
  void Queue(const std::string& id, const Artifact& model, const std::string& reference = "") {
    RunRequest request;
    request.model = model;
    request.inputs = {model};
    request.owner = "ann";
    if (!reference.empty()) {
      request.reference = {ReferenceKind::kRecordedRun, reference};
    }
    store::RunRecord record;
    record.id = id;
    record.submission.request = RequestToJson(request);
    queue_.push_back(record);
  }

  // A pass `later` than now.
  DataKeeperCounts Pass(hours later, DataKeeperOptions options) {
    options.now_ms = [later] { return UnixMs() + std::chrono::milliseconds(later).count(); };
    DataKeeper keeper(
        &data_,
        [this] {
          if (asked_) {
            asked_();
          }
          return answer_.ok() ? Result<std::vector<store::RunRecord>>(queue_) : answer_;
        },
        options);
    result_ = keeper.RunOnce();
    return keeper.counts();
  }

  static DataKeeperOptions Age(int days) {
    DataKeeperOptions options;
    options.retention.age = days * kDay;
    return options;
  }

  static int64_t UnixMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  [[nodiscard]] bool Has(const Artifact& file) const { return data_.blobs().Find(file).ok(); }

  [[nodiscard]] bool HasRun(const std::string& name) const {
    return archive::IsRunFolder(data_.runs() / name);
  }

  TempFolder folder_ = *TempFolder::Create("plumb-keeper-");
  DataFolder data_ = *DataFolder::Open(folder_.path());
  std::vector<store::RunRecord> queue_;
  Status answer_;
  std::function<void()> asked_;
  Status result_;
};

TEST_F(DataKeeperTest, OldRunsAndFilesGoAndAreCounted) {
  const Artifact model = Put("abc");
  AddRun("20260101-000000-aaaaaa", model.sha256);
  EXPECT_EQ(Pass(kDay, Age(2)).removed_runs, 0U);
  const DataKeeperCounts counts = Pass(3 * kDay, Age(2));
  EXPECT_EQ(counts.removed_runs, 1U);
  EXPECT_EQ(counts.removed_files, 1U);
  EXPECT_GT(counts.removed_bytes, 3U);
  EXPECT_FALSE(Has(model));
  EXPECT_TRUE(fs::is_empty(data_.runs())) << "nothing half-removed either";
}

TEST_F(DataKeeperTest, WhatAnUnfinishedRunNeedsStays) {
  const Artifact model = Put("abc");
  const Artifact other = Put("def");
  AddRun("reference");
  AddRun("live");
  AddRun("live-attempt2");
  AddRun("over");
  Queue("live", model, "reference");
  DataKeeperOptions options = Age(2);
  options.retention.size = 0;
  Pass(300 * kDay, options);
  EXPECT_TRUE(Has(model));
  EXPECT_FALSE(Has(other));
  EXPECT_TRUE(HasRun("reference"));
  EXPECT_TRUE(HasRun("live"));
  EXPECT_TRUE(HasRun("live-attempt2"));
  EXPECT_FALSE(HasRun("over"));
}

TEST_F(DataKeeperTest, APinnedRunStaysWithItsModelUntilItIsUnpinned) {
  const Artifact model = Put("abc");
  AddRun("r", model.sha256);
  ASSERT_TRUE(WriteFileAtomically(data_.runs() / "r" / "pinned", "").ok());
  Pass(300 * kDay, Age(2));
  EXPECT_TRUE(HasRun("r"));
  EXPECT_TRUE(Has(model));
  fs::remove(data_.runs() / "r" / "pinned");
  Pass(300 * kDay, Age(2));
  EXPECT_FALSE(HasRun("r"));
  EXPECT_FALSE(Has(model));
}

TEST_F(DataKeeperTest, WithoutTheStoresAnswerNothingGoes) {
  const Artifact model = Put("abc");
  answer_ = UnavailableError("no database");
  Pass(300 * kDay, Age(2));
  EXPECT_EQ(result_.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(Has(model));
  answer_ = OkStatus();
  store::RunRecord strange;
  strange.submission.request = "{\"of\": \"the future\"}";
  queue_.push_back(strange);
  Pass(300 * kDay, Age(2));
  EXPECT_FALSE(result_.ok());
  EXPECT_TRUE(Has(model)) << "that run may need anything";
}

// Another server is asked for a file while this one decides: the mark comes too late for the list,
// in time for the removal.
TEST_F(DataKeeperTest, AMarkBetweenDecisionAndRemovalSavesTheFile) {
  const Artifact model = Put("abc");
  const int64_t before = *LastUsedMs(data_.blobs().PathOf(model.sha256)) + 1;
  ASSERT_TRUE(data_.blobs().Use(model).ok());
  // As it would be with a clock of finer grain than the test's steps.
  while (*LastUsedMs(data_.blobs().PathOf(model.sha256)) < before) {
    ASSERT_TRUE(data_.blobs().Use(model).ok());
  }
  EXPECT_EQ(*data_.blobs().RemoveUnused(model.sha256, before), false);
  EXPECT_TRUE(Has(model));
  EXPECT_EQ(*data_.blobs().RemoveUnused(model.sha256, before + 3'600'000), true);
  EXPECT_EQ(data_.blobs().Use(model).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(*data_.blobs().RemoveUnused(model.sha256, before + 3'600'000), false) << "gone already";
}

TEST_F(DataKeeperTest, ARunThatServesAsReferenceIsYoungAgain) {
  AddRun("r");
  const fs::path path = data_.runs() / "r";
  fs::last_write_time(path, fs::file_time_type::clock::now() - 9 * kDay);
  ASSERT_TRUE(data_.UseRun(path).ok());
  Pass(hours(0), Age(2));
  EXPECT_TRUE(HasRun("r"));
  fs::last_write_time(path, fs::file_time_type::clock::now() - 9 * kDay);
  Pass(hours(0), Age(2));
  EXPECT_FALSE(HasRun("r"));
  EXPECT_EQ(data_.UseRun(path).code(), StatusCode::kNotFound);
}

TEST_F(DataKeeperTest, OneOfSeveralServersKeepsTheFolder) {
  const Artifact model = Put("abc");
  DataKeeperCounts others;
  asked_ = [&] {
    const auto first = std::exchange(asked_, nullptr);
    others = Pass(300 * kDay, Age(2));
    EXPECT_TRUE(result_.ok()) << "no error, and nothing to do";
  };
  EXPECT_EQ(Pass(300 * kDay, Age(2)).removed_files, 1U);
  EXPECT_EQ(others.removed_files, 0U);
}

TEST_F(DataKeeperTest, ADamagedFileIsMovedAsideAndComesAnew) {
  const Artifact whole = Put("abc");
  const Artifact flipped = Put("def");
  std::ofstream(data_.blobs().PathOf(flipped.sha256)) << "deg";
  DataKeeperOptions options;
  options.scrub = 7 * kDay;
  const DataKeeperCounts counts = Pass(hours(0), options);
  EXPECT_EQ(counts.scrubbed_files, 2U);
  EXPECT_EQ(counts.damaged_files, 1U);
  EXPECT_TRUE(Has(whole));
  EXPECT_FALSE(Has(flipped)) << "so that a client uploads it again";
  EXPECT_EQ(ReadFile(data_.damaged() / flipped.sha256)->view(), "deg");
  Put("def");
  EXPECT_TRUE(Has(flipped));
}

TEST_F(DataKeeperTest, AFileIsReadAgainOnceItIsDue) {
  Put("abc");
  DataKeeperOptions options;
  options.scrub = 7 * kDay;
  EXPECT_EQ(Pass(hours(0), options).scrubbed_files, 1U) << "nobody knows when it was read last";
  EXPECT_EQ(Pass(6 * kDay, options).scrubbed_files, 0U) << "remembered by the folder";
  EXPECT_EQ(Pass(8 * kDay, options).scrubbed_files, 1U);
}

TEST(ScrubRecordTest, TheLongestAgoIsFirstAndWhatCannotBeReadIsDue) {
  const TempFolder folder = *TempFolder::Create("plumb-scrub-");
  const std::string a(64, 'a');
  const std::string b(64, 'b');
  const std::string c(64, 'c');
  ASSERT_TRUE(
      WriteFileAtomically(folder.path() / "s", a + " 500\n" + b + " 300\nnonsense 7\n").ok());
  ScrubRecord record = ScrubRecord::Load(folder.path() / "s");
  const std::vector<std::string> all = {a, b, c};
  EXPECT_THAT(record.Due(all, 501), testing::ElementsAre(c, b, a));
  EXPECT_THAT(record.Due(all, 500), testing::ElementsAre(c, b));
  record.Set(c, 900);
  record.KeepOnly(std::vector<std::string>{b, c});
  ASSERT_TRUE(record.Save(folder.path() / "s").ok());
  EXPECT_EQ(ReadFile(folder.path() / "s")->view(), b + " 300\n" + c + " 900\n");
}

}  // namespace
}  // namespace plumb::server
