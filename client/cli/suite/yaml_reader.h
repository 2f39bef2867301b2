// YAML with the line of every mistake.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::client {

// Values of one file. Errors are of usage and begin with "FILE:LINE: ".
class YamlReader {
 public:
  explicit YamlReader(std::string file) : file_(std::move(file)) {}

  // What a node is said to be wrong in.
  [[nodiscard]] Status Wrong(const YAML::Node& node,
                             const std::string& message,
                             std::string_view hint) const;

  // `node` must be a map whose keys are all among `keys`, each once.
  [[nodiscard]] Status CheckKeys(const YAML::Node& node,
                                 const std::vector<std::string>& keys) const;

  [[nodiscard]] Result<std::string> Text(const YAML::Node& node) const;
  [[nodiscard]] Result<bool> Flag(const YAML::Node& node) const;
  [[nodiscard]] Result<double> Number(const YAML::Node& node, double least) const;
  [[nodiscard]] Result<int64_t> Integer(const YAML::Node& node, int64_t least, int64_t most) const;
  // "250ms", "30s", "10m"; in milliseconds, above 0.
  [[nodiscard]] Result<int64_t> Duration(const YAML::Node& node) const;
  // A list of texts, or one text for a list of one.
  [[nodiscard]] Result<std::vector<std::string>> Texts(const YAML::Node& node) const;

 private:
  std::string file_;
};

}  // namespace plumb::client
