#include "client/cli/suite/suite_file.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "client/cli/frame/usage.h"
#include "client/cli/run/run_inputs.h"
#include "client/cli/suite/yaml_reader.h"
#include "common/base/text.h"
#include "common/layers/layer_set.h"
#include "common/rpc/limits.h"

namespace plumb::client {
namespace {

namespace fs = std::filesystem;

// What may stand in `defaults` and with each model.
const std::vector<std::string> kSettings = {"attempts",
                                            "deadline",
                                            "owner",
                                            "priority",
                                            "probe",
                                            "repeat",
                                            "simulator",
                                            "timeout",
                                            "tolerance",
                                            "wait"};

std::vector<std::string> With(std::vector<std::string> keys) {
  keys.insert(keys.end(), kSettings.begin(), kSettings.end());
  return keys;
}

bool InNaturalOrder(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return layers::NaturalLess(a.front(), b.front());
}

class SuiteReader {
 public:
  explicit SuiteReader(const fs::path& path) : reader_(path.string()), path_(path) {}

  Result<Suite> Read(std::string_view text);

 private:
  using Samples = std::vector<std::vector<std::string>>;

  Result<YAML::Node> Load(std::string_view text) const;
  Status ReadName(const YAML::Node& root);
  Status ReadModels(const YAML::Node& node);
  Status ReadModel(const YAML::Node& node);
  Status ReadBoards(const YAML::Node& node);
  Result<Samples> ReadInputs(const YAML::Node& node) const;
  Status ReadSettings(const YAML::Node& node, RunRequest* request) const;
  Status ReadQueue(const YAML::Node& node, RunRequest* request) const;
  Result<analysis::TolerancePolicy> ReadTolerance(const YAML::Node& node) const;
  Result<analysis::Tolerance> ReadLimits(const YAML::Node& node, bool with_tensors) const;
  [[nodiscard]] Status TooManyRuns(const YAML::Node& node) const;

  [[nodiscard]] std::string InFolder(const std::string& name) const {
    return (path_.parent_path() / name).lexically_normal().string();
  }

  YamlReader reader_;
  fs::path path_;
  Suite suite_;
  RunRequest defaults_;
  size_t runs_ = 0;                // of the models so far
  std::optional<Samples> inputs_;  // of all models that have none of their own
};

Result<YAML::Node> SuiteReader::Load(std::string_view text) const {
  try {
    return YAML::Load(std::string(text));
  } catch (const YAML::Exception& error) {  // the library's way to say where
    return UsageError(path_.string() + ":" + std::to_string(std::max(error.mark.line, 0) + 1) +
                          ": " + EscapeForDisplay(error.msg),
                      "the file must be YAML: docs/suite.md has an example");
  }
}

Result<Suite> SuiteReader::Read(std::string_view text) {
  PLUMB_ASSIGN_OR_RETURN(const YAML::Node root, Load(text));
  PLUMB_RETURN_IF_ERROR(
      reader_.CheckKeys(root, {"name", "defaults", "models", "inputs", "boards"}));
  PLUMB_RETURN_IF_ERROR(ReadName(root));
  if (root["defaults"]) {
    PLUMB_RETURN_IF_ERROR(reader_.CheckKeys(root["defaults"], kSettings));
    PLUMB_RETURN_IF_ERROR(ReadSettings(root["defaults"], &defaults_));
  }
  if (root["inputs"]) {
    PLUMB_ASSIGN_OR_RETURN(inputs_, ReadInputs(root["inputs"]));
  }
  if (root["boards"]) {
    PLUMB_RETURN_IF_ERROR(ReadBoards(root["boards"]));
  } else {
    suite_.boards.emplace_back();
  }
  if (!root["models"]) {
    return reader_.Wrong(root, "there are no models", "add models: with a list of paths");
  }
  PLUMB_RETURN_IF_ERROR(ReadModels(root["models"]));
  return std::move(suite_);
}

Status SuiteReader::ReadName(const YAML::Node& root) {
  suite_.name = path_.stem().string();
  if (root["name"]) {
    PLUMB_ASSIGN_OR_RETURN(suite_.name, reader_.Text(root["name"]));
  }
  return OkStatus();
}

Status SuiteReader::ReadModels(const YAML::Node& node) {
  if (!node.IsSequence() || node.size() == 0) {
    return reader_.Wrong(node, "a list of models is expected", "write a line '- path: model.img'");
  }
  for (const YAML::Node& model : node) {
    PLUMB_RETURN_IF_ERROR(ReadModel(model));
  }
  return OkStatus();
}

Status SuiteReader::ReadModel(const YAML::Node& node) {
  SuiteModel model;
  model.base = defaults_;
  model.line = static_cast<size_t>(std::max(node.Mark().line, 0)) + 1;
  YAML::Node path = node;
  if (node.IsMap()) {
    PLUMB_RETURN_IF_ERROR(reader_.CheckKeys(node, With({"path", "name", "inputs"})));
    if (!node["path"]) {
      return reader_.Wrong(node, "the model has no path", "add path: model.img");
    }
    path.reset(node["path"]);
    PLUMB_RETURN_IF_ERROR(ReadSettings(node, &model.base));
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string file, reader_.Text(path));
  model.path = InFolder(file);
  model.name = fs::path(file).stem().string();
  if (node.IsMap() && node["name"]) {
    PLUMB_ASSIGN_OR_RETURN(model.name, reader_.Text(node["name"]));
  }
  std::error_code error;
  if (!fs::is_regular_file(model.path, error)) {
    return reader_.Wrong(path,
                         "there is no model '" + EscapeForDisplay(model.path) + "'",
                         "paths are relative to the folder of the suite's file");
  }
  const bool taken = std::any_of(suite_.models.begin(), suite_.models.end(), [&](const auto& m) {
    return m.name == model.name;
  });
  if (taken) {
    return reader_.Wrong(node,
                         "there are two models '" + EscapeForDisplay(model.name) + "'",
                         "give one of them another name:");
  }
  if (node.IsMap() && node["inputs"]) {
    PLUMB_ASSIGN_OR_RETURN(model.samples, ReadInputs(node["inputs"]));
  } else if (inputs_) {
    model.samples = *inputs_;
  } else {
    return reader_.Wrong(node, "the model has no inputs", "add inputs: here, or for all models");
  }
  // No factor is above kMaxSuiteCases, so the product cannot overflow.
  runs_ += model.samples.size() * suite_.boards.size();
  if (runs_ > kMaxSuiteCases) {
    return TooManyRuns(node);
  }
  suite_.models.push_back(std::move(model));
  return OkStatus();
}

Result<SuiteReader::Samples> SuiteReader::ReadInputs(const YAML::Node& node) const {
  Samples samples;
  const auto add = [&](const YAML::Node& entry) -> Status {
    PLUMB_ASSIGN_OR_RETURN(std::vector<std::string> files, reader_.Texts(entry));
    for (std::string& file : files) {
      file = InFolder(file);
    }
    // One file, folder, list or pattern is as many samples as it has files; several in a list of
    // their own are one, a file for each input of the model.
    const size_t each = entry.IsSequence() ? files.size() : 1;
    auto listed = ListRunInputs(files, each, /*script=*/false);
    if (!listed.ok()) {
      return reader_.Wrong(entry, listed.status().message(), listed.status().hint());
    }
    std::error_code error;
    if (!fs::is_regular_file(files.front(), error)) {
      // A folder or a pattern; a list has the order that it was written in.
      std::stable_sort(listed->samples.begin(), listed->samples.end(), InNaturalOrder);
    }
    // Before it grows: an alias of a few characters may stand for many files.
    if (samples.size() + listed->samples.size() > kMaxSuiteCases) {
      return TooManyRuns(entry);
    }
    samples.insert(samples.end(), listed->samples.begin(), listed->samples.end());
    return OkStatus();
  };
  if (!node.IsSequence()) {
    PLUMB_RETURN_IF_ERROR(add(node));
    return samples;
  }
  for (const YAML::Node& entry : node) {
    PLUMB_RETURN_IF_ERROR(add(entry));
  }
  if (samples.empty()) {
    return reader_.Wrong(node, "there are no inputs", "write a line '- inputs/*.bin'");
  }
  std::set<std::vector<std::string>> seen;
  for (const auto& files : samples) {
    if (!seen.insert(files).second) {
      return reader_.Wrong(
          node, "'" + EscapeForDisplay(Join(files, ",")) + "' is there twice", "leave one out");
    }
  }
  return samples;
}

Status SuiteReader::ReadBoards(const YAML::Node& node) {
  if (!node.IsSequence() || node.size() == 0) {
    return reader_.Wrong(node,
                         "a list of boards is expected",
                         "write a line '- S6 lab': a board's name, or tags that must all fit");
  }
  std::set<std::vector<std::string>> seen;
  for (const YAML::Node& entry : node) {
    std::vector<std::string> words;
    if (entry.IsSequence()) {
      PLUMB_ASSIGN_OR_RETURN(words, reader_.Texts(entry));
    } else {
      PLUMB_ASSIGN_OR_RETURN(const std::string text, reader_.Text(entry));
      for (const std::string& word : Split(text, ' ')) {
        if (!word.empty()) {
          words.push_back(word);
        }
      }
    }
    if (words.size() > static_cast<size_t>(rpc::kMaxTags)) {
      return reader_.Wrong(entry, "too many words for a board", "write at most 32");
    }
    if (!seen.insert(words).second) {
      return reader_.Wrong(entry, "the same boards are there twice", "leave one line out");
    }
    suite_.boards.push_back(std::move(words));
    if (suite_.boards.size() > kMaxSuiteCases) {
      return TooManyRuns(entry);
    }
  }
  return OkStatus();
}

Status SuiteReader::ReadSettings(const YAML::Node& node, RunRequest* request) const {
  if (node["simulator"]) {
    PLUMB_ASSIGN_OR_RETURN(request->simulator, reader_.Text(node["simulator"]));
    if (request->simulator != "builtin" && request->simulator != "sgs" &&
        request->simulator != "command") {
      return reader_.Wrong(node["simulator"],
                           "there is no simulator '" + EscapeForDisplay(request->simulator) + "'",
                           "write builtin, sgs or command");
    }
  }
  if (node["repeat"]) {
    PLUMB_ASSIGN_OR_RETURN(const int64_t repeat,
                           reader_.Integer(node["repeat"], 1, rpc::kMaxRepetitions));
    request->repetitions = static_cast<uint32_t>(repeat);
  }
  if (node["probe"]) {
    PLUMB_ASSIGN_OR_RETURN(request->probe, reader_.Flag(node["probe"]));
  }
  if (node["timeout"]) {
    PLUMB_ASSIGN_OR_RETURN(const int64_t timeout, reader_.Duration(node["timeout"]));
    request->invoke_timeout = std::chrono::milliseconds(timeout);
  }
  if (node["deadline"]) {
    PLUMB_ASSIGN_OR_RETURN(const int64_t deadline, reader_.Duration(node["deadline"]));
    request->deadline = std::chrono::milliseconds(deadline);
  }
  if (node["tolerance"]) {
    PLUMB_ASSIGN_OR_RETURN(request->tolerance, ReadTolerance(node["tolerance"]));
  }
  return ReadQueue(node, request);
}

Status SuiteReader::ReadQueue(const YAML::Node& node, RunRequest* request) const {
  if (node["owner"]) {
    PLUMB_ASSIGN_OR_RETURN(request->owner, reader_.Text(node["owner"]));
  }
  if (node["priority"]) {
    PLUMB_ASSIGN_OR_RETURN(const int64_t priority, reader_.Integer(node["priority"], -1000, 1000));
    request->priority = static_cast<int32_t>(priority);
  }
  if (node["attempts"]) {
    PLUMB_ASSIGN_OR_RETURN(const int64_t attempts, reader_.Integer(node["attempts"], 1, 100));
    request->max_attempts = static_cast<uint32_t>(attempts);
  }
  if (node["wait"]) {
    PLUMB_ASSIGN_OR_RETURN(request->wait, reader_.Flag(node["wait"]));
  }
  return OkStatus();
}

Result<analysis::TolerancePolicy> SuiteReader::ReadTolerance(const YAML::Node& node) const {
  analysis::TolerancePolicy policy;
  PLUMB_ASSIGN_OR_RETURN(policy.by_default, ReadLimits(node, true));
  if (!node["tensors"]) {
    return policy;
  }
  if (!node["tensors"].IsMap()) {
    return reader_.Wrong(
        node["tensors"], "a map of tensors' names is expected", "write 'name: {atol: 1}'");
  }
  for (const auto& pair : node["tensors"]) {
    PLUMB_ASSIGN_OR_RETURN(const std::string name, reader_.Text(pair.first));
    PLUMB_ASSIGN_OR_RETURN(policy.by_tensor[name], ReadLimits(pair.second, false));
  }
  return policy;
}

Result<analysis::Tolerance> SuiteReader::ReadLimits(const YAML::Node& node,
                                                    bool with_tensors) const {
  std::vector<std::string> keys = {"atol", "rtol", "min_cosine", "max_rel_l1"};
  if (with_tensors) {
    keys.emplace_back("tensors");
  }
  PLUMB_RETURN_IF_ERROR(reader_.CheckKeys(node, keys));
  analysis::Tolerance limits;
  for (const auto& [key, value] : {std::pair("atol", &limits.atol),
                                   std::pair("rtol", &limits.rtol),
                                   std::pair("min_cosine", &limits.min_cosine),
                                   std::pair("max_rel_l1", &limits.max_relative_l1)}) {
    if (node[key]) {
      PLUMB_ASSIGN_OR_RETURN(*value, reader_.Number(node[key], 0));
    }
  }
  return limits;
}

Status SuiteReader::TooManyRuns(const YAML::Node& node) const {
  return reader_.Wrong(
      node,
      "with this the suite has more than " + std::to_string(kMaxSuiteCases) + " runs",
      "models × inputs × boards may be " + std::to_string(kMaxSuiteCases) +
          " at most; make two suites of it");
}

}  // namespace

Result<Suite> ParseSuite(std::string_view text, const fs::path& path) {
  try {
    return SuiteReader(path).Read(text);
  } catch (const YAML::Exception& error) {  // from a walk over nodes that are not what they seemed
    return UsageError(path.string() + ":" + std::to_string(std::max(error.mark.line, 0) + 1) +
                          ": " + EscapeForDisplay(error.msg),
                      "docs/suite.md has an example");
  }
}

}  // namespace plumb::client
