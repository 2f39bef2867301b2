#include "server/store/tag_expression.h"

#include <gtest/gtest.h>

namespace plumb::store {
namespace {

// The postfix order as text: words, "!", "&", "|".
std::string Postfix(std::string_view text) {
  const auto expression = TagExpression::Parse(text);
  EXPECT_TRUE(expression.ok()) << expression.status().ToString();
  std::string all;
  if (expression.ok()) {
    for (const TagExpression::Node& node : expression->nodes()) {
      switch (node.kind) {
        case TagExpression::Kind::kWord:
          all += node.word + " ";
          break;
        case TagExpression::Kind::kNot:
          all += "! ";
          break;
        case TagExpression::Kind::kAnd:
          all += "& ";
          break;
        case TagExpression::Kind::kOr:
          all += "| ";
          break;
      }
    }
  }
  return all;
}

TEST(TagExpression, BindsNotThenAndThenOr) {
  EXPECT_EQ(Postfix(""), "");
  EXPECT_EQ(Postfix("  "), "");
  EXPECT_EQ(Postfix("S6"), "S6 ");
  EXPECT_EQ(Postfix("a b c"), "a b & c & ");
  EXPECT_EQ(Postfix("a || b && c"), "a b c & | ");
  EXPECT_EQ(Postfix("(a||b)&&c"), "a b | c & ");
  EXPECT_EQ(Postfix("!a !(b || c)"), "a ! b c | ! & ");
  EXPECT_EQ(Postfix("sdk=1.1.5, 512MB"), "sdk=1.1.5 512MB & ");
}

TEST(TagExpression, SaysWhereTheTextGoesWrong) {
  const std::pair<std::string, std::string> cases[] = {{"a &&", "character 5"},
                                                       {"|| a", "character 1"},
                                                       {"(a", "')' was expected at character 3"},
                                                       {"a)", "character 2"},
                                                       {"a ; b", "character 3"},
                                                       {"a | b", "character 3"},
                                                       {"()", "character 2"}};
  for (const auto& [text, part] : cases) {
    const auto expression = TagExpression::Parse(text);
    ASSERT_FALSE(expression.ok()) << text;
    EXPECT_EQ(expression.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(expression.status().message().find(part), std::string::npos)
        << expression.status().message();
  }
}

TEST(TagExpression, TakesAnyWordInQuotes) {
  const auto expression = TagExpression::Parse(R"("my cam" !"a \"b\" \\ || c")");
  ASSERT_TRUE(expression.ok()) << expression.status().ToString();
  ASSERT_EQ(expression->nodes().size(), 4U);
  EXPECT_EQ(expression->nodes()[0].word, "my cam");
  EXPECT_EQ(expression->nodes()[1].word, R"(a "b" \ || c)");
  for (const char* wrong : {"\"", "\"a", "\"\"", "a \"b\\\""}) {
    EXPECT_FALSE(TagExpression::Parse(wrong).ok()) << wrong;
  }
}

TEST(TagExpression, AllOfDemandsEachWord) {
  const std::vector<std::string> words = {"cam 7", "a\"b\\", "S6", "||"};
  const auto expression = TagExpression::Parse(TagExpression::AllOf(words));
  ASSERT_TRUE(expression.ok()) << expression.status().ToString();
  std::vector<std::string> found;
  for (const auto& node : expression->nodes()) {
    if (node.kind == TagExpression::Kind::kWord) {
      found.push_back(node.word);
    } else {
      EXPECT_EQ(node.kind, TagExpression::Kind::kAnd);
    }
  }
  EXPECT_EQ(found, words);
  EXPECT_TRUE(TagExpression::Parse(TagExpression::AllOf({}))->nodes().empty());
}

TEST(TagExpression, IsBounded) {
  EXPECT_TRUE(TagExpression::Parse(std::string(255, 'a')).ok());
  EXPECT_FALSE(TagExpression::Parse(std::string(256, 'a')).ok());
  EXPECT_FALSE(TagExpression::Parse(std::string(16 * 1024 + 1, ' ')).ok());
  EXPECT_TRUE(TagExpression::Parse(std::string(15, '(') + "a" + std::string(15, ')')).ok());
  EXPECT_FALSE(TagExpression::Parse(std::string(500, '(')).ok());
  EXPECT_FALSE(TagExpression::Parse(std::string(500, '!') + "a").ok());
  std::string words;
  for (int i = 0; i < 64; ++i) {
    words += "t ";
  }
  EXPECT_TRUE(TagExpression::Parse(words).ok());
  EXPECT_FALSE(TagExpression::Parse(words + "t").ok());
}

}  // namespace
}  // namespace plumb::store
