#include "agent/runner/mi_errors.h"

#include <gmock/gmock.h>

namespace plumb::mi {
namespace {

using ring::ErrorKind;
using testing::HasSubstr;

TEST(MiErrorsTest, TheSameNumberMeansOtherThingsInOtherGenerations) {
  EXPECT_EQ(ErrorText(Generation::k0, 22), "22 FAILED (generation 0)");
  EXPECT_EQ(ErrorText(Generation::kB61, 22), "22 GET_IPU_VERSION (generation B)");
  EXPECT_EQ(ErrorText(Generation::kC, 25), "25 FAILED (generation C)");
  EXPECT_EQ(ErrorText(Generation::kB61, 54), "54 unknown (generation B)");
  EXPECT_EQ(ErrorText(Generation::kC, 54), "54 MISMATCH_MODEL (generation C)");
  EXPECT_EQ(ErrorText(Generation::kC, 256), "256 NO_AVAILABLE_CHNID (generation C)");
}

TEST(MiErrorsTest, TakesModuleErrorsApart) {
  // IPU is module 29, SYS module 9, ERROR level 2.
  EXPECT_EQ(ErrorText(Generation::kC, static_cast<int32_t>(0xA009200CU)),
            "0xA009200C (module 9 MI_SYS, level 2, code 12)");
  EXPECT_EQ(ErrorText(Generation::kC, static_cast<int32_t>(0xA01D2001U)),
            "0xA01D2001 (module 29 MI_IPU, level 2, code 1)");
}

TEST(MiErrorsTest, ANumberIsJudgedByWhereItCame) {
  EXPECT_EQ(CallFailed(Generation::kC, Stage::kModel, "f", 54).kind, ErrorKind::kModelRefused);
  EXPECT_EQ(CallFailed(Generation::kC, Stage::kModel, "f", 4).kind, ErrorKind::kOutOfMemory);
  EXPECT_EQ(CallFailed(Generation::kC, Stage::kDevice, "f", 14).kind,
            ErrorKind::kRuntimeUnavailable);
  EXPECT_EQ(CallFailed(Generation::kC, Stage::kInvoke, "f", 41).kind, ErrorKind::kHung);
  EXPECT_EQ(CallFailed(Generation::kC, Stage::kInvoke, "f", 7).kind, ErrorKind::kHung);
  EXPECT_EQ(CallFailed(Generation::kC, Stage::kInvoke, "f", 17).kind, ErrorKind::kInvokeFailed);
}

TEST(MiErrorsTest, SaysWhichCallAndWhatToDo) {
  const auto outcome = CallFailed(Generation::kC, Stage::kModel, "MI_IPU_CreateCHN", 54);
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.message, "MI_IPU_CreateCHN failed with 54 MISMATCH_MODEL (generation C)");
  EXPECT_THAT(outcome.hint, HasSubstr("compile the offline model for this board's chip"));
  EXPECT_FALSE(CallFailed(Generation::kC, Stage::kModel, "f", 999).hint.empty());
}

TEST(MiErrorsTest, GenerationsHaveNames) {
  for (const char* name : {"gen0", "gen-b13", "gen-b61", "gen-c"}) {
    Generation generation{};
    ASSERT_TRUE(ParseGeneration(name, &generation));
    EXPECT_STREQ(GenerationName(generation), name);
  }
  Generation generation{};
  EXPECT_FALSE(ParseGeneration("gen-d", &generation));
}

}  // namespace
}  // namespace plumb::mi
