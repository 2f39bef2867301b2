// What subcommands' documents are taken to say; documents and sentences by hand.
#include "client/cli/debug/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/debug/subcommand.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;

Json Row(const std::string& name, double cosine, double rel_l1, const char* verdict) {
  return {{"name", name},
          {"reference_name", name},
          {"cosine", cosine},
          {"rel_l1", rel_l1},
          {"verdict", verdict}};
}

Json Layers() {
  return {{"tensors",
           {Row("conv", 0.5, 0.9, "mismatch"),
            Row("score", 0.999, 0.01, "match"),
            Row("box", 0.98, 0.2, "mismatch")}}};
}

TEST(DocumentsTest, TheWorstLayerIsTheOneWithTheLargestError) {
  EXPECT_EQ(WorstLayer(Layers()), "1 of 3 layers agree; the worst is conv: cosine 0.5, rel_l1 0.9");
  EXPECT_EQ(WorstLayer(Json::object()), "0 of 0 layers agree");
}

TEST(DocumentsTest, AnUndefinedErrorOfAMismatchIsTheWorst) {
  Json layers = Layers();
  layers["tensors"][2]["rel_l1"] = nullptr;
  EXPECT_THAT(WorstLayer(layers), HasSubstr("box: cosine 0.98, rel_l1 undefined"));
}

TEST(DocumentsTest, OutputsAreJudgedApartFromTheLayersInside) {
  const OutputJudgement judged = JudgeOutputs(Layers(), {"score", "box"});
  EXPECT_EQ(judged.compared, 2U);
  EXPECT_EQ(judged.out_of_bounds, 1U);
  EXPECT_EQ(judged.inner_out_of_bounds, 1U);
  EXPECT_EQ(judged.worst, "box: cosine 0.98, rel_l1 0.2");
}

TEST(DocumentsTest, WithoutAKnownNameTheLastLayerIsTheOutput) {
  const OutputJudgement judged = JudgeOutputs(Layers(), {"renamed"});
  EXPECT_EQ(judged.compared, 1U);
  EXPECT_EQ(judged.worst, "box: cosine 0.98, rel_l1 0.2");
  EXPECT_EQ(JudgeOutputs(Json::object(), {"x"}).compared, 0U);
}

TEST(DocumentsTest, CausesAndAdviceComeInOrderAndOnce) {
  const Json run = {
      {"diagnosis",
       {{{"cause", "stale_output"}, {"tensor", "a"}, {"evidence", "e1"}, {"advice", "flush"}},
        {{"cause", "stale_output"}, {"tensor", ""}, {"evidence", "e2"}, {"advice", "flush"}}}}};
  EXPECT_THAT(Causes(run), ElementsAre("stale_output in a: e1", "stale_output: e2"));
  EXPECT_THAT(Advice(run), ElementsAre("flush"));
}

TEST(DocumentsTest, RulesComeWithTheFirstOfWhatTheyRestOn) {
  const Json layers = {
      {"advice",
       {{{"what", "check the script"},
         {"evidence", {{{"layer", "conv"}, {"text", "rel_l1 0.4"}}, {{"text", "more"}}}}},
        {{"what", "raise it"}, {"evidence", Json::array()}}}}};
  EXPECT_THAT(Advice(layers), ElementsAre("check the script [conv: rel_l1 0.4]", "raise it"));
}

TEST(DocumentsTest, AnErrorIsItsMessageAndHintElseWhatWasPrinted) {
  const Json error = {{"error", {{"message", "no file"}, {"hint", "name one"}}}};
  EXPECT_EQ(ErrorIn(error, "plumb: no file"), "no file (name one)");
  EXPECT_EQ(ErrorIn(Json(), "plumb: killed\nmore"), "plumb: killed");
}

TEST(SubcommandTest, AShellTakesTheLineAsItWasRun) {
  EXPECT_EQ(ShellLine(std::vector<std::string>{"dump", "--input", "my cat.png", "it's", ""}),
            R"(plumb dump --input 'my cat.png' 'it'\''s' '')");
}

TEST(SubcommandTest, AVerbRunsAndItsDocumentIsRead) {
  const Finished finished = RunSubcommand({"inspect", "/nowhere", "--json", "-"}, {});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(TextAt(DocumentOf(finished), {"error", "message"}), HasSubstr("/nowhere"));
}

}  // namespace
}  // namespace plumb::client
