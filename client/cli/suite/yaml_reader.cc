#include "client/cli/suite/yaml_reader.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "client/cli/frame/usage.h"
#include "common/base/suggest.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

// The files of one execution, the words of a board.
constexpr size_t kMaxTexts = 1024;

}  // namespace

Status YamlReader::Wrong(const YAML::Node& node,
                         const std::string& message,
                         std::string_view hint) const {
  const int line = node.Mark().line;  // from 0; -1: of no text
  return UsageError(file_ + ":" + std::to_string(std::max(line, 0) + 1) + ": " + message, hint);
}

Status YamlReader::CheckKeys(const YAML::Node& node, const std::vector<std::string>& keys) const {
  const std::string known = "keys here are: " + Join(keys, " ");
  if (!node.IsMap()) {
    return Wrong(node, "a map of keys and values is expected", known);
  }
  std::set<std::string> seen;
  for (const auto& pair : node) {
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "";
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      const auto near = ClosestOf(key, keys);
      return Wrong(pair.first,
                   "unknown key '" + EscapeForDisplay(key) + "'",
                   near ? "did you mean '" + *near + "'? " + known : known);
    }
    if (!seen.insert(key).second) {
      return Wrong(pair.first, "'" + key + "' is there twice", "leave one of them out");
    }
  }
  return OkStatus();
}

Result<std::string> YamlReader::Text(const YAML::Node& node) const {
  if (!node.IsScalar() || node.Scalar().empty()) {
    return Wrong(node, "a text is expected", "write it after the colon, in quotes if need be");
  }
  return node.Scalar();
}

Result<bool> YamlReader::Flag(const YAML::Node& node) const {
  bool value = false;
  if (!node.IsScalar() || !YAML::convert<bool>::decode(node, value)) {
    return Wrong(node, "true or false is expected", "write true or false");
  }
  return value;
}

Result<double> YamlReader::Number(const YAML::Node& node, double least) const {
  double value = 0;
  if (!node.IsScalar() || !YAML::convert<double>::decode(node, value) || !std::isfinite(value) ||
      value < least) {
    return Wrong(node,
                 "a number of at least " + ShortestDouble(least) + " is expected",
                 "write it like 0.01");
  }
  return value;
}

Result<int64_t> YamlReader::Integer(const YAML::Node& node, int64_t least, int64_t most) const {
  int64_t value = 0;
  if (!node.IsScalar() || !YAML::convert<int64_t>::decode(node, value) || value < least ||
      value > most) {
    return Wrong(node,
                 "a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                     " is expected",
                 "write a number in that range");
  }
  return value;
}

Result<int64_t> YamlReader::Duration(const YAML::Node& node) const {
  const auto parsed = node.IsScalar() ? ParseDurationMs(node.Scalar()) : std::nullopt;
  if (!parsed || *parsed <= 0) {
    return Wrong(node, "a duration is expected", "write it like 250ms, 30s or 10m");
  }
  return *parsed;
}

Result<std::vector<std::string>> YamlReader::Texts(const YAML::Node& node) const {
  std::vector<std::string> texts;
  if (!node.IsSequence()) {
    PLUMB_ASSIGN_OR_RETURN(std::string one, Text(node));
    texts.push_back(std::move(one));
    return texts;
  }
  if (node.size() > kMaxTexts) {
    return Wrong(node, "too long a list", "write at most " + std::to_string(kMaxTexts) + " texts");
  }
  for (const YAML::Node& entry : node) {
    PLUMB_ASSIGN_OR_RETURN(std::string one, Text(entry));
    texts.push_back(std::move(one));
  }
  return texts;
}

}  // namespace plumb::client
