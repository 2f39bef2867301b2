#include "agent/core/fence_keeper.h"

#include <gtest/gtest.h>

#include "common/base/file.h"

namespace plumb::agent {
namespace {

const std::string kFarm(32, 'a');
const std::string kOther(32, 'b');

TEST(FenceKeeper, RefusesAnOlderGrantOfTheSameFarm) {
  FenceKeeper keeper;
  EXPECT_TRUE(keeper.Admit({kFarm, 7}).ok());
  EXPECT_TRUE(keeper.Admit({kFarm, 7}).ok()) << "sent again after a broken link";
  const Status old = keeper.Admit({kFarm, 6});
  EXPECT_EQ(old.code(), StatusCode::kAborted);
  EXPECT_EQ(old.reason(), "lease_lost");
  EXPECT_TRUE(keeper.Admit({kFarm, 8}).ok());
  EXPECT_FALSE(keeper.Admit({kFarm, 7}).ok());
}

TEST(FenceKeeper, AnotherFarmStartsAnewAndNoFenceIsNoFence) {
  FenceKeeper keeper;
  EXPECT_TRUE(keeper.Admit({kFarm, 7}).ok());
  EXPECT_TRUE(keeper.Admit({}).ok());
  EXPECT_TRUE(keeper.Admit({kOther, 1}).ok());
  EXPECT_TRUE(keeper.Admit({kOther, 2}).ok());
  EXPECT_FALSE(keeper.Admit({kOther, 1}).ok());
}

TEST(FenceKeeper, OutlivesTheAgent) {
  const TempFolder folder = *TempFolder::Create("plumb-fence-");
  { EXPECT_TRUE(FenceKeeper(folder.path() / "grants").Admit({kFarm, 7}).ok()); }
  FenceKeeper again(folder.path() / "grants");
  EXPECT_FALSE(again.Admit({kFarm, 6}).ok());
  EXPECT_TRUE(again.Admit({kFarm, 7}).ok());
}

TEST(FenceKeeper, WhatCannotBeReadIsNoFence) {
  const TempFolder folder = *TempFolder::Create("plumb-fence-");
  for (const std::string& text :
       {std::string(), kFarm, kFarm + " ", kFarm + " x", kFarm + " -3", std::string(1000, 'a')}) {
    ASSERT_TRUE(WriteFileAtomically(folder.path() / "grants", text).ok());
    EXPECT_TRUE(FenceKeeper(folder.path() / "grants").Admit({kFarm, 1}).ok()) << text;
  }
}

}  // namespace
}  // namespace plumb::agent
