#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/dump/dump_writer.h"
#include "tests/client/cli/command_line_harness.h"
#include "tests/common/layers/sop_rows.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct Row {
  std::string name;
  std::vector<float> values;
};

class LayersTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::Create("plumb-layers-");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(*std::move(folder));
  }

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_->path() / name).string();
  }

  void Write(const std::string& name, const std::vector<Row>& rows, bool is_float) {
    auto writer = dump::DumpWriter::Create(Path(name), is_float);
    ASSERT_TRUE(writer.ok());
    for (const Row& row : rows) {
      dump::DumpEntry entry;
      entry.type = "float";
      entry.name = row.name;
      entry.op = "CONV_2D";
      entry.shape = Shape{1, static_cast<int64_t>(row.values.size())};
      ASSERT_TRUE(writer->Add(entry, row.values).ok());
    }
    ASSERT_TRUE(writer->Commit().ok());
  }

  Outcome Layers(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "layers");
    arguments.insert(arguments.end(), {"--json", Path("report.json")});
    Outcome outcome = Plumb(arguments);
    const auto text = ReadFile(Path("report.json"));
    report_ = text.ok() ? json::parse(text->view()) : json();
    return outcome;
  }

  std::optional<TempFolder> folder_;
  json report_;
};

TEST_F(LayersTest, TheSopsRowsFromALog) {
  ASSERT_TRUE(WriteFileAtomically(Path("sop.log"), layers::kSopRows).ok());
  const Outcome both = Layers({"--log", Path("sop.log")});
  EXPECT_EQ(both.exit_code, 1);
  EXPECT_EQ(report_["schema"], "plumb.layers/1");
  EXPECT_EQ(report_["first_divergence"]["name"], "relu_6.tmp_0");
  EXPECT_EQ(report_["first_divergence"]["rule"], "rel_l1 > 0.1");
  EXPECT_EQ(report_["curve"]["class"], "oscillation");
  EXPECT_EQ(report_["curve"]["early_crossing"], true);
  EXPECT_THAT(both.out, HasSubstr("oscillation with an early crossing"));
  EXPECT_THAT(both.out, HasSubstr("47.relu_6.tmp_0.xx.output0"));
  Layers({"--log", Path("sop.log"), "--min-cosine", "0.99"});
  EXPECT_EQ(report_["first_divergence"]["name"], "hard_swish_2.tmp_0");
}

// What is printed is read back, and comes out the same once more.
TEST_F(LayersTest, TheVendorsLinesStandAloneOnStdout) {
  Write("r.bin", {{"net/a:0", {1, 2, 3, 10}}, {"b", {1, 2, 3}}}, true);
  Write("t.bin", {{"net/a:0", {4, 9, 6, 4}}, {"b", {1.1F, 2, 3.1F}}}, false);
  const Outcome first = Layers({Path("r.bin"), Path("t.bin"), "--format", "vendor"});
  EXPECT_EQ(first.out,
            "0.net_a0.xx.output0\tOP: CONV_2D  Type: float  MSE: 25.750000  COS: 0.613825  "
            "RMSE:\t1.187500\n"
            "1.b.xx.output0\tOP: CONV_2D  Type: float  MSE: 0.006667  COS: 0.999711  "
            "RMSE:\t0.033333\n");
  ASSERT_TRUE(WriteFileAtomically(Path("again.log"), first.out).ok());
  const Outcome again = Layers({"--log", Path("again.log"), "--format", "vendor"});
  EXPECT_EQ(again.out, first.out);
  EXPECT_EQ(again.exit_code, 1);
}

TEST_F(LayersTest, SixtyMissingLayersAreExitFiveAndEveryName) {
  std::vector<Row> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back({"layer_" + std::to_string(i), {1, 2, static_cast<float>(i)}});
  }
  Write("r.bin", all, true);
  Write("t.bin", {all.begin(), all.begin() + 40}, false);
  const Outcome outcome = Layers({Path("r.bin"), Path("t.bin")});
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_EQ(report_["coverage"]["missing_in_target"].size(), 60U);
  for (int i = 40; i < 100; ++i) {
    EXPECT_THAT(outcome.out, HasSubstr("  layer_" + std::to_string(i) + "\n"));
  }
  EXPECT_THAT(outcome.out, HasSubstr("disableDomainFuseOps"));
  EXPECT_EQ(Layers({Path("r.bin"), Path("t.bin"), "--min-coverage", "40"}).exit_code, 0);
}

TEST_F(LayersTest, ALayerWithNanIsFirstAndLocated) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Write("r.bin", {{"a", {1, 2}}, {"b", {1, 2, 3, 4}}, {"c", {1, 2}}}, true);
  Write("t.bin", {{"a", {1, 2}}, {"b", {1, 2, 3, nan}}, {"c", {1, 2}}}, true);
  const Outcome outcome = Layers({Path("r.bin"), Path("t.bin")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(report_["tensors"][0]["name"], "b");
  EXPECT_EQ(report_["tensors"][0]["index"], 1);
  EXPECT_EQ(report_["tensors"][0]["first_nonfinite_mismatch_index"], json::array({0, 3}));
  EXPECT_THAT(outcome.out, HasSubstr("first at [0,3]"));
}

TEST_F(LayersTest, NamesThatSanitiseAlikeStayDistinct) {
  Write("r.bin", {{"a/b", {1, 2}}, {"a_b", {-5, 7}}}, true);
  Write("t.bin", {{"a/b", {1, 2}}, {"a_b", {-5, 7}}}, true);
  EXPECT_EQ(Layers({Path("r.bin"), Path("t.bin")}).exit_code, 0);
  EXPECT_EQ(report_["coverage"]["matched"], 2);
}

// Values whose bytes read like the end of a tensor and the beginning of the next.
TEST_F(LayersTest, APayloadThatLooksLikeTheFormatIsOnlyValues) {
  const std::string text =
      "\n};\n//buffer data size: 4\n//out 0 s: 0.000000 z: 0 type: float name: trap "
      "bConstant:0 shape:[1] dims:1\nop_out[0] ADD = {\n//buffer data size: 4\n";
  std::vector<float> values(text.size() / sizeof(float));
  std::memcpy(values.data(), text.data(), values.size() * sizeof(float));
  Write("r.bin", {{"a", values}, {"b", {1, 2}}}, true);
  Write("t.bin", {{"a", values}, {"b", {1, 2}}}, true);
  EXPECT_EQ(Layers({Path("r.bin"), Path("t.bin")}).exit_code, 0);
  EXPECT_EQ(report_["coverage"]["matched"], 2);
  EXPECT_EQ(report_["tensors"][0]["count"], values.size());
}

TEST_F(LayersTest, TheMapBesideADumpIsRead) {
  Write("r.bin", {{"exp", {1, 2}}, {"sum", {3}}, {"out", {1, 2, 3}}}, true);
  Write("t.bin", {{"out", {1, 2, 3}}}, false);
  EXPECT_EQ(Layers({Path("r.bin"), Path("t.bin")}).exit_code, 5);
  ASSERT_TRUE(
      WriteFileAtomically(Path("t.map"), "plumb-fusion-map 1\ntarget out\nfused exp\nfused sum\n")
          .ok());
  const Outcome mapped = Layers({Path("r.bin"), Path("t.bin")});
  EXPECT_EQ(mapped.exit_code, 0) << mapped.out;
  EXPECT_EQ(report_["coverage"]["fused"], json::array({"exp", "sum"}));
  EXPECT_EQ(report_["map"], Path("t.map"));
  const Outcome compared = Plumb({"compare", Path("r.bin"), Path("t.bin")});
  EXPECT_EQ(compared.exit_code, 0) << compared.out;
  ASSERT_TRUE(WriteFileAtomically(Path("t.map"), "plumb-fusion-map 1\nfuzed exp\n").ok());
  const Outcome broken = Layers({Path("r.bin"), Path("t.bin")});
  EXPECT_EQ(broken.exit_code, 2);
  EXPECT_THAT(broken.error, HasSubstr("line 2"));
}

TEST_F(LayersTest, ExceptionsPerLayer) {
  Write("r.bin", {{"a", {1, 2, 3}}, {"b", {1, 2, 3}}}, true);
  Write("t.bin", {{"a", {1, 2, 4}}, {"b", {1, 2, 3}}}, true);
  EXPECT_EQ(Layers({Path("r.bin"), Path("t.bin")}).exit_code, 1);
  ASSERT_TRUE(
      WriteFileAtomically(Path("limits.json"), R"({"tensors": {"a": {"max_rel_l1": 0.2}}})").ok());
  EXPECT_EQ(Layers({Path("r.bin"), Path("t.bin"), "--tolerance", Path("limits.json")}).exit_code,
            0);
}

TEST_F(LayersTest, CsvHasALineALayer) {
  Write("r.bin", {{"a", {1, 2, 3}}, {"b,\"c", {1, 2, 3}}}, true);
  Layers({Path("r.bin"), Path("r.bin"), "--csv", Path("out.csv")});
  const auto csv = ReadFile(Path("out.csv"));
  ASSERT_TRUE(csv.ok());
  EXPECT_THAT(
      std::string(csv->view()),
      HasSubstr("\n1,\"b,\"\"c\",\"1.b,\"\"c.xx.output0\",\"CONV_2D\",\"float\",3,0,1,0,0,0,"
                "0,match,\"\",name,same\n"));
}

TEST_F(LayersTest, ThePageHoldsTheReport) {
  Write("r.bin", {{"a", {1, 2, 3}}, {"second", {1, 2, 3}}}, true);
  Write("t.bin", {{"a", {1, 2, 3}}, {"second", {1, 2, 4}}}, true);
  EXPECT_EQ(Layers({Path("r.bin"), Path("t.bin"), "--html", Path("out.html")}).exit_code, 1);
  const auto page = ReadFile(Path("out.html"));
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(std::string(page->view()), HasSubstr("\"name\":\"second\""));
  EXPECT_THAT(std::string(page->view()), HasSubstr("</html>"));

  const Outcome refused = Layers({Path("r.bin"), Path("t.bin"), "--html", Path("none/out.html")});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.error, HasSubstr("--html"));
}

// A fixed layer of UINT8, scale 0.05 and zero point 0 (0 … 12.75), that its reference leaves: every
// value of it above is cut.
TEST_F(LayersTest, ALayerCutAtItsRangeIsNamedAndAdvised) {
  std::vector<float> wide;
  std::vector<float> cut;
  for (int i = 0; i < 64; ++i) {
    wide.push_back(static_cast<float>(i));
    cut.push_back(std::min(static_cast<float>(i), 12.75F));
  }
  Write("r.bin", {{"a", wide}, {"b", wide}}, true);
  auto writer = dump::DumpWriter::Create(Path("t.bin"), false);
  ASSERT_TRUE(writer.ok());
  for (const auto& [name, values] : {std::pair("a", wide), std::pair("b", cut)}) {
    dump::DumpEntry entry;
    entry.scale = 0.05;
    entry.type = "UINT8";
    entry.name = name;
    entry.op = "CONV_2D";
    entry.shape = Shape{1, 64};
    ASSERT_TRUE(writer->Add(entry, values).ok());
  }
  ASSERT_TRUE(writer->Commit().ok());
  const Outcome outcome = Layers({Path("r.bin"), Path("t.bin")});
  EXPECT_EQ(outcome.exit_code, 1);
  const json& b = report_["tensors"][1];
  EXPECT_EQ(b["findings"][0]["cause"], "out_of_calibration");
  EXPECT_NEAR(b["findings"][0]["rel_l1_after"], 0, 1e-6);
  EXPECT_EQ(b["statistics"]["finite"], 64);
  EXPECT_EQ(b["statistics"]["quantised"]["reference_above"], 51);  // 13 … 63
  EXPECT_EQ(b["statistics"]["quantised"]["target_at_high"], 51);
  EXPECT_EQ(report_["tensors"][0]["findings"].size(), 0U);
  EXPECT_EQ(report_["diagnosis"][0]["tensor"], "b");
  std::vector<std::string> rules;
  for (const json& advice : report_["advice"]) {
    rules.push_back(advice["rule"]);
  }
  EXPECT_THAT(rules,
              testing::ElementsAre("recalibrate", "inside_tensor", "all_int16", "raise_tensors"));
  EXPECT_THAT(outcome.out, HasSubstr("inside     1.b.xx.output0  out_of_calibration"));
  EXPECT_THAT(outcome.out, HasSubstr("what to do, in this order"));
  EXPECT_THAT(outcome.out, HasSubstr("tensor_arrays=a;"));
}

TEST_F(LayersTest, SaysWhatToWriteInstead) {
  Write("r.bin", {{"a", {1}}}, true);
  for (const auto& [arguments, text] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "REFERENCE and TARGET are missing"},
           {{Path("r.bin")}, "TARGET is missing"},
           {{Path("r.bin"), "--log", Path("r.bin")}, "--log is given beside"},
           {{"--log", Path("r.bin")}, "no line with OP:"},
           {{Path("r.bin"), Path("none.bin")}, "none.bin"}}) {
    const Outcome outcome = Layers(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << text;
    EXPECT_THAT(outcome.error, HasSubstr(text));
  }
}

}  // namespace
}  // namespace plumb::client
