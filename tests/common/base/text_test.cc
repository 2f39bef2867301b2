#include "common/base/text.h"

#include <cmath>

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Utf8, AcceptsEveryLengthAndBoundary) {
  for (const char* text : {"",
                           "plain",
                           "\x7F",
                           "\xC2\x80",          // U+0080
                           "\xDF\xBF",          // U+07FF
                           "\xE0\xA0\x80",      // U+0800
                           "\xED\x9F\xBF",      // U+D7FF
                           "\xEE\x80\x80",      // U+E000
                           "\xEF\xBF\xBF",      // U+FFFF
                           "\xF0\x90\x80\x80",  // U+10000
                           "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << EscapeForDisplay(text);
  }
}

TEST(Utf8, RefusesOverlongSurrogateTooLargeAndCut) {
  for (const char* text : {"\x80",      // a continuation alone
                           "\xC0\xAF",  // '/' in two bytes
                           "\xC1\xBF",
                           "\xE0\x9F\xBF",      // overlong
                           "\xED\xA0\x80",      // U+D800
                           "\xED\xBF\xBF",      // U+DFFF
                           "\xF0\x8F\xBF\xBF",  // overlong
                           "\xF4\x90\x80\x80",  // U+110000
                           "\xF5\x80\x80\x80",
                           "\xFF",
                           "\xC3",  // cut
                           "\xE2\x82",
                           "\xF0\x9F\x98",
                           "\xC3(",  // no continuation
                           "ab\xE2(\xA1"}) {
    EXPECT_FALSE(IsValidUtf8(text));
  }
}

TEST(Text, SafeNamesHaveNoControlCharactersAndABoundedLength) {
  EXPECT_TRUE(IsSafeName("conv2d/Relu:0 \xC3\xA9"));
  EXPECT_TRUE(IsSafeName(std::string(255, 'a')));
  EXPECT_FALSE(IsSafeName(std::string(256, 'a')));
  EXPECT_FALSE(IsSafeName(""));
  EXPECT_FALSE(IsSafeName("a\nb"));
  EXPECT_FALSE(IsSafeName("a\x7F"));
  EXPECT_FALSE(IsSafeName(std::string_view("a\0b", 3)));
  EXPECT_FALSE(IsSafeName("\xFF"));
  EXPECT_FALSE(
      IsSafeName("a\xC2\x9B"
                 "2J"));
  EXPECT_FALSE(IsSafeName("a\xE2\x81\xA6z"));
}

TEST(Text, EscapesWhatCouldSteerATerminal) {
  EXPECT_EQ(EscapeForDisplay("plain \xC3\xA9"), "plain \xC3\xA9");
  EXPECT_EQ(EscapeForDisplay("\x1b[2J\n\t"), "\\x1b[2J\\x0a\\x09");
  EXPECT_EQ(EscapeForDisplay("a\xFFz"), "a\\xffz");
  EXPECT_EQ(EscapeForDisplay("\xE2\x82"), "\\xe2\\x82");
  EXPECT_EQ(EscapeForDisplay(std::string_view("\0", 1)), "\\x00");
  // U+009B is ESC [ in one character; U+0085 and U+2028 end a line; U+202E turns the writing round.
  EXPECT_EQ(EscapeForDisplay("\xC2\x9B"
                             "2J"),
            "\\xc2\\x9b"
            "2J");
  EXPECT_EQ(EscapeForDisplay("a\xC2\x85z\xE2\x80\xA8"), "a\\xc2\\x85z\\xe2\\x80\\xa8");
  EXPECT_EQ(EscapeForDisplay("\xE2\x80\xAEgnp.exe"), "\\xe2\\x80\\xaegnp.exe");
  EXPECT_EQ(EscapeForDisplay("\xC2\xA0\xE2\x80\xA6\xF0\x9F\x98\x80"),
            "\xC2\xA0\xE2\x80\xA6\xF0\x9F\x98\x80");
}

TEST(Text, ParsesWholeNumbersOnly) {
  EXPECT_EQ(ParseInt("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(ParseInt("9223372036854775808"), std::nullopt);
  EXPECT_EQ(ParseUint("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", " 1", "1 ", "1x", "0x10", "+1", "--1", "1.0"}) {
    EXPECT_EQ(ParseInt(text), std::nullopt) << text;
    EXPECT_EQ(ParseUint(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseUint("-1"), std::nullopt);
  EXPECT_EQ(ParseDouble("1e-3"), 1e-3);
  EXPECT_EQ(ParseDouble("1e-3 "), std::nullopt);
  EXPECT_EQ(ParseDouble(""), std::nullopt);
  EXPECT_EQ(ParseDouble("1e999"), std::nullopt);
  EXPECT_TRUE(std::isinf(ParseDouble("inf").value_or(0)));
}

TEST(Text, ParsesDurations) {
  EXPECT_EQ(ParseDurationMs("250ms"), 250);
  EXPECT_EQ(ParseDurationMs("30s"), 30'000);
  EXPECT_EQ(ParseDurationMs("30"), 30'000);
  EXPECT_EQ(ParseDurationMs("1.5m"), 90'000);
  EXPECT_EQ(ParseDurationMs("2h"), 7'200'000);
  EXPECT_EQ(ParseDurationMs("0s"), 0);
  for (const char* text : {"", "s", "-1s", "1 s", "1d", "nan", "inf", "1e300h"}) {
    EXPECT_EQ(ParseDurationMs(text), std::nullopt) << text;
  }
}

TEST(Text, SplitsJoinsAndTrims) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Split("", ','), std::vector<std::string>{""});
  EXPECT_EQ(Join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(Join({}, ","), "");
  EXPECT_EQ(Trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
  EXPECT_EQ(ToLower("AbC1"), "abc1");
}

TEST(Text, PrintsForPeopleAndMachines) {
  const std::vector<uint8_t> bytes = {0x00, 0x0F, 0xA5, 0xFF};
  EXPECT_EQ(ToHex(bytes.data(), bytes.size()), "000fa5ff");
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(uint64_t{3} << 30), "3.0 GiB");
  EXPECT_EQ(ShortestDouble(1), "1");
  EXPECT_EQ(ShortestDouble(0.1), "0.1");
  EXPECT_EQ(ShortestDouble(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(ShortestDouble(-2.5e-300), "-2.5e-300");
}

}  // namespace
}  // namespace plumb
