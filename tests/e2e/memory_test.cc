// Memory is bounded by the ring and one chunk, whatever an output's size.
#include <gtest/gtest.h>

#include "tests/e2e/memory_run.h"

namespace plumb::test {
namespace {

constexpr int kMebibytes = 128;
// Half of the output: one copy of it anywhere would be twice too much.
constexpr uint64_t kCap = uint64_t{64} << 20U;

TEST(MemoryTest, PrivateMemoryDoesNotGrowWithTheOutput) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer keeps freed memory";
#endif
  const MemoryFigures figures = MeasureMemory(kMebibytes);
  EXPECT_EQ(figures.exit_code, 0);
  EXPECT_LT(figures.server, kCap);
  EXPECT_LT(figures.agent, kCap);
  EXPECT_LT(figures.client, kCap);
  // The chip's own buffers hold the output at least once; otherwise nothing was measured.
  EXPECT_GT(figures.bare_chip, figures.output_size);
  EXPECT_GT(figures.runner, figures.output_size);
  EXPECT_LT(figures.runner_without_chip(), kCap / 2);
}

}  // namespace
}  // namespace plumb::test
