#include "agent/core/captured_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>

#include <gtest/gtest.h>

#include "common/base/file.h"

#define PLUMB_CAPTURE_INPUT_IMPLEMENTATION
#include "agent/capture/plumb_capture_input.h"

namespace plumb::agent {
namespace {

constexpr CapturedInputLimits kLimits{1024, std::chrono::seconds(600)};

class CapturedInputTest : public ::testing::Test {
 protected:
  void Capture(std::string_view bytes) const {
    ASSERT_EQ(plumb_capture_input(path().c_str(), bytes.data(), bytes.size()), 0);
  }

  // Writes into the file as it stands, as an application without the header would.
  void WriteInPlace(std::string_view bytes) const {
    std::ofstream(path(), std::ios::in | std::ios::out) << bytes;
  }

  void SetAge(int64_t seconds) const {
    struct timespec now {};

    ASSERT_EQ(clock_gettime(CLOCK_REALTIME, &now), 0);
    now.tv_sec -= seconds;
    const std::array<struct timespec, 2> times = {now, now};
    ASSERT_EQ(utimensat(AT_FDCWD, path().c_str(), times.data(), 0), 0);
  }

  void ExpectRefused(const std::string& what) const {
    const auto opened = CapturedInput::Open(path(), kLimits);
    ASSERT_FALSE(opened.ok()) << what;
    EXPECT_EQ(opened.status().code(), StatusCode::kFailedPrecondition);
    EXPECT_NE(opened.status().message().find(what), std::string::npos) << opened.status().message();
    EXPECT_NE(opened.status().message().find(path().string()), std::string::npos);
    EXPECT_NE(opened.status().hint().find("plumb_capture_input"), std::string::npos);
  }

  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "input0.bin"; }

  TempFolder folder_ = *TempFolder::Create("plumb-captured-");
};

TEST_F(CapturedInputTest, GivesTheBytesThatTheHeaderWroteFromAnyPlace) {
  Capture("0123456789");
  const auto input = CapturedInput::Open(path(), kLimits);
  ASSERT_TRUE(input.ok()) << input.status().ToString();
  EXPECT_EQ(input->size(), 10U);
  EXPECT_EQ(input->Read(0, 4)->view(), "0123");
  EXPECT_EQ(input->Read(8, 4)->view(), "89");
  EXPECT_EQ(input->Read(2, 3)->view(), "234");
  EXPECT_TRUE(input->Read(10, 4)->empty());
  EXPECT_TRUE(input->Read(UINT64_MAX, 4)->empty());
  EXPECT_TRUE(input->CheckUnchanged().ok());
}

TEST_F(CapturedInputTest, StaysWithTheFrameThatItOpened) {
  Capture("first");
  const auto input = CapturedInput::Open(path(), kLimits);
  ASSERT_TRUE(input.ok());
  Capture("other");
  EXPECT_EQ(input->Read(0, 5)->view(), "first");
  EXPECT_TRUE(input->CheckUnchanged().ok());
}

TEST_F(CapturedInputTest, SeesWhoWritesIntoTheFile) {
  Capture("first");
  SetAge(60);
  const auto input = CapturedInput::Open(path(), kLimits);
  ASSERT_TRUE(input.ok());
  WriteInPlace("se");
  EXPECT_EQ(input->CheckUnchanged().code(), StatusCode::kFailedPrecondition);
}

TEST_F(CapturedInputTest, RefusesAFileThatShrinksWhileItIsRead) {
  Capture("0123456789");
  const auto input = CapturedInput::Open(path(), kLimits);
  ASSERT_TRUE(input.ok());
  ASSERT_EQ(truncate(path().c_str(), 4), 0);
  EXPECT_TRUE(input->Read(0, 4).ok());
  EXPECT_EQ(input->Read(0, 10).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(CapturedInputTest, RefusesWhatIsMissingEmptyLargeOrOld) {
  ExpectRefused("is not there");
  Capture("");
  ExpectRefused("is empty");
  Capture(std::string(1025, 'x'));
  ExpectRefused("has 1025 bytes; at most 1024");
  Capture(std::string(1024, 'x'));
  EXPECT_TRUE(CapturedInput::Open(path(), kLimits).ok());
  SetAge(700);
  ExpectRefused("s ago, more than the 600 s");
  SetAge(500);
  EXPECT_TRUE(CapturedInput::Open(path(), kLimits).ok());
}

TEST_F(CapturedInputTest, RefusesWhatIsNoPlainFile) {
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "secret", "secret").ok());
  std::filesystem::create_symlink(folder_.path() / "secret", path());
  ExpectRefused("is a link");
  std::filesystem::remove(path());
  std::filesystem::create_directory(path());
  ExpectRefused("is not a plain file");
  std::filesystem::remove(path());
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  ExpectRefused("is not a plain file");
}

TEST(CapturedInputPath, IsTheOneOfThatPlaceOrThePattern) {
  EXPECT_EQ(*CapturedInputPath({"/tmp/a", "/tmp/b"}, 1), "/tmp/b");
  EXPECT_EQ(*CapturedInputPath({"/tmp/input{}.bin"}, 0), "/tmp/input0.bin");
  EXPECT_EQ(*CapturedInputPath({"/tmp/input{}.bin"}, 12), "/tmp/input12.bin");
  EXPECT_EQ(*CapturedInputPath({"/tmp/a"}, 0), "/tmp/a");
  EXPECT_EQ(*CapturedInputPath({"/tmp/{}", "/tmp/b"}, 0), "/tmp/{}") << "a pattern stands alone";
  EXPECT_EQ(CapturedInputPath({"/tmp/a"}, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(CapturedInputPath({}, 0).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb::agent
