#include "common/npu/quantize/table.h"

#include <gmock/gmock.h>

#include "common/npu/quantize/quantize.h"
#include "tests/support/graph_builder.h"

namespace plumb::npu {
namespace {

using dump::TableEntry;
using ::plumb::testing::GraphBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// t0 · t1 + t2 → t3, FULLY_CONNECTED.
Graph Full() {
  GraphBuilder builder;
  const uint32_t x = builder.Input({1, 2});
  const uint32_t w = builder.Constant({2, 2}, {1, -2, 0.5F, 0.25F});
  const uint32_t b = builder.Constant({2}, {1, -1});
  const uint32_t y = builder.Op(OpKind::kFullyConnected, {x, w, b}, {1, 2});
  return builder.Build({y});
}

std::vector<TableEntry> FullTable() {
  return {{"t0", {-8}, {23.875}, 8},
          {"t3", {-32767.0 / 1024}, {32767.0 / 1024}, 16},
          {"t3/weights", {-127.0 / 32, -127.0 / 64}, {127.0 / 32, 127.0 / 64}, 8}};
}

TEST(SchemesOfTable, ReadsSchemesFromRanges) {
  const auto schemes = SchemesOfTable(Full(), FullTable());
  ASSERT_TRUE(schemes.ok()) << schemes.status().ToString();
  // 31.875 / 255 and 8 / 0.125.
  EXPECT_EQ(schemes->tensors[0], (Scheme{ElementType::kUint8, 0.125, 64}));
  EXPECT_EQ(schemes->tensors[3], (Scheme{ElementType::kInt16, 1.0 / 1024, 0}));
  EXPECT_FALSE(schemes->tensors[1].has_value());
  EXPECT_THAT(schemes->weights.at(1), ElementsAre(1.0 / 32, 1.0 / 64));
}

TEST(TableOf, WritesTheTableThatTheModelWasMadeOf) {
  const auto fixed = QuantizeFromTable(Full(), FullTable(), {});
  ASSERT_TRUE(fixed.ok()) << fixed.status().ToString();
  EXPECT_EQ(*TableOf(*fixed), FullTable());
}

TEST(TableOf, OneScaleForAllChannelsIsOneElement) {
  std::vector<TableEntry> table = FullTable();
  table[2] = {"t1", {-127.0 / 32}, {127.0 / 32}, 8};  // by the weights' own name
  const auto fixed = QuantizeFromTable(Full(), table, {});
  ASSERT_TRUE(fixed.ok()) << fixed.status().ToString();
  EXPECT_EQ(TableOf(*fixed)->at(2), (TableEntry{"t3/weights", {-127.0 / 32}, {127.0 / 32}, 8}));
}

TEST(SchemesOfTable, RefusesWhatDoesNotFit) {
  const auto refuse = [](const TableEntry& entry) {
    return SchemesOfTable(Full(), std::vector<TableEntry>{entry}).status();
  };
  EXPECT_THAT(refuse({"t33", {0}, {1}, 8}).message(),
              HasSubstr("'t33', which the network does not"));
  EXPECT_EQ(refuse({"t33", {0}, {1}, 8}).hint(), "did you mean 't3'?");
  EXPECT_THAT(refuse({"t3", {0, 0}, {1, 1}, 8}).message(), HasSubstr("needs one"));
  EXPECT_EQ(refuse({"t3", {0}, {1}, 4}).code(), StatusCode::kUnimplemented);
  EXPECT_EQ(refuse({"t3/weights", {0}, {1}, 16}).code(), StatusCode::kUnimplemented);
  EXPECT_TRUE(refuse({"t3/s16", {0}, {1}, 16}).ok()) << "the quantiser's own";
}

TEST(QuantizeFromTable, NamesTheTensorThatIsMissing) {
  std::vector<TableEntry> table = FullTable();
  table.erase(table.begin() + 1);
  const Status status = QuantizeFromTable(Full(), table, {}).status();
  EXPECT_THAT(status.message(), HasSubstr("no entry for tensor 't3'"));
  table = FullTable();
  table[2].min.push_back(-1);
  table[2].max.push_back(1);
  EXPECT_THAT(QuantizeFromTable(Full(), table, {}).status().message(),
              HasSubstr("3 ranges for 2 channels"));
}

}  // namespace
}  // namespace plumb::npu
