// Which boards a run wants: words that are a board's name or one of its tags, put together with
// '!', '&&' (or just a space or comma) and '||', in parentheses: "S6 && (lab1 || lab2) !slow".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::store {

class TagExpression {
 public:
  static constexpr size_t kMaxLength = size_t{16} * 1024;
  static constexpr size_t kMaxWords = 64;
  static constexpr size_t kMaxDepth = 16;

  // A word is 1…255 characters of letters, digits and "_.:=+/@-", or any others in double quotes
  // ('\\' before '"' and '\\'). Empty text: any board.
  // kInvalidArgument says where the text goes wrong.
  static Result<TagExpression> Parse(std::string_view text);

  // The expression that demands each of these words, whatever they hold.
  static std::string AllOf(const std::vector<std::string>& words);

  enum class Kind : uint8_t { kWord, kNot, kAnd, kOr };

  // In postfix order: a node stands after its operands, the last one is the root.
  struct Node {
    Kind kind = Kind::kWord;
    std::string word;  // kWord only
  };

  // Empty: any board.
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }

 private:
  std::vector<Node> nodes_;
};

}  // namespace plumb::store
