// A strict reader of JSON from elsewhere: every access checks the type and names the key in its
// error. Hides the JSON library.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::archive {

// One object of a parsed text; copies share the text's tree. All errors are kInvalidArgument.
class JsonReader {
 public:
  static constexpr size_t kMaxText = size_t{64} << 20;
  static constexpr size_t kMaxItems = size_t{1} << 20;  // of one list

  // The text must be one object.
  static Result<JsonReader> Parse(std::string_view text);

  [[nodiscard]] bool Has(std::string_view key) const;
  // True for a missing key too.
  [[nodiscard]] bool IsNull(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> Keys() const;

  [[nodiscard]] Result<std::string> String(std::string_view key) const;
  [[nodiscard]] Result<bool> Bool(std::string_view key) const;
  [[nodiscard]] Result<double> Number(std::string_view key) const;
  // Empty for null or a missing key.
  [[nodiscard]] Result<std::optional<double>> OptionalNumber(std::string_view key) const;
  [[nodiscard]] Result<int64_t> Int(std::string_view key, int64_t lowest, int64_t highest) const;
  [[nodiscard]] Result<uint64_t> Uint(std::string_view key, uint64_t highest = UINT64_MAX) const;
  [[nodiscard]] Result<std::vector<std::string>> Strings(std::string_view key) const;
  [[nodiscard]] Result<std::vector<double>> Numbers(std::string_view key) const;
  [[nodiscard]] Result<std::vector<int64_t>> Ints(std::string_view key) const;
  [[nodiscard]] Result<JsonReader> Object(std::string_view key) const;
  [[nodiscard]] Result<std::vector<JsonReader>> Objects(std::string_view key) const;

  // "'outputs[3].shape' must be a list of integers": an error about a key of this object.
  [[nodiscard]] Status Wrong(std::string_view key, std::string_view must_be) const;

 private:
  JsonReader(std::shared_ptr<const void> tree, const void* node, std::string path)
      : tree_(std::move(tree)),
        node_(node),
        path_(std::move(path)) {}

  std::shared_ptr<const void> tree_;
  const void* node_;  // an nlohmann::ordered_json inside tree_
  std::string path_;
};

// `text` itself when it is valid UTF-8, else with the broken bytes escaped: JSON holds no others.
std::string JsonText(std::string_view text);

}  // namespace plumb::archive
