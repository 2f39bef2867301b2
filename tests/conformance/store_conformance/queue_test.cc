#include <functional>

#include "tests/conformance/store_conformance/fixture.h"

namespace plumb::test {
namespace {

using store::RunPhase;
using store::Service;

class QueueTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(Engines,
                         QueueTest,
                         ::testing::Values("sqlite", "postgresql"),
                         [](const auto& parameter) { return parameter.param; });

store::Submission Request(const std::string& key) {
  store::Submission submission;
  submission.client = "client";
  submission.key = key;
  submission.owner = "ann";
  submission.request = "{}";
  return submission;
}

TEST_P(QueueTest, ARunComesBackAsItWasSubmitted) {
  store::Submission submission = Request("k");
  submission.tags = "S6 && !slow";
  submission.request = "{\"quote\":\"it's \\\"fine\\\"\"}";
  submission.priority = -7;
  submission.max_attempts = 3;
  const auto id = store_->Submit(submission);
  ASSERT_TRUE(id.ok()) << id.status().ToString();
  const store::RunRecord run = Run(*id);
  EXPECT_EQ(run.id, *id);
  EXPECT_EQ(run.phase, RunPhase::kQueued);
  EXPECT_EQ(run.submission.tags, submission.tags);
  EXPECT_EQ(run.submission.request, submission.request);
  EXPECT_EQ(run.submission.priority, -7);
  EXPECT_EQ(run.submission.max_attempts, 3U);
  EXPECT_EQ(run.attempt, 0U);
  EXPECT_EQ(run.submitted_ms, 1'763'800'000'000);
}

TEST_P(QueueTest, TheUnfinishedOnesAreThoseThatWaitOrRun) {
  EXPECT_TRUE(store_->Unfinished()->empty());
  Announce("cam");
  const std::string over = Submit("over");
  ASSERT_TRUE(store_->Finish(Claim()->lease, "match", "").ok());
  const std::string cancelled = Submit("cancelled");
  ASSERT_TRUE(store_->Cancel(cancelled, "ann").ok());
  const std::string running = Submit("running");
  ASSERT_EQ(Claim()->run.id, running);
  const std::string queued = Submit("queued");
  const auto unfinished = store_->Unfinished();
  ASSERT_TRUE(unfinished.ok()) << unfinished.status().ToString();
  ASSERT_EQ(unfinished->size(), 2U);
  EXPECT_EQ(unfinished->front().id, running);
  EXPECT_EQ(unfinished->front().phase, RunPhase::kRunning);
  EXPECT_EQ(unfinished->back().id, queued);
  EXPECT_EQ(unfinished->back().submission.request, Run(queued).submission.request);
}

TEST_P(QueueTest, TheSameRequestAgainIsTheSameRun) {
  const std::string id = Submit("k");
  EXPECT_EQ(Submit("k"), id);
  EXPECT_EQ(store_->Runs(10)->size(), 1U);
  store::Submission other = Request("k");
  other.request = "{\"key\":\"another\"}";
  EXPECT_EQ(store_->Submit(other).status().code(), StatusCode::kAlreadyExists);
  other.client = "somebody else";
  EXPECT_TRUE(store_->Submit(other).ok());
}

TEST_P(QueueTest, ItsNameMayBeGivenAndItsPatienceEnds) {
  store::Submission submission = Request("k");
  submission.id = "20260101-000000-abcdef";
  submission.patience = seconds(60);
  EXPECT_EQ(*store_->Submit(submission), submission.id);
  submission.id = "20260101-000000-fedcba";
  EXPECT_EQ(*store_->Submit(submission), "20260101-000000-abcdef") << "the same request";
  EXPECT_EQ(Run("20260101-000000-abcdef").submission.patience, seconds(60));
  const std::string patient = Submit("other");
  Advance(seconds(59));
  EXPECT_TRUE(store_->Reap()->empty());
  Advance(seconds(1));
  const auto expired = store_->Reap();
  ASSERT_EQ(expired->size(), 1U);
  EXPECT_EQ(expired->front().lease.run_id, "20260101-000000-abcdef");
  EXPECT_EQ(expired->front().lease.board, "");
  EXPECT_FALSE(expired->front().queued_again);
  EXPECT_EQ(Run("20260101-000000-abcdef").phase, RunPhase::kFinished);
  EXPECT_EQ(Run("20260101-000000-abcdef").outcome, "no_board");
  EXPECT_EQ(Run(patient).phase, RunPhase::kQueued);
}

TEST_P(QueueTest, ManyAreFoundAtOnce) {
  const std::string a = Submit("a");
  Submit("b");
  const std::string c = Submit("c");
  const auto found = store_->FindAll(std::vector<std::string>{c, "no such run", a});
  ASSERT_EQ(found->size(), 2U);
  EXPECT_NE(found->front().id == a, found->back().id == a);
  EXPECT_NE(found->front().id == c, found->back().id == c);
  EXPECT_TRUE(store_->FindAll({})->empty());
}

TEST_P(QueueTest, BoardsThatMatchAreCountedWithoutARun) {
  Announce("cam-1", {"S6"});
  Announce("cam-2", {"S3"});
  EXPECT_EQ(store_->Match("S6 || S3")->idle, 2U);
  EXPECT_EQ(store_->Match("S6")->reason, "1 board matches: 1 idle");
  EXPECT_EQ(store_->Match("S9")->reason, "no board matches 'S9'");
  EXPECT_FALSE(store_->Match("((").ok());
}

TEST_P(QueueTest, TheFarmKeepsItsName) {
  const std::string id = *store_->FarmId();
  EXPECT_EQ(id.size(), 32U);
  Reopen();
  EXPECT_EQ(*store_->FarmId(), id);
}

TEST_P(QueueTest, WhatCannotBeIsRefused) {
  const std::vector<std::function<void(store::Submission&)>> wrongs = {
      [](auto& s) { s.owner = ""; },
      [](auto& s) { s.key = "a\tb"; },
      [](auto& s) { s.priority = 1001; },
      [](auto& s) { s.max_attempts = 0; },
      [](auto& s) { s.tags = "S6 &&"; },
      [](auto& s) { s.tags = "a'b"; },
      [](auto& s) { s.request = std::string("\0", 1); }};
  for (size_t i = 0; i < wrongs.size(); ++i) {
    store::Submission submission = Request("k");
    wrongs[i](submission);
    EXPECT_EQ(store_->Submit(submission).status().code(), StatusCode::kInvalidArgument) << i;
  }
  EXPECT_TRUE(store_->Runs(10)->empty());
}

TEST_P(QueueTest, AnUnknownRunIsNotFound) {
  EXPECT_EQ(store_->Find("nope").status().reason(), "run_not_found");
  EXPECT_EQ(store_->Explain("nope").status().reason(), "run_not_found");
  EXPECT_EQ(store_->Cancel("nope", "ann").status().reason(), "run_not_found");
}

TEST_P(QueueTest, RunsAreListedNewestFirst) {
  std::vector<std::string> ids;
  for (const char* key : {"1", "2", "3"}) {
    ids.push_back(Submit(key));
  }
  const auto runs = store_->Runs(2);
  ASSERT_TRUE(runs.ok());
  ASSERT_EQ(runs->size(), 2U);
  EXPECT_EQ(runs->at(0).id, ids[2]);
  EXPECT_EQ(runs->at(1).id, ids[1]);
}

TEST_P(QueueTest, FirstComeFirstServedAmongEquals) {
  const std::string first = Submit("1", "ann");
  const std::string second = Submit("2", "bob");
  Announce("cam-1");
  Announce("cam-2");
  EXPECT_EQ(Claim()->run.id, first);
  EXPECT_EQ(Claim()->run.id, second);
}

TEST_P(QueueTest, PriorityGoesFirst) {
  Submit("1", "ann", "", 0);
  const std::string urgent = Submit("2", "bob", "", 1);
  const std::string most = Submit("3", "cid", "", 2);
  Announce("cam-1");
  Announce("cam-2");
  EXPECT_EQ(Claim()->run.id, most);
  EXPECT_EQ(Claim()->run.id, urgent);
}

TEST_P(QueueTest, WhoHasLessRunningGoesFirst) {
  for (const char* cam : {"cam-1", "cam-2", "cam-3"}) {
    Announce(cam);
  }
  Submit("a1", "ann");
  Submit("a2", "ann");
  ASSERT_TRUE(Claim());
  ASSERT_TRUE(Claim());
  Submit("a3", "ann");
  Advance(milliseconds(1));
  const std::string bobs = Submit("b1", "bob");
  EXPECT_EQ(Claim()->run.id, bobs);
}

// Two runs of ann's are under way: her next weighs 3, bob's 1. 100 of priority halve a weight, so
// 158 leave 3 · 2^-1.58 = 1.003 above bob's 1 and 159 leave 0.996 below.
TEST_P(QueueTest, PriorityAndShareAreWeighedAgainstEachOther) {
  for (const auto& [priority, wins] : {std::pair(158, false), std::pair(159, true)}) {
    auto subject = MakeStoreSubject(GetParam());
    ASSERT_TRUE(subject.ok());
    store_.reset();
    subject_ = std::move(*subject);
    Reopen();
    for (const char* cam : {"cam-1", "cam-2", "cam-3"}) {
      Announce(cam);
    }
    Submit("a1", "ann");
    Submit("a2", "ann");
    ASSERT_TRUE(Claim());
    ASSERT_TRUE(Claim());
    const std::string hers = Submit("a3", "ann", "", priority);
    const std::string his = Submit("b1", "bob");
    EXPECT_EQ(Claim()->run.id, wins ? hers : his) << priority;
  }
}

// Ten minutes of waiting halve a weight: ann's second run (2, halved to just under 1) passes bob's.
TEST_P(QueueTest, WaitingMakesARunMoreUrgent) {
  Announce("cam-1");
  Announce("cam-2");
  Submit("a1", "ann");
  ASSERT_TRUE(Claim());
  const std::string old = Submit("a2", "ann");
  Advance(milliseconds(600'001));
  Submit("b1", "bob");
  EXPECT_EQ(Claim()->run.id, old);
}

TEST_P(QueueTest, ARunNobodyCanServeDoesNotHoldUpTheOthers) {
  Submit("1", "ann", "S9");
  Advance(milliseconds(1));
  const std::string second = Submit("2", "ann", "S6");
  Announce("cam", {"S6"});
  EXPECT_EQ(Claim()->run.id, second);
  EXPECT_FALSE(Claim());
}

// Every expression against every combination of three tags, judged by C++'s own operators.
TEST_P(QueueTest, TagExpressionsMeanWhatTheySay) {
  using Judge = std::function<bool(bool a, bool b, bool c)>;
  const std::vector<std::pair<std::string, Judge>> expressions = {
      {"a", [](bool a, bool, bool) { return a; }},
      {"!a", [](bool a, bool, bool) { return !a; }},
      {"!!a", [](bool a, bool, bool) { return a; }},
      {"a b", [](bool a, bool b, bool) { return a && b; }},
      {"a,b", [](bool a, bool b, bool) { return a && b; }},
      {"a || b && c", [](bool a, bool b, bool c) { return a || (b && c); }},
      {"(a || b) && c", [](bool a, bool b, bool c) { return (a || b) && c; }},
      {"!(a || b) c", [](bool a, bool b, bool c) { return !(a || b) && c; }},
      {"a && !(b && !c)", [](bool a, bool b, bool c) { return a && !(b && !c); }}};
  for (int bits = 0; bits < 8; ++bits) {
    const bool a = (bits & 1) != 0;
    const bool b = (bits & 2) != 0;
    const bool c = (bits & 4) != 0;
    std::vector<std::string> tags;
    for (const auto& [set, tag] : {std::pair(a, "a"), std::pair(b, "b"), std::pair(c, "c")}) {
      if (set) {
        tags.emplace_back(tag);
      }
    }
    Announce("cam", tags);
    for (const auto& [text, judge] : expressions) {
      const std::string id = Submit(text + std::to_string(bits), "ann", text);
      const auto waiting = store_->Explain(id);
      ASSERT_TRUE(waiting.ok()) << waiting.status().ToString();
      EXPECT_EQ(waiting->idle, judge(a, b, c) ? 1U : 0U) << text << " with " << bits;
      ASSERT_TRUE(store_->Cancel(id, "ann").ok());
    }
  }
}

TEST_P(QueueTest, ABoardIsAlsoMeantByItsName) {
  Announce("cam-1");
  Announce("cam-2");
  Submit("1", "ann", "cam-2");
  EXPECT_EQ(Claim()->lease.board, "cam-2");
}

TEST_P(QueueTest, SaysWhyARunWaits) {
  const std::string nobody = Submit("0", "ann", "S9");
  EXPECT_EQ(store_->Explain(nobody)->reason, "no board matches 'S9'");
  for (const char* cam : {"cam-1", "cam-2", "cam-3", "cam-4", "cam-5"}) {
    Announce(cam, {"S6"});
  }
  Submit("1", "ann", "S6");
  Submit("2", "ann", "S6");
  ASSERT_TRUE(store_->Begin(Claim()->lease).ok());
  ASSERT_TRUE(Claim());
  ASSERT_TRUE(store_->SetService("cam-3", Service::kQuarantined, "hung", "root").ok());
  ASSERT_TRUE(store_->SetService("cam-4", Service::kDraining, "", "root").ok());
  ASSERT_TRUE(store_->Leave("cam-5", "cam-5-instance").ok());
  const std::string id = Submit("3", "ann", "S6");
  const auto waiting = store_->Explain(id);
  ASSERT_TRUE(waiting.ok()) << waiting.status().ToString();
  EXPECT_EQ(waiting->queued, 2U);
  EXPECT_EQ(waiting->position, 2U) << "the one before it came first";
  EXPECT_EQ(waiting->leased, 1U);
  EXPECT_EQ(waiting->preparing, 1U);
  EXPECT_EQ(waiting->offline, 1U);
  // 1763800000 s after 1970 is that moment (date -u -d @1763800000).
  EXPECT_EQ(waiting->reason,
            "5 boards match: 1 leased, 1 preparing, 1 quarantined since 2025-11-22 08:26:40 "
            "(hung), 1 draining since 2025-11-22 08:26:40, 1 offline");
}

TEST_P(QueueTest, OnlyAWaitingRunIsExplained) {
  Announce("cam");
  const std::string id = Submit("1");
  ASSERT_TRUE(Claim());
  EXPECT_EQ(store_->Explain(id).status().code(), StatusCode::kFailedPrecondition);
}

TEST_P(QueueTest, AWaitingRunIsCancelledForGood) {
  const std::string id = Submit("1");
  const auto cancelled = store_->Cancel(id, "ann");
  ASSERT_TRUE(cancelled.ok());
  EXPECT_EQ(cancelled->phase, RunPhase::kFinished);
  EXPECT_EQ(cancelled->outcome, "cancelled");
  Announce("cam");
  EXPECT_FALSE(Claim());
  Advance(seconds(5));
  EXPECT_EQ(store_->Cancel(id, "bob")->finished_ms, cancelled->finished_ms);
}

TEST_P(QueueTest, WaitsThroughARestart) {
  const std::string id = Submit("1", "ann", "S6");
  Reopen();
  Announce("cam", {"S6"});
  EXPECT_EQ(Claim()->run.id, id);
}

}  // namespace
}  // namespace plumb::test
