// ONNX's own node tests against the importer and the float executor. The cases are Debian's package
// libonnx-testdata; PLUMB_ONNX_NODES names another folder of them.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/onnx_nodes/node_case.h"

namespace plumb::test {
namespace {

namespace fs = std::filesystem;

fs::path CasesFolder() {
  const char* named = std::getenv("PLUMB_ONNX_NODES");  // NOLINT(concurrency-mt-unsafe)
  return named != nullptr ? named : "/usr/share/libonnx-testdata/data/node";
}

std::vector<std::string> ListedAsPassed() {
  std::ifstream file(PLUMB_NODE_CASES);
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    names.push_back(line);
  }
  return names;
}

// The message without the tensors' names, so that equal reasons count together.
std::string Reason(const std::string& message) {
  const size_t end_of_name = message.rfind("': ");
  if (end_of_name == std::string::npos) {
    return message;
  }
  return message.substr(0, message.find(' ')) + " " + message.substr(end_of_name + 3);
}

// Both in order.
std::vector<std::string> Without(const std::vector<std::string>& names,
                                 const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  std::set_difference(
      names.begin(), names.end(), others.begin(), others.end(), std::back_inserter(rest));
  return rest;
}

// passed.txt holds every case that passes: one that no longer does is a loss, and one that newly
// does must be written down, so that it cannot be lost again.
TEST(OnnxNodes, SupportedOperationsGiveTheSpecificationsValues) {
  if (!fs::exists(CasesFolder())) {
    GTEST_SKIP() << "NOT PROVEN: ONNX's node tests; apt-get install libonnx-testdata";
  }
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(CasesFolder())) {
    folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  std::vector<std::string> passed;
  std::vector<std::string> failed;
  std::map<std::string, int> unsupported;
  for (const fs::path& folder : folders) {
    const CaseResult result = RunNodeCase(folder);
    if (result.end == CaseEnd::kPassed) {
      passed.push_back(folder.filename());
    } else if (result.end == CaseEnd::kFailed) {
      failed.push_back(folder.filename().string() + ": " + result.reason);
    } else {
      ++unsupported[Reason(result.reason)];
    }
  }
  std::printf("cases %zu, passed %zu, failed %zu, unsupported:\n",
              folders.size(),
              passed.size(),
              failed.size());
  for (const auto& [reason, count] : unsupported) {
    std::printf("%5d  %s\n", count, reason.c_str());
  }
  EXPECT_THAT(failed, ::testing::IsEmpty());
  const std::vector<std::string> listed = ListedAsPassed();
  for (const std::string& name : Without(listed, passed)) {
    ADD_FAILURE() << name << " no longer passes";
  }
  for (const std::string& name : Without(passed, listed)) {
    ADD_FAILURE() << name << " passes: add it to passed.txt";
  }
}

}  // namespace
}  // namespace plumb::test
