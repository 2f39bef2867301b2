// Where tests find their files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace plumb::testing {

// A file of the tree: tests/testdata/<relative>.
inline std::filesystem::path TestDataPath(const std::filesystem::path& relative) {
  return std::filesystem::path(PLUMB_TESTDATA_DIR) / relative;
}

// A file of the shared folder beside the tree, whose models may be used but not committed:
// $PLUMB_SHARED, else ../shared, else ../../shared. Empty when there is none; then
//   GTEST_SKIP() << SharedMissing("models/x.tflite");
inline std::filesystem::path SharedPath(const std::filesystem::path& relative) {
  const std::filesystem::path source = PLUMB_SOURCE_DIR;
  // Tests read the environment before they start threads.
  const char* set = std::getenv("PLUMB_SHARED");  // NOLINT(concurrency-mt-unsafe)
  for (const std::filesystem::path& folder : {std::filesystem::path(set == nullptr ? "" : set),
                                              source / ".." / "shared",
                                              source / ".." / ".." / "shared"}) {
    std::error_code error;
    if (!folder.empty() && std::filesystem::is_regular_file(folder / relative, error)) {
      return folder / relative;
    }
  }
  return {};
}

inline std::string SharedMissing(const std::filesystem::path& relative) {
  return "NOT TESTED: the shared folder has no " + relative.string() +
         "; set PLUMB_SHARED to a folder that holds it";
}

}  // namespace plumb::testing
