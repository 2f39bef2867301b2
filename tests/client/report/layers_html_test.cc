#include "client/report/layers_html.h"

#include <fstream>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "tests/support/process.h"

namespace plumb::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Tensor(const std::string& name, double cosine, double rel_l1, bool match) {
  return R"({"name":")" + name + R"(","op":"CONV_2D","shape":[1,2],"count":2,"cosine":)" +
         ShortestDouble(cosine) + R"(,"rel_l1":)" + ShortestDouble(rel_l1) +
         R"(,"mse":0.5,"max_abs_error":0.25,"max_abs_error_index":[0,1],"nan_reference":0,)"
         R"("nan_target":0,"type":"UINT8","rule":")" +
         (match ? "" : "rel_l1 > 0.1") + R"(","verdict":")" + (match ? "match" : "mismatch") +
         "\"}";
}

// Three layers, the second of them out of bounds; its name would be markup if it were let.
std::string Document() {
  return R"({"schema":"plumb.layers/1","error":null,"reference":{"source":"float.bin"},)"
         R"("target":{"source":"fixed.bin"},"coverage":{"matched":3,"constant":2,)"
         R"("missing_in_target":["lost/one"],"missing_in_reference":[],"fused":[],"duplicate":[]},)"
         R"("first_divergence":{"name":"second","index":1,"rule":"rel_l1 > 0.1"},"diagnosis":[],)"
         R"("curve":{"class":"jump","early_crossing":false,"evidence":"it rises","advice":"look"},)"
         R"("tensors":[)" +
         Tensor("first", 0.9999, 0.01, true) + "," +
         Tensor("</script><b id='injected'>second", 0.95, 0.4, false) + "," +
         Tensor("third", 0.97, 0.3, false) + "]}";
}

TEST(LayersHtml, HoldsTheReportAndNothingFromElsewhere) {
  const auto page = LayersHtml(Document());
  ASSERT_TRUE(page.ok()) << page.status().ToString();
  EXPECT_THAT(*page, HasSubstr("float.bin"));
  EXPECT_THAT(*page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(*page, Not(HasSubstr("@PLUMB_JSON@")));
  EXPECT_THAT(*page, Not(HasSubstr("https://")));
  EXPECT_THAT(*page, Not(HasSubstr("src=")));
  EXPECT_EQ(*page, *LayersHtml(Document())) << "the same document, the same bytes";
}

TEST(LayersHtml, ANameCannotEndTheScript) {
  const auto page = LayersHtml(Document());
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(*page, HasSubstr("\\u003c/script>\\u003cb id='injected'>second"));
  EXPECT_THAT(*page, Not(HasSubstr("<b id=")));
}

TEST(LayersHtml, WhatIsNoReportIsRefused) {
  for (const char* text : {"",
                           "[]",
                           "{}",
                           R"({"schema":"plumb.comparison/1","tensors":[]})",
                           R"({"schema":"plumb.layers/1"})",
                           "{"}) {
    EXPECT_EQ(LayersHtml(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
}

// The page as a browser makes it, without a network.
class BrowserTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/bin/chromium")) {
      GTEST_SKIP() << "no browser: apt-get install chromium";
    }
    auto folder = TempFolder::Create("plumb-page-");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(*folder));
  }

  std::string Dom(const std::string& json) const {
    const auto page = LayersHtml(json);
    EXPECT_TRUE(page.ok()) << page.status().ToString();
    std::ofstream(folder_->path() / "page.html") << *page;
    const auto finished =
        test::RunProgram({"/usr/bin/chromium",
                          "--headless",
                          "--no-sandbox",
                          "--disable-gpu",
                          "--disable-quic",
                          "--no-first-run",
                          "--disable-background-networking",
                          "--disable-component-update",
                          "--disable-sync",
                          "--disable-dev-shm-usage",
                          "--user-data-dir=" + (folder_->path() / "profile").string(),
                          "--dump-dom",
                          "file://" + (folder_->path() / "page.html").string()},
                         std::chrono::seconds(100));
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    return finished.ok() ? finished->out : "";
  }

  static size_t Count(const std::string& text, const std::string& part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++count;
    }
    return count;
  }

  std::optional<TempFolder> folder_;
};

TEST_F(BrowserTest, ShowsChartTableAndTheFirstBadLayer) {
  const std::string dom = Dom(Document());
  EXPECT_THAT(dom, HasSubstr("data-ready=\"true\""));
  EXPECT_THAT(dom, HasSubstr("<title>Plumbline: 2 of 3 layers out of bounds</title>"));
  // Three points on each of two panels, two of each out of bounds.
  EXPECT_EQ(Count(dom, "<circle class=\"point l1"), 3U);
  EXPECT_EQ(Count(dom, "<circle class=\"point cos"), 3U);
  EXPECT_EQ(Count(dom, " out\" cx="), 4U);
  EXPECT_EQ(Count(dom, "<tr id=\"layer-"), 3U);
  EXPECT_THAT(dom, HasSubstr("<tr id=\"layer-1\" tabindex=\"-1\" class=\"first chosen\">"));
  EXPECT_THAT(dom, HasSubstr("jump"));
  EXPECT_THAT(dom, HasSubstr("lost/one"));
  EXPECT_THAT(dom, Not(HasSubstr("<b id=\"injected\"")));
}

// Statistics of one layer by hand: counts from −1 … −0.75 (bin −24 of a top of 0) to 0.75 … 1.
std::string Statistics() {
  return R"("statistics":{"finite":9,"reference":{"top":0,"first":22,"counts":[4,0,5]},)"
         R"("target":{"top":0,"first":23,"counts":[9]},"error":{"top":-3,"first":-24,"counts":[9]},)"
         R"("error_by_magnitude":[{"from":0.25,"to":0.5,"count":4,"mean_error":0.01},)"
         R"({"from":0.5,"to":1,"count":5,"mean_error":0.1}],"channels":3,)"
         R"("worst_channel":{"index":2,"rel_l1":0.75,"error_share":0.5},"heaviest_channel":null,)"
         R"("quantised":{"low":0,"high":0.5,"scale":0.00196,"zero_point":0,"bits":8,)"
         R"("reference_below":0,"reference_above":5,"target_at_low":0,"target_at_high":7}},)"
         R"("findings":[{"cause":"out_of_calibration","evidence":"the reference leaves it",)"
         R"("rel_l1_before":0.4,"rel_l1_after":0.01,"located":false,"advice":"calibrate again"}],)"
         R"("reference_min":0.3,"reference_max":0.9,"target_min":0.3,"target_max":0.5,)";
}

TEST_F(BrowserTest, ShowsWhatIsKnownOfABadLayer) {
  const std::string dom = Dom(
      R"({"schema":"plumb.layers/1","error":null,"limits":{"min_cosine":0.98,"max_rel_l1":0.2},)"
      R"("advice":[{"rule":"all_int16","sop":"2.1.2","what":"Once with INT16.",)"
      R"("commands":["plumb <quantize>"],"ini":"[CONV_CONFIG]\ninput_format=ALL_INT16;\n",)"
      R"("evidence":[{"layer":"bad","text":"rel_l1 0.4"}],"evidence_left_out":7}],"tensors":[{)" +
      Statistics() +
      R"("name":"bad","op":"ADD","count":9,"cosine":0.9,"rel_l1":0.4,"verdict":"mismatch",)"
      R"("index":0,"rule":"rel_l1 > 0.2"}]})");
  EXPECT_THAT(dom, HasSubstr("data-ready=\"true\""));
  // Values, error, error against magnitude, range: once for the screen and once for paper.
  EXPECT_EQ(Count(dom, "<figure>"), 8U);
  EXPECT_THAT(dom, HasSubstr("0.75 … 1: reference 5, target 0"));
  EXPECT_THAT(dom, HasSubstr("0.5 … 0.75: reference 0, target 9"));
  EXPECT_THAT(dom, HasSubstr("-0.125 … -0.0938: 9"));
  EXPECT_THAT(dom, HasSubstr("|r| in 0.5 … 1: 5 elements, mean |d| 0.1"));
  EXPECT_THAT(dom, HasSubstr("range: 0 … 0.5"));
  EXPECT_THAT(dom, HasSubstr("2 (of 0 … 2): rel_l1 0.7500, 50.0 % of the error"));
  EXPECT_THAT(dom, HasSubstr("5 of 9 elements of the reference"));
  EXPECT_THAT(dom, HasSubstr("out of calibration"));
  EXPECT_THAT(dom, HasSubstr("calibrate again"));
  EXPECT_THAT(dom, HasSubstr("rel_l1 (limit 0.2)"));
  EXPECT_THAT(dom, HasSubstr("1 − cosine (limit 0.02)"));
  EXPECT_THAT(dom, HasSubstr("SOP 2.1.2"));
  EXPECT_THAT(dom, HasSubstr("input_format=ALL_INT16;"));
  EXPECT_THAT(dom, HasSubstr("plumb &lt;quantize&gt;"));
  EXPECT_THAT(dom, HasSubstr("and 7 more"));
}

TEST_F(BrowserTest, ShowsAReportWithoutLayersOrNumbers) {
  EXPECT_THAT(Dom(R"({"schema":"plumb.layers/1","error":null,"tensors":[]})"),
              HasSubstr("data-ready=\"true\""));
  const std::string dom = Dom(
      R"({"schema":"plumb.layers/1","error":null,"tensors":[{"name":"a","cosine":null,"rel_l1":null,)"
      R"("mse":null,"verdict":"mismatch","rule":"nan or inf","count":1}]})");
  EXPECT_THAT(dom, HasSubstr("data-ready=\"true\""));
  EXPECT_EQ(Count(dom, "<circle"), 0U);
  EXPECT_THAT(dom, HasSubstr("nan or inf"));
}

}  // namespace
}  // namespace plumb::client
