#include "tests/conformance/store_conformance/fixture.h"

namespace plumb::test {
namespace {

class AuditTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(Engines,
                         AuditTest,
                         ::testing::Values("sqlite", "postgresql"),
                         [](const auto& parameter) { return parameter.param; });

TEST_P(AuditTest, TellsWhatWasDoneInOrder) {
  Announce("cam");
  const std::string id = Submit("1");
  Advance(milliseconds(5));
  const auto grant = Claim();
  ASSERT_TRUE(grant);
  ASSERT_TRUE(store_->Finish(grant->lease, "match", "").ok());
  ASSERT_TRUE(store_->SetService("cam", store::Service::kQuarantined, "noisy", "root").ok());
  ASSERT_TRUE(store_->Audit("10.0.0.9", "refused", "token", "expired").ok());
  const auto trail = store_->AuditTrail(0, 100);
  ASSERT_TRUE(trail.ok());
  std::vector<std::string> lines;
  int64_t last = 0;
  for (const store::AuditEntry& entry : *trail) {
    EXPECT_GT(entry.id, last);
    last = entry.id;
    lines.push_back(entry.actor + " " + entry.action + " " + entry.subject + " " + entry.detail);
  }
  EXPECT_EQ(lines,
            (std::vector<std::string>{"ann submit " + id + " ",
                                      "pc-1 grant cam " + id + " grant 1",
                                      "pc-1 finish " + id + " match grant 1",
                                      "root quarantined cam noisy",
                                      "10.0.0.9 refused token expired"}));
  EXPECT_EQ(trail->at(0).at_ms, 1'763'800'000'000);
  EXPECT_EQ(trail->at(1).at_ms, 1'763'800'000'005);
}

TEST_P(AuditTest, IsReadInPieces) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(store_->Audit("a", "b", std::to_string(i), "").ok());
  }
  const auto first = store_->AuditTrail(0, 2);
  ASSERT_EQ(first->size(), 2U);
  const auto rest = store_->AuditTrail(first->back().id, 100);
  ASSERT_EQ(rest->size(), 3U);
  EXPECT_EQ(rest->front().subject, "2");
}

TEST_P(AuditTest, NewerTablesAreLeftAlone) {
  store_.reset();
  ASSERT_TRUE(subject_->Execute("UPDATE plumb_schema SET version = 99").ok());
  const auto opened = subject_->Open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(opened.status().message().find("99"), std::string::npos);
  ASSERT_TRUE(subject_->Execute("UPDATE plumb_schema SET version = 4").ok());
  EXPECT_TRUE(subject_->Open().ok());
}

}  // namespace
}  // namespace plumb::test
