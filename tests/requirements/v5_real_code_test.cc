// V5: checks are code that release builds keep, never assert(). These tests run in every preset;
// in the release build NDEBUG is defined, so a check made of assert() would let their lies pass.
#include <algorithm>
#include <filesystem>
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "common/base/file.h"

namespace plumb::test {
namespace {

TEST(RequirementV5, NoSourceUsesAssert) {
  const std::regex use(R"((^|[^_[:alnum:]])assert\s*\(|<cassert>|<assert\.h>)");
  size_t files = 0;
  for (const std::string folder : {"common", "agent", "server", "client"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             std::filesystem::path(PLUMB_SOURCE_DIR) / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".cc" && extension != ".h") {
        continue;
      }
      ++files;
      const std::string text(ReadFile(entry.path())->view());
      EXPECT_FALSE(std::regex_search(text, use)) << entry.path();
    }
  }
  EXPECT_GT(files, 300U);
}

#ifdef NDEBUG
TEST(RequirementV5, ThisBuildHasNoAsserts) {
  SUCCEED();
}
#endif

}  // namespace
}  // namespace plumb::test
