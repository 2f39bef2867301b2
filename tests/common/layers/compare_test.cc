#include "common/layers/compare.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/dump/dump_writer.h"

namespace plumb::layers {
namespace {

struct Entry {
  std::string name;
  std::optional<Shape> shape;
  std::vector<float> values;
};

Result<LayerSet> Written(const std::filesystem::path& path,
                         const std::vector<Entry>& entries,
                         bool as_text = false) {
  PLUMB_ASSIGN_OR_RETURN(
      auto writer,
      dump::DumpWriter::Create(path, dump::DumpOptions{true, dump::DumpVariant::kSdk, as_text}));
  for (const Entry& entry : entries) {
    dump::DumpEntry header;
    header.type = "float";
    header.name = entry.name;
    header.op = "ADD";
    header.shape = entry.shape;
    PLUMB_RETURN_IF_ERROR(writer.Add(header, entry.values));
  }
  PLUMB_RETURN_IF_ERROR(writer.Commit());
  PLUMB_ASSIGN_OR_RETURN(const auto source, dump::DumpSource::Open(path));
  PLUMB_ASSIGN_OR_RETURN(const auto index, dump::IndexDump(source));
  return LayersOfDump(index, path.string());
}

class CompareLayersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::Create("plumb-layers");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(folder).value());
  }

  std::vector<LayerResult> Compare(const std::vector<Entry>& reference,
                                   const std::vector<Entry>& target,
                                   unsigned threads = 0,
                                   bool as_text = false) {
    CompareOptions options;
    options.threads = threads;
    const auto r = Written(folder_->path() / "r.bin", reference);
    const auto t = Written(folder_->path() / "t.bin", target, as_text);
    EXPECT_TRUE(r.ok() && t.ok());
    const auto results = CompareLayers(*r, *t, MatchLayers(*r, *t, {}), options);
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return results.ok() ? *results : std::vector<LayerResult>();
  }

  std::optional<TempFolder> folder_;
};

// The known answers of docs/metrics.md.
TEST_F(CompareLayersTest, ReportsTheMetricsOfEachLayer) {
  const auto results = Compare({{"a", Shape{4}, {1, 2, 3, 10}}, {"b", Shape{3}, {1, 2, 3}}},
                               {{"a", Shape{4}, {4, 9, 6, 4}}, {"b", Shape{3}, {2, 4, 6}}});
  ASSERT_EQ(results.size(), 2U);
  EXPECT_NEAR(*results[0].report.cosine, 0.613824795, 1e-9);
  EXPECT_DOUBLE_EQ(*results[0].report.relative_l1, 1.1875);
  EXPECT_DOUBLE_EQ(*results[1].report.relative_l1, 1);
  EXPECT_EQ(results[1].report.index, 1U);
  EXPECT_EQ(results[1].report.vendor_name, "1.b.xx.output0");
  EXPECT_EQ(results[0].report.verdict, analysis::Verdict::kMismatch);
}

TEST_F(CompareLayersTest, LocatesANan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto results =
      Compare({{"a", Shape{1, 2, 2, 1}, {1, 2, 3, 4}}}, {{"a", Shape{1, 2, 2, 1}, {1, 2, nan, 4}}});
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].report.nan_target, 1U);
  EXPECT_EQ(results[0].report.first_nonfinite_mismatch_index, 2U);
}

// [1,C,H,W] of two channels, two rows and three columns against the same as [1,H,W,C].
TEST_F(CompareLayersTest, ReadsNchwAgainstNhwc) {
  const std::vector<float> nchw = {1, 2, 3, 4, 5, 6, -1, 12, -3, 14, -5, 16};
  const std::vector<float> nhwc = {1, -1, 2, 12, 3, -3, 4, 14, 5, -5, 6, 16};
  const auto shapes = Compare({{"a", Shape{1, 2, 2, 3}, nchw}}, {{"a", Shape{1, 2, 3, 2}, nhwc}});
  EXPECT_EQ(shapes.at(0).layout, LayoutEvidence::kNchwNhwc);
  EXPECT_TRUE(shapes.at(0).report.equal);
  const auto other = Compare({{"a", Shape{1, 2, 3, 2}, nhwc}}, {{"a", Shape{1, 2, 2, 3}, nchw}});
  EXPECT_EQ(other.at(0).layout, LayoutEvidence::kNhwcNchw);
  EXPECT_TRUE(other.at(0).report.equal);
  const auto unsaid = Compare({{"a", std::nullopt, nchw}}, {{"a", Shape{1, 2, 3, 2}, nhwc}});
  EXPECT_EQ(unsaid.at(0).layout, LayoutEvidence::kNchwNhwc) << "by its values alone";
  EXPECT_TRUE(unsaid.at(0).report.equal);
  EXPECT_NE(unsaid.at(0).report.reason.find("NCHW"), std::string::npos);
}

// Values that are simply wrong are not called another layout.
TEST_F(CompareLayersTest, DoesNotTakeNoiseForALayout) {
  const auto results = Compare({{"a", Shape{1, 2, 2, 2}, {1, -2, 3, -4, 5, -6, 7, -8}}},
                               {{"a", Shape{1, 2, 2, 2}, {-3, 1, 4, 1, -5, 9, 2, -6}}});
  EXPECT_EQ(results.at(0).layout, LayoutEvidence::kSame);
}

TEST_F(CompareLayersTest, ComparesAnotherShapeOfAsManyValues) {
  const auto results =
      Compare({{"a", Shape{1, 1, 1, 3}, {1, 2, 3}}}, {{"a", Shape{1, 3}, {1, 2, 3}}});
  EXPECT_EQ(results.at(0).layout, LayoutEvidence::kReshaped);
  EXPECT_TRUE(results.at(0).report.equal);
  const auto fewer = Compare({{"a", Shape{3}, {1, 2, 3}}}, {{"a", Shape{2}, {1, 2}}});
  EXPECT_EQ(fewer.at(0).report.rule, "shape");
}

TEST_F(CompareLayersTest, TextMatchesWithinItsDecimals) {
  const auto results =
      Compare({{"a", Shape{2}, {0.1234564F, 2}}}, {{"a", Shape{2}, {0.1234564F, 2}}}, 0, true);
  EXPECT_EQ(results.at(0).report.verdict, analysis::Verdict::kMatch);
}

// The same numbers whatever the threads.
TEST_F(CompareLayersTest, IsTheSameOnOneThreadAndOnMany) {
  std::vector<Entry> reference;
  std::vector<Entry> target;
  for (int layer = 0; layer < 40; ++layer) {
    std::vector<float> values(5000);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>((i * 37 + static_cast<size_t>(layer)) % 101) / 7;
    }
    reference.push_back({"l" + std::to_string(layer), Shape{5000}, values});
    values[static_cast<size_t>(layer)] += 1;
    target.push_back({"l" + std::to_string(layer), Shape{5000}, values});
  }
  const auto a = Compare(reference, target, 1);
  const auto b = Compare(reference, target, 7);
  ASSERT_EQ(a.size(), 40U);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].report.first_difference_index, i);
    EXPECT_EQ(a[i].report.cosine, b[i].report.cosine);
    EXPECT_EQ(a[i].report.mse, b[i].report.mse);
    ASSERT_TRUE(a[i].profile);
    EXPECT_EQ(a[i].profile->count, 5000U);
    EXPECT_EQ(a[i].profile, b[i].profile);
  }
}

// A layer out of bounds is read again for what happened; one within them is not.
TEST_F(CompareLayersTest, LooksIntoLayersOutOfBounds) {
  std::vector<float> values(960);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i * i % 97) - 48;
  }
  std::vector<float> offset = values;
  std::vector<float> rows = values;  // one row down; [1, 8, 12, 10]
  for (size_t i = 0; i < values.size(); ++i) {
    offset[i] += 5;
    rows[i] = values[i < 120 ? i : i - 120];
  }
  const Shape shape{1, 8, 12, 10};
  const auto results = Compare({{"a", shape, values}, {"b", shape, values}, {"c", shape, values}},
                               {{"a", shape, offset}, {"b", shape, values}, {"c", shape, rows}});
  ASSERT_EQ(results.size(), 3U);
  ASSERT_FALSE(results[0].findings.empty());
  EXPECT_EQ(results[0].findings[0].cause, "constant_offset");
  EXPECT_LT(results[0].findings[0].residual, 1e-6);
  EXPECT_TRUE(results[1].findings.empty());
  ASSERT_FALSE(results[2].findings.empty());
  EXPECT_EQ(results[2].findings[0].cause, "shifted_rows");
}

// The statistics are those of the reading that was taken.
TEST_F(CompareLayersTest, ProfilesTheTurnedReading) {
  const std::vector<float> nchw = {1, 2, 3, 4, 5, 6, -1, 12, -3, 14, -5, 16};
  const std::vector<float> nhwc = {1, -1, 2, 12, 3, -3, 4, 14, 5, -5, 6, 17};
  const auto results = Compare({{"a", Shape{1, 2, 2, 3}, nchw}}, {{"a", Shape{1, 2, 3, 2}, nhwc}});
  ASSERT_TRUE(results.at(0).profile && results[0].profile->worst);
  EXPECT_EQ(results[0].profile->worst->index, 1U);
  EXPECT_DOUBLE_EQ(results[0].profile->worst->relative_l1, 1.0 / 51);
  EXPECT_DOUBLE_EQ(results[0].profile->worst->share, 1);
}

TEST(LayersOfDump, KnowsRangesAndWhatOperationsRead) {
  const std::string four("\n//buffer data size: 4\n\0\0\0\0\n};\n", 31);
  const auto index = dump::IndexDump(dump::DumpSource::Of(
      Buffer::FromString("isFloat: 0\n//in 0 s: 1 z: 0 type: UINT8 name: x bConstant:0" + four +
                         "//in 1 s: 0 z: 0 type: f name: w bConstant:1" + four +
                         "//out 0 s: 0.5 z: 10 type: UINT8 name: a bConstant:0" + four +
                         "//in 0 s: 0.5 z: 10 type: UINT8 name: a bConstant:0" + four +
                         "//in 1 s: 1 z: 0 type: UINT8 name: x bConstant:0" + four +
                         "//out 0 s: 0.25 z: 0 type: INT16 name: b bConstant:0" + four +
                         "//out 0 s: 0.25 z: 0 type: float name: c bConstant:0" + four)));
  ASSERT_TRUE(index.ok()) << index.status().ToString();
  const auto set = LayersOfDump(*index, "x");
  ASSERT_TRUE(set.ok());
  ASSERT_EQ(set->layers.size(), 3U);
  EXPECT_EQ(set->layers[0].inputs, std::vector<std::string>{"x"});
  EXPECT_EQ(set->layers[1].inputs, (std::vector<std::string>{"a", "x"}));
  EXPECT_TRUE(set->layers[2].inputs.empty());
  ASSERT_TRUE(set->layers[0].range && set->layers[1].range);
  EXPECT_EQ(set->layers[0].range->low, -5);
  EXPECT_EQ(set->layers[0].range->high, 122.5);
  EXPECT_EQ(set->layers[1].range->bits, 16);
  EXPECT_FALSE(set->layers[2].range);
}

TEST(LayersOfDump, LeavesConstantsAndOperandsOut) {
  const std::string four("\n//buffer data size: 4\n\0\0\0\0\n};\n", 31);
  const auto index = dump::IndexDump(dump::DumpSource::Of(
      Buffer::FromString("isFloat: 0\n//in 0 s: 0 z: 0 type: f name: x bConstant:0" + four +
                         "//in 1 s: 0 z: 0 type: f name: w bConstant:1" + four +
                         "//out 0 s: 0 z: 0 type: f name: a bConstant:0" + four +
                         "//out 1 s: 0 z: 0 type: f name: a2 bConstant:0" + four +
                         "//out 0 s: 0 z: 0 type: f name: b/c:0 bConstant:0" + four)));
  ASSERT_TRUE(index.ok()) << index.status().ToString();
  const auto set = LayersOfDump(*index, "x");
  ASSERT_TRUE(set.ok());
  EXPECT_FALSE(set->is_float);
  EXPECT_EQ(set->constants, 1U);
  ASSERT_EQ(set->layers.size(), 3U);
  EXPECT_EQ(VendorName(set->layers[0]), "0.a.xx.output0");
  EXPECT_EQ(VendorName(set->layers[1]), "0.a2.xx.output1");
  EXPECT_EQ(VendorName(set->layers[2]), "1.b_c0.xx.output0");
}

}  // namespace
}  // namespace plumb::layers
