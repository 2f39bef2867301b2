#include "tests/conformance/store_conformance/fixture.h"

namespace plumb::test {
namespace {

using std::chrono::hours;
using store::Role;
using store::Token;

class TokenTest : public StoreTest {
 protected:
  static Token Make(const std::string& id, const std::string& name, Role role = Role::kOperator) {
    return {id, std::string(64, 'c'), name, role, "lab", 0, 0, 0};
  }
};

INSTANTIATE_TEST_SUITE_P(Engines,
                         TokenTest,
                         ::testing::Values("sqlite", "postgresql"),
                         [](const auto& parameter) { return parameter.param; });

TEST_P(TokenTest, ComesBackAsItWasMade) {
  const auto made = store_->AddToken(Make("t1", "ci"), hours(24), "root");
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(made->expires_ms - made->made_ms, 24 * 3'600'000);
  Advance(seconds(7));
  const auto found = store_->FindToken("t1");
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->first.name, "ci");
  EXPECT_EQ(found->first.role, Role::kOperator);
  EXPECT_EQ(found->first.pool, "lab");
  EXPECT_EQ(found->first.secret_hash, std::string(64, 'c'));
  EXPECT_EQ(found->first.revoked_ms, 0);
  EXPECT_EQ(found->second - found->first.made_ms, 7'000);
  EXPECT_EQ(store_->FindToken("t2").status().reason(), "token_not_found");
  EXPECT_EQ(store_->AddToken(Make("t1", "other"), hours(1), "root").status().code(),
            StatusCode::kAlreadyExists);
}

TEST_P(TokenTest, IsRevokedOnceAndForAll) {
  ASSERT_TRUE(store_->AddToken(Make("t1", "ci"), hours(24), "root").ok());
  Advance(seconds(1));
  ASSERT_TRUE(store_->RevokeToken("t1", "root").ok());
  const int64_t when = store_->FindToken("t1")->first.revoked_ms;
  EXPECT_EQ(when, 1'763'800'001'000);
  Advance(seconds(1));
  ASSERT_TRUE(store_->RevokeToken("t1", "root").ok());
  EXPECT_EQ(store_->FindToken("t1")->first.revoked_ms, when);
  EXPECT_EQ(store_->RevokeToken("t2", "root").reason(), "token_not_found");
}

TEST_P(TokenTest, AreListedByName) {
  ASSERT_TRUE(store_->AddToken(Make("t2", "zoe", Role::kViewer), hours(1), "root").ok());
  ASSERT_TRUE(store_->AddToken(Make("t3", "ann", Role::kAdmin), hours(1), "root").ok());
  const auto list = store_->Tokens();
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ(list->front().name, "ann");
  EXPECT_EQ(list->front().role, Role::kAdmin);
  EXPECT_EQ(list->back().role, Role::kViewer);
}

TEST_P(TokenTest, WhatCannotBeIsRefused) {
  Token token = Make("t1", "ci");
  EXPECT_FALSE(store_->AddToken(token, hours(0), "root").ok());
  EXPECT_FALSE(store_->AddToken(token, hours(24 * 366 * 11), "root").ok());
  token.secret_hash = "the secret itself";
  EXPECT_FALSE(store_->AddToken(token, hours(1), "root").ok());
  token = Make("t1", "a\nb");
  EXPECT_FALSE(store_->AddToken(token, hours(1), "root").ok());
  token = Make("t1", "ci");
  token.pool = "((";
  EXPECT_FALSE(store_->AddToken(token, hours(1), "root").ok());
}

}  // namespace
}  // namespace plumb::test
