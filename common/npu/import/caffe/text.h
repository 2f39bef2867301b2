// Reader of protobuf's text format: what a prototxt is written in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::npu::caffe {

struct TextMessage;

// "name: value" or "name { … }". A list "name: [a, b]" is one field for each element.
struct TextField {
  std::string name;
  uint32_t line = 0;  // from 1
  std::string value;  // a string without its quotes and escapes, or a number or word as it stands
  bool quoted = false;
  std::unique_ptr<TextMessage> message;  // set for "name { … }"
};

struct TextMessage {
  uint32_t line = 0;
  std::vector<TextField> fields;  // in the order of the file

  // The first field called `name`, null when there is none.
  [[nodiscard]] const TextField* Find(std::string_view name) const;
  [[nodiscard]] std::vector<const TextField*> All(std::string_view name) const;
};

constexpr size_t kMaxTextFields = 262144;
constexpr size_t kMaxTextDepth = 16;

// The file's outermost message. Format: https://protobuf.dev/reference/protobuf/textformat-spec/,
// without extension names and Any, which Caffe does not use. kInvalidArgument names the line.
Result<TextMessage> ParseText(std::string_view text);

// "line 12: "
std::string AtLine(uint32_t line);

// The value of a field as a number, a flag or a word. kInvalidArgument names the line.
Result<int64_t> IntegerOf(const TextField& field);
Result<float> RealOf(const TextField& field);
Result<bool> FlagOf(const TextField& field);
Result<std::string> TextOf(const TextField& field);  // quoted
Result<std::string> WordOf(const TextField& field);  // an enumerator
Result<const TextMessage*> MessageOf(const TextField& field);

}  // namespace plumb::npu::caffe
