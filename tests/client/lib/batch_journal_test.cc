// The journal of a batch: what is read back, what is passed over, what is refused.
#include "client/lib/batch_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/lib/batch_report.h"
#include "common/base/file.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using testing::HasSubstr;

const std::string kDigest(64, 'a');

JournalEntry Entry(size_t index, int exit_code, analysis::Verdict verdict) {
  JournalEntry entry;
  entry.outcome.index = index;
  entry.outcome.exit_code = exit_code;
  entry.outcome.verdict = verdict;
  entry.outcome.board = "camera";
  entry.outcome.run_id = "run-" + std::to_string(index);
  entry.outcome.report_json = R"({"verdict":"match","line":"a\nb"})";
  entry.sources = {kDigest};
  return entry;
}

class BatchJournalTest : public testing::Test {
 protected:
  auto Open(const std::string& key = "key", size_t count = 5) {
    return BatchJournal::Open(path_, key, count);
  }

  TempFolder folder_ = *TempFolder::Create("plumb-journal-");
  const std::filesystem::path path_ = folder_.path() / "journal";
};

TEST_F(BatchJournalTest, WhatWasWrittenIsReadBackByTheNextCommand) {
  {
    auto journal = Open();
    ASSERT_TRUE(journal.ok()) << journal.status().ToString();
    ASSERT_TRUE((*journal)->Append(Entry(3, 1, analysis::Verdict::kMismatch)).ok());
    ASSERT_TRUE((*journal)->Append(Entry(0, 0, analysis::Verdict::kMatch)).ok());
  }
  auto journal = Open();
  ASSERT_TRUE(journal.ok()) << journal.status().ToString();
  EXPECT_EQ((*journal)->size(), 2U);
  const auto entry = (*journal)->Read(3);
  ASSERT_TRUE(entry.ok() && *entry);
  EXPECT_EQ((*entry)->outcome.exit_code, 1);
  EXPECT_EQ((*entry)->outcome.verdict, analysis::Verdict::kMismatch);
  EXPECT_EQ((*entry)->outcome.run_id, "run-3");
  EXPECT_EQ((*entry)->sources, std::vector<std::string>{kDigest});
  EXPECT_EQ(nlohmann::json::parse((*entry)->outcome.report_json)["line"], "a\nb");
  EXPECT_FALSE(*(*journal)->Read(1));
}

TEST_F(BatchJournalTest, ALineCutOffByACrashIsPassedOverAndWrittenOver) {
  {
    auto journal = Open();
    ASSERT_TRUE((*journal)->Append(Entry(0, 0, analysis::Verdict::kMatch)).ok());
    ASSERT_TRUE((*journal)->Append(Entry(1, 0, analysis::Verdict::kMatch)).ok());
  }
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 20);
  {
    auto journal = Open();
    ASSERT_TRUE(journal.ok()) << journal.status().ToString();
    EXPECT_TRUE((*journal)->Has(0));
    EXPECT_FALSE((*journal)->Has(1));
    ASSERT_TRUE((*journal)->Append(Entry(2, 0, analysis::Verdict::kMatch)).ok());
  }
  auto journal = Open();
  EXPECT_TRUE((*journal)->Has(0) && (*journal)->Has(2) && !(*journal)->Has(1));
}

TEST_F(BatchJournalTest, ALaterLineOfAnInputReplacesTheEarlierOne) {
  {
    auto journal = Open();
    ASSERT_TRUE((*journal)->Append(Entry(0, 3, analysis::Verdict::kNotCompared)).ok());
    ASSERT_TRUE((*journal)->Append(Entry(0, 0, analysis::Verdict::kMatch)).ok());
  }
  auto journal = Open();
  EXPECT_EQ((*journal)->size(), 1U);
  EXPECT_EQ((**(*journal)->Read(0)).outcome.exit_code, 0);
}

TEST_F(BatchJournalTest, TheJournalOfAnotherBatchIsRefused) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Open("other").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Open("key", 6).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Open().ok());
}

TEST_F(BatchJournalTest, WhatIsNoJournalIsRefusedAndLeftAsItIs) {
  for (const std::string text : {"hello\n", "hello", "{}\n", "[1,2]\n", "{\"schema\":7}\n"}) {
    ASSERT_TRUE(WriteFileAtomically(path_, std::string_view(text)).ok());
    const Status status = Open().status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ReadFile(path_)->view(), text);
  }
}

TEST_F(BatchJournalTest, LinesThatAreNoEntriesCountForNothing) {
  { ASSERT_TRUE(Open().ok()); }
  const std::string head(ReadFile(path_)->view());
  const std::string good =
      R"({"index":1,"verdict":"match","exit_code":0,"board":"b","run":"r","losses":0,"sources":[],"comparison":null})";
  std::string text = head;
  for (
      const char* line :
      {"",
       "nonsense",
       "{}",
       "[]",
       R"({"index":5,"verdict":"match","exit_code":0,"losses":0,"comparison":null})",
       R"({"index":-1,"verdict":"match","exit_code":0,"losses":0,"comparison":null})",
       R"({"index":2,"verdict":"good","exit_code":0,"losses":0,"comparison":null})",
       R"({"index":2,"verdict":"match","exit_code":900,"losses":0,"comparison":null})",
       R"({"index":2,"verdict":"match","exit_code":0,"losses":0,"sources":["x"],"comparison":null})"}) {
    text += std::string(line) + "\n";
  }
  ASSERT_TRUE(WriteFileAtomically(path_, std::string_view(text + good + "\n")).ok());
  auto journal = Open();
  ASSERT_TRUE(journal.ok()) << journal.status().ToString();
  EXPECT_EQ((*journal)->size(), 1U);
  EXPECT_TRUE((*journal)->Has(1));
}

TEST_F(BatchJournalTest, TwoCommandsCannotShareOne) {
  const auto first = Open();
  ASSERT_TRUE(first.ok());
  const Status second = Open().status();
  EXPECT_EQ(second.code(), StatusCode::kUnavailable);
  EXPECT_THAT(second.message(), HasSubstr("another plumb"));
}

TEST_F(BatchJournalTest, TheDocumentHoldsEveryInputInOrder) {
  auto journal = Open("key", 3);
  BatchTally tally(3);
  for (const size_t index : {size_t{2}, size_t{0}}) {
    const JournalEntry entry =
        Entry(index,
              index == 2 ? 1 : 0,
              index == 2 ? analysis::Verdict::kMismatch : analysis::Verdict::kMatch);
    ASSERT_TRUE((*journal)->Append(entry).ok());
    tally.Add(entry.outcome, false);
  }
  const std::vector<std::vector<std::string>> files = {{"a"}, {"b"}, {"c", "d"}};
  BatchDocument document;
  document.tally = &tally;
  document.files = &files;
  document.journal = journal->get();
  std::string text;
  ASSERT_TRUE(WriteBatchDocument(document, [&text](std::string_view piece) {
                text += piece;
                return OkStatus();
              }).ok());
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["schema"], "plumb.batch/1");
  EXPECT_EQ(json["exit_code"], 1);
  EXPECT_EQ(json["summary"]["not_run"], 1);
  ASSERT_EQ(json["comparisons"].size(), 3U);
  EXPECT_EQ(json["comparisons"][0]["verdict"], "match");
  EXPECT_EQ(json["comparisons"][0]["comparison"]["line"], "a\nb");
  EXPECT_EQ(json["comparisons"][1]["verdict"], "not_run");
  EXPECT_TRUE(json["comparisons"][1]["exit_code"].is_null());
  EXPECT_EQ(json["comparisons"][2]["files"][1], "d");
}

TEST(BatchReportTest, TheExitCodeFollowsTheOrderOfTheManual) {
  const std::vector<int> order = {70, 2, 3, 4, 6, 1, 5, 0};
  for (size_t i = 0; i < order.size(); ++i) {
    for (size_t j = i; j < order.size(); ++j) {
      EXPECT_EQ(DecidingExitCode(order[i], order[j]), order[i]);
      EXPECT_EQ(DecidingExitCode(order[j], order[i]), order[i]);
    }
  }
}

TEST(BatchReportTest, ABatchWithoutAnyInputJudgedIsNoMatch) {
  EXPECT_EQ(BatchTally(3).exit_code(), 5);
}

}  // namespace
}  // namespace plumb::client
