#include "common/archive/json_reader.h"

#include <cmath>

#include "common/base/text.h"

#include <nlohmann/json.hpp>

namespace plumb::archive {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 32;

const Json* Find(const void* node, std::string_view key) {
  const auto& object = *static_cast<const Json*>(node);
  const auto found = object.find(std::string(key));
  return found == object.end() ? nullptr : &*found;
}

bool IsList(const Json* value) {
  return value != nullptr && value->is_array() && value->size() <= JsonReader::kMaxItems;
}

std::optional<int64_t> AsInt(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    return number <= static_cast<uint64_t>(INT64_MAX)
               ? std::optional<int64_t>(static_cast<int64_t>(number))
               : std::nullopt;
  }
  return value.is_number_integer() ? std::optional<int64_t>(value.get<int64_t>()) : std::nullopt;
}

std::optional<double> AsDouble(const Json& value) {
  if (!value.is_number()) {
    return std::nullopt;
  }
  const auto number = value.get<double>();
  return std::isfinite(number) ? std::optional<double>(number) : std::nullopt;
}

}  // namespace

Result<JsonReader> JsonReader::Parse(std::string_view text) {
  if (text.size() > kMaxText) {
    return InvalidArgumentError("a JSON text of " + std::to_string(text.size()) +
                                " bytes is too large");
  }
  bool too_deep = false;
  const auto watch = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  auto tree = std::make_shared<const Json>(Json::parse(text.begin(), text.end(), watch, false));
  if (too_deep) {
    return InvalidArgumentError("the JSON text is nested too deeply");
  }
  if (!tree->is_object()) {
    return InvalidArgumentError("the text is not a JSON object");
  }
  const void* node = tree.get();
  return JsonReader(std::move(tree), node, "");
}

Status JsonReader::Wrong(std::string_view key, std::string_view must_be) const {
  return InvalidArgumentError("'" + path_ + EscapeForDisplay(key) + "' must be " +
                              std::string(must_be));
}

bool JsonReader::Has(std::string_view key) const {
  return Find(node_, key) != nullptr;
}

bool JsonReader::IsNull(std::string_view key) const {
  const Json* value = Find(node_, key);
  return value == nullptr || value->is_null();
}

std::vector<std::string> JsonReader::Keys() const {
  std::vector<std::string> keys;
  for (const auto& item : static_cast<const Json*>(node_)->items()) {
    keys.push_back(item.key());
  }
  return keys;
}

Result<std::string> JsonReader::String(std::string_view key) const {
  const Json* value = Find(node_, key);
  if (value == nullptr || !value->is_string()) {
    return Wrong(key, "a string");
  }
  return value->get<std::string>();
}

Result<bool> JsonReader::Bool(std::string_view key) const {
  const Json* value = Find(node_, key);
  if (value == nullptr || !value->is_boolean()) {
    return Wrong(key, "true or false");
  }
  return value->get<bool>();
}

Result<double> JsonReader::Number(std::string_view key) const {
  const Json* value = Find(node_, key);
  const auto number = value == nullptr ? std::nullopt : AsDouble(*value);
  if (!number) {
    return Wrong(key, "a number");
  }
  return *number;
}

Result<std::optional<double>> JsonReader::OptionalNumber(std::string_view key) const {
  if (IsNull(key)) {
    return std::optional<double>();
  }
  PLUMB_ASSIGN_OR_RETURN(const double number, Number(key));
  return std::optional<double>(number);
}

Result<int64_t> JsonReader::Int(std::string_view key, int64_t lowest, int64_t highest) const {
  const Json* value = Find(node_, key);
  const auto number = value == nullptr ? std::nullopt : AsInt(*value);
  if (!number || *number < lowest || *number > highest) {
    return Wrong(key,
                 "an integer from " + std::to_string(lowest) + " to " + std::to_string(highest));
  }
  return *number;
}

Result<uint64_t> JsonReader::Uint(std::string_view key, uint64_t highest) const {
  const Json* value = Find(node_, key);
  if (value == nullptr || !value->is_number_unsigned() || value->get<uint64_t>() > highest) {
    return Wrong(key, "an integer from 0 to " + std::to_string(highest));
  }
  return value->get<uint64_t>();
}

Result<std::vector<std::string>> JsonReader::Strings(std::string_view key) const {
  const Json* value = Find(node_, key);
  if (!IsList(value)) {
    return Wrong(key, "a list of strings");
  }
  std::vector<std::string> strings;
  for (const auto& item : *value) {
    if (!item.is_string()) {
      return Wrong(key, "a list of strings");
    }
    strings.push_back(item.get<std::string>());
  }
  return strings;
}

Result<std::vector<double>> JsonReader::Numbers(std::string_view key) const {
  const Json* value = Find(node_, key);
  if (!IsList(value)) {
    return Wrong(key, "a list of numbers");
  }
  std::vector<double> numbers;
  for (const auto& item : *value) {
    const auto number = AsDouble(item);
    if (!number) {
      return Wrong(key, "a list of numbers");
    }
    numbers.push_back(*number);
  }
  return numbers;
}

Result<std::vector<int64_t>> JsonReader::Ints(std::string_view key) const {
  const Json* value = Find(node_, key);
  if (!IsList(value)) {
    return Wrong(key, "a list of integers");
  }
  std::vector<int64_t> numbers;
  for (const auto& item : *value) {
    const auto number = AsInt(item);
    if (!number) {
      return Wrong(key, "a list of integers");
    }
    numbers.push_back(*number);
  }
  return numbers;
}

Result<JsonReader> JsonReader::Object(std::string_view key) const {
  const Json* value = Find(node_, key);
  if (value == nullptr || !value->is_object()) {
    return Wrong(key, "an object");
  }
  return JsonReader(tree_, value, path_ + EscapeForDisplay(key) + ".");
}

Result<std::vector<JsonReader>> JsonReader::Objects(std::string_view key) const {
  const Json* value = Find(node_, key);
  if (!IsList(value)) {
    return Wrong(key, "a list of objects");
  }
  std::vector<JsonReader> objects;
  for (const auto& item : *value) {
    if (!item.is_object()) {
      return Wrong(key, "a list of objects");
    }
    objects.push_back(JsonReader(
        tree_, &item, path_ + EscapeForDisplay(key) + "[" + std::to_string(objects.size()) + "]."));
  }
  return objects;
}

std::string JsonText(std::string_view text) {
  return IsValidUtf8(text) ? std::string(text) : EscapeForDisplay(text);
}

}  // namespace plumb::archive
