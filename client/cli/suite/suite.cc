#include "client/cli/suite/suite.h"

#include <filesystem>
#include <set>

#include "common/base/text.h"

namespace plumb::client {
namespace {

std::string ShortName(const std::vector<std::string>& files) {
  std::vector<std::string> names;
  names.reserve(files.size());
  for (const std::string& file : files) {
    names.push_back(std::filesystem::path(file).filename().string());
  }
  return Join(names, ",");
}

std::vector<std::string> InputNames(const SuiteModel& model) {
  std::vector<std::string> names;
  std::multiset<std::string> seen;
  for (const auto& files : model.samples) {
    names.push_back(ShortName(files));
    seen.insert(names.back());
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (seen.count(names[i]) > 1) {
      names[i] = Join(model.samples[i], ",");
    }
  }
  return names;
}

}  // namespace

std::vector<SuiteCase> CasesOf(const Suite& suite) {
  std::vector<SuiteCase> cases;
  for (size_t model = 0; model < suite.models.size(); ++model) {
    const auto inputs = InputNames(suite.models[model]);
    for (size_t sample = 0; sample < inputs.size(); ++sample) {
      for (size_t board = 0; board < suite.boards.size(); ++board) {
        const auto& words = suite.boards[board];
        SuiteCase one = {model, sample, board, inputs[sample], "", ""};
        one.where = words.empty() ? "any board" : Join(words, "+");
        one.name = suite.models[model].name + "/" + one.input + "@" + one.where;
        cases.push_back(std::move(one));
      }
    }
  }
  return cases;
}

}  // namespace plumb::client
