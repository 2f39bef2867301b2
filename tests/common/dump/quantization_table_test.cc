#include "common/dump/quantization_table.h"

#include <string_view>

#include <gmock/gmock.h>

namespace plumb::dump {
namespace {

using ::testing::HasSubstr;

Result<std::vector<TableEntry>> Parse(std::string_view text) {
  return ParseQuantizationTable({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// What json.dump(table, file, indent=4) of Python 3.11 writes.
constexpr std::string_view kPythons = R"([
    {
        "name": "x",
        "min": [
            -1.0
        ],
        "max": [
            0.9921875
        ],
        "bit": 8
    },
    {
        "name": "conv/weights",
        "min": [
            -0.5,
            -0.1
        ],
        "max": [
            0.5,
            0.1
        ],
        "bit": 8
    }
]
)";

std::vector<TableEntry> Entries() {
  return {{"x", {-1}, {0.9921875}, 8}, {"conv/weights", {-0.5, -0.1}, {0.5, 0.1}, 8}};
}

TEST(QuantizationTable, HasTheVendorsShape) {
  EXPECT_EQ(WriteQuantizationTable(Entries()), kPythons);
  const auto read = Parse(kPythons);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, Entries());
}

TEST(QuantizationTable, SkipsKeysOfOthersAndReadsWholeNumbers) {
  const auto read = Parse(
      R"([{"shape":[1,[2]],"name":"a","data":{"min":3},"min":[-1],"max":[1],"bit":16,"x":null}])");
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->at(0), (TableEntry{"a", {-1}, {1}, 16}));
}

TEST(QuantizationTable, NumbersReadBackTheSame) {
  const std::vector<TableEntry> entries = {{"a", {-0.1 - 0.2}, {1.0 / 3}, 16}};
  EXPECT_EQ(*Parse(WriteQuantizationTable(entries)), entries);
}

TEST(QuantizationTable, RefusesAPickleWithAWayOut) {
  const Status status = Parse("\x80\x04]q.").status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("pickle"));
  EXPECT_THAT(status.hint(), HasSubstr("--output_mode JSON"));
}

struct BadTable {
  const char* text;
  const char* says;
};

class RefusesTable : public ::testing::TestWithParam<BadTable> {};

TEST_P(RefusesTable, SayingWhere) {
  const Status status = Parse(GetParam().text).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Texts,
    RefusesTable,
    ::testing::Values(
        BadTable{"", "no JSON"},
        BadTable{"[", "no JSON"},
        BadTable{"{}", "no list"},
        BadTable{"3", "no list"},
        BadTable{"[[1]]", "no list"},
        BadTable{"[3]", "no list"},
        BadTable{R"([{"min":[0],"max":[1],"bit":8}])", "name"},
        BadTable{R"([{"name":"a","min":[0],"max":[1]}])", "'a': its bit"},
        BadTable{R"([{"name":"a","min":[0],"max":[1],"bit":7}])", "bit"},
        BadTable{R"([{"name":"a","min":[],"max":[],"bit":8}])", "0 min"},
        BadTable{R"([{"name":"a","min":[0,1],"max":[1],"bit":8}])", "2 min and 1 max"},
        BadTable{R"([{"name":"a","min":[2],"max":[1],"bit":8}])", "range 2 to 1"},
        BadTable{R"([{"name":"a","min":[0],"max":[1e999],"bit":8}])", "no JSON"},
        BadTable{R"([{"name":"a","min":["x"],"max":[1],"bit":8}])", "'min' is text"},
        BadTable{R"([{"name":"a","min":0,"max":[1],"bit":8}])", "'min' is a number"},
        BadTable{R"([{"name":"a","min":{},"max":[1],"bit":8}])", "'min' is an object"},
        BadTable{R"([{"name":["a"],"min":[0],"max":[1],"bit":8}])", "'name' is a list"},
        BadTable{
            R"([{"name":"a","min":[0],"max":[1],"bit":8},{"name":"a","min":[0],"max":[1],"bit":8}])",
            "twice"},
        BadTable{R"([{"x":[[[[[[[[[[[[]]]]]]]]]]]]}])", "too deeply"}));

}  // namespace
}  // namespace plumb::dump
