#include "client/cli/legs/tap_reader.h"

#include <unistd.h>

#include <array>

#include <gtest/gtest.h>

namespace plumb::client {
namespace {

class TapReaderTest : public testing::Test {
 protected:
  TapReaderTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    read_end_ = UniqueFd(ends[0]);
    write_end_ = UniqueFd(ends[1]);
  }

  void Write(const std::array<uint8_t, 2>& bytes) const {
    EXPECT_EQ(::write(write_end_.get(), bytes.data(), bytes.size()), 2);
  }

  TapReader Reader(std::chrono::milliseconds timeout) {
    return {std::move(read_end_), cancel_, timeout};
  }

  UniqueFd read_end_;
  UniqueFd write_end_;
  CancelToken cancel_;
  std::array<uint8_t, 4> bytes_{};
};

TEST_F(TapReaderTest, PutsPiecesTogether) {
  TapReader reader = Reader(std::chrono::minutes(1));
  Write({1, 2});
  Write({3, 4});
  ASSERT_TRUE(reader.Read(bytes_).ok());
  EXPECT_EQ(bytes_, (std::array<uint8_t, 4>{1, 2, 3, 4}));
}

TEST_F(TapReaderTest, AnEndInTheMiddleIsAnEnd) {
  TapReader reader = Reader(std::chrono::minutes(1));
  Write({1, 2});
  write_end_.Reset();
  EXPECT_EQ(reader.Read(bytes_).code(), StatusCode::kUnavailable);
}

TEST_F(TapReaderTest, AWriterThatSaysNothingIsNotWaitedForForEver) {
  TapReader reader = Reader(std::chrono::milliseconds(1));
  EXPECT_EQ(reader.Read(bytes_).code(), StatusCode::kDeadlineExceeded);
}

TEST_F(TapReaderTest, CancellingEndsTheWait) {
  TapReader reader = Reader(std::chrono::minutes(1));
  cancel_.Cancel();
  EXPECT_EQ(reader.Read(bytes_).code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace plumb::client
