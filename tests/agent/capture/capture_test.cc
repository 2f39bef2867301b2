// The header for applications, through a C99 program of its own.
#include <cerrno>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/support/process.h"

namespace plumb {
namespace {

class CaptureTest : public testing::Test {
 protected:
  [[nodiscard]] std::string Path(const char* name) const {
    return (folder_.path() / name).string();
  }

  static std::string Capture(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {PLUMB_CAPTURE_MAIN};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const auto finished = test::RunProgram(argv);
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    return finished.ok() ? finished->out : "";
  }

  [[nodiscard]] size_t FilesThere() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      ++count;
    }
    return count;
  }

 private:
  TempFolder folder_ = TempFolder::Create("plumb-capture-").value();
};

TEST_F(CaptureTest, TheBufferIsTheFile) {
  EXPECT_EQ(Capture({Path("in.bin"), "300", "1", "0"}), "ok\n");
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    expected += static_cast<char>(i);
  }
  EXPECT_EQ(ReadFile(Path("in.bin"))->view(), expected);
  EXPECT_EQ(FilesThere(), 1U);
}

TEST_F(CaptureTest, RowsComeWithoutWhatLiesBetweenThem) {
  EXPECT_EQ(Capture({Path("in.bin"), "3", "3", "16"}), "ok\n");
  EXPECT_EQ(ReadFile(Path("in.bin"))->view(),
            std::string("\x00\x01\x02\x10\x11\x12\x20\x21\x22", 9));
}

TEST_F(CaptureTest, ANewFrameReplacesTheOldOneWhole) {
  ASSERT_TRUE(
      WriteFileAtomically(Path("in.bin"), std::string_view("the frame before, and longer")).ok());
  EXPECT_EQ(Capture({Path("in.bin"), "2", "1", "0"}), "ok\n");
  EXPECT_EQ(ReadFile(Path("in.bin"))->size(), 2U);
}

TEST_F(CaptureTest, AFullDiskLeavesTheFrameBeforeAndNothingElse) {
  ASSERT_TRUE(WriteFileAtomically(Path("in.bin"), std::string_view("before")).ok());
  EXPECT_EQ(Capture({Path("in.bin"), "60000", "1", "0", "1000"}),
            std::string(std::strerror(EFBIG)) + "\n");
  EXPECT_EQ(ReadFile(Path("in.bin"))->view(), "before");
  EXPECT_EQ(FilesThere(), 1U);
}

TEST_F(CaptureTest, WhatCannotBeIsAnErrorNumber) {
  EXPECT_EQ(Capture({"", "1", "1", "0"}), std::string(std::strerror(EINVAL)) + "\n");
  EXPECT_EQ(Capture({Path("in.bin"), "8", "2", "4"}), std::string(std::strerror(EINVAL)) + "\n");
  EXPECT_EQ(Capture({Path("no/such/folder"), "1", "1", "0"}),
            std::string(std::strerror(ENOENT)) + "\n");
  EXPECT_EQ(FilesThere(), 0U);
}

}  // namespace
}  // namespace plumb
