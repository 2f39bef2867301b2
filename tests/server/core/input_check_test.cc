#include "server/core/input_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/rpc/limits.h"
#include "common/runner/failure.h"
#include "tests/server/core/fakes.h"

namespace plumb::server {
namespace {

using testing::HasSubstr;

class InputCheckTest : public testing::Test {
 protected:
  InputCheckTest()
      : expected_{test::WriteArtifact(folder_.path() / "pc0", "0123456789"),
                  test::WriteArtifact(folder_.path() / "pc1", "abcd")},
        check_(*InputCheck::Create(expected_, CapturedFolder(run()))) {}

  [[nodiscard]] std::filesystem::path run() const { return folder_.path() / "run"; }

  // In pieces of `size`; the answer to the last one.
  Status Give(uint32_t index, std::string_view bytes, size_t size = 3) {
    for (size_t at = 0; at < bytes.size(); at += size) {
      const auto piece = bytes.substr(at, size);
      const Status status = check_.Take({index, bytes.size(), at, Buffer::Copy(AsBytes(piece))});
      if (at + size >= bytes.size()) {
        return status;
      }
      EXPECT_TRUE(status.ok()) << status.ToString();
    }
    return OkStatus();
  }

  TempFolder folder_ = *TempFolder::Create("plumb-input-check-");
  std::vector<Artifact> expected_;
  InputCheck check_;
};

TEST_F(InputCheckTest, TheSameBytesAreNoFinding) {
  EXPECT_TRUE(Give(0, "0123456789").ok());
  EXPECT_FALSE(check_.differs());
  EXPECT_TRUE(Give(1, "abcd").ok());
  EXPECT_FALSE(check_.differs());
  EXPECT_TRUE(check_.Diagnoses().empty());
  check_.Forget();
  EXPECT_FALSE(std::filesystem::exists(CapturedFolder(run())));
}

TEST_F(InputCheckTest, ADifferenceIsCountedLocatedAndKept) {
  EXPECT_TRUE(Give(0, "0123X5Y789").ok());  // judged when all inputs are there
  const Status status = Give(1, "abcd");
  EXPECT_EQ(status.reason(), kReasonWrongInput);
  EXPECT_TRUE(check_.differs());
  const auto found = check_.Diagnoses();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].cause, "wrong_input");
  // 'X' is 88, '4' is 52.
  EXPECT_THAT(found[0].evidence,
              HasSubstr("input 0 than the PC: 2 of 10 bytes differ, the first at byte 4: 88 where "
                        "the PC has 52"));
  EXPECT_EQ(found[0].confidence, 1);
  EXPECT_EQ(ReadFile(*FindCaptured(run(), 0))->view(), "0123X5Y789");
  EXPECT_EQ(ReadFile(*FindCaptured(run(), 1))->view(), "abcd");
  EXPECT_EQ(FindCaptured(run(), 2).status().code(), StatusCode::kNotFound);
}

TEST_F(InputCheckTest, AnotherSizeIsAFindingWhateverTheBytes) {
  EXPECT_TRUE(Give(0, "01234").ok());
  EXPECT_EQ(Give(1, "aXcdefgh", 5).reason(), kReasonWrongInput);
  const auto found = check_.Diagnoses();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[0].evidence,
              HasSubstr("5 bytes instead of 10, as far as both go the same ones"));
  EXPECT_THAT(found[1].evidence,
              HasSubstr("8 bytes instead of 4, and of those that both have 1 differ, the first at "
                        "byte 1: 88 where the PC has 98"));
}

TEST_F(InputCheckTest, TakesWhatAnyMistakeOfAnApplicationMayGive) {
  EXPECT_EQ(check_.Limits(),
            (std::vector<uint64_t>{80 + (uint64_t{1} << 20), 32 + (uint64_t{1} << 20)}));
}

}  // namespace
}  // namespace plumb::server
