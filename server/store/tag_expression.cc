#include "server/store/tag_expression.h"

#include <algorithm>
#include <cctype>

#include "common/base/text.h"

namespace plumb::store {
namespace {

constexpr size_t kMaxWordLength = 255;

bool IsWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_.:=+/@-").find(c) != std::string_view::npos;
}

// Recursive descent: or := and ('||' and)*, and := factor (('&&')? factor)*,
// factor := '!' factor | '(' or ')' | word.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<TagExpression::Node>> Run() {
    SkipSpace();
    if (position_ == text_.size()) {
      return std::vector<TagExpression::Node>();
    }
    PLUMB_RETURN_IF_ERROR(ParseOr(0));
    if (position_ != text_.size()) {
      return Wrong("a word was expected");
    }
    return std::move(nodes_);
  }

 private:
  Status Wrong(const std::string& what) const {
    return InvalidArgumentError("tags '" + EscapeForDisplay(text_) + "': " + what +
                                " at character " + std::to_string(position_ + 1))
        .WithHint("write words with '!', '&&', '||' and parentheses: 'S6 && (lab1 || lab2) !slow'");
  }

  void SkipSpace() {
    while (position_ < text_.size() &&
           (std::isspace(static_cast<unsigned char>(text_[position_])) != 0 ||
            text_[position_] == ',')) {
      ++position_;
    }
  }

  bool Take(std::string_view token) {
    if (text_.substr(position_).substr(0, token.size()) != token) {
      return false;
    }
    position_ += token.size();
    SkipSpace();
    return true;
  }

  [[nodiscard]] bool FactorFollows() const {
    return position_ < text_.size() &&
           (IsWordCharacter(text_[position_]) || text_[position_] == '!' ||
            text_[position_] == '(' || text_[position_] == '"');
  }

  Status ParseOr(size_t depth) {
    PLUMB_RETURN_IF_ERROR(ParseAnd(depth));
    while (Take("||")) {
      PLUMB_RETURN_IF_ERROR(ParseAnd(depth));
      nodes_.push_back({TagExpression::Kind::kOr, ""});
    }
    return OkStatus();
  }

  Status ParseAnd(size_t depth) {
    PLUMB_RETURN_IF_ERROR(ParseFactor(depth));
    while (Take("&&") || FactorFollows()) {
      PLUMB_RETURN_IF_ERROR(ParseFactor(depth));
      nodes_.push_back({TagExpression::Kind::kAnd, ""});
    }
    return OkStatus();
  }

  Status ParseFactor(size_t depth) {
    if (depth >= TagExpression::kMaxDepth) {
      return Wrong("too deeply nested");
    }
    if (Take("!")) {
      PLUMB_RETURN_IF_ERROR(ParseFactor(depth + 1));
      nodes_.push_back({TagExpression::Kind::kNot, ""});
      return OkStatus();
    }
    if (Take("(")) {
      PLUMB_RETURN_IF_ERROR(ParseOr(depth + 1));
      return Take(")") ? OkStatus() : Wrong("')' was expected");
    }
    return ParseWord();
  }

  Status AddWord(std::string word) {
    if (word.empty() || word.size() > kMaxWordLength) {
      return Wrong(word.empty() ? "a word was expected" : "the word is too long");
    }
    if (++words_ > TagExpression::kMaxWords) {
      return Wrong("too many words");
    }
    nodes_.push_back({TagExpression::Kind::kWord, std::move(word)});
    SkipSpace();
    return OkStatus();
  }

  Status ParseQuoted() {
    std::string word;
    while (++position_ < text_.size() && text_[position_] != '"') {
      position_ += text_[position_] == '\\' && position_ + 1 < text_.size() ? 1 : 0;
      word.push_back(text_[position_]);
    }
    if (position_ == text_.size()) {
      return Wrong("'\"' was expected");
    }
    ++position_;
    return AddWord(std::move(word));
  }

  Status ParseWord() {
    if (position_ < text_.size() && text_[position_] == '"') {
      return ParseQuoted();
    }
    size_t end = position_;
    while (end < text_.size() && IsWordCharacter(text_[end])) {
      ++end;
    }
    std::string word(text_.substr(position_, end - position_));
    position_ = end;
    return AddWord(std::move(word));
  }

  std::string_view text_;
  size_t position_ = 0;
  size_t words_ = 0;
  std::vector<TagExpression::Node> nodes_;
};

}  // namespace

std::string TagExpression::AllOf(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += text.empty() ? "\"" : " \"";
    for (const char c : word) {
      text += c == '"' || c == '\\' ? "\\" : "";
      text.push_back(c);
    }
    text.push_back('"');
  }
  return text;
}

Result<TagExpression> TagExpression::Parse(std::string_view text) {
  if (text.size() > kMaxLength) {
    return InvalidArgumentError("tags: longer than " + std::to_string(kMaxLength) + " characters");
  }
  TagExpression expression;
  PLUMB_ASSIGN_OR_RETURN(expression.nodes_, Parser(text).Run());
  return expression;
}

}  // namespace plumb::store
