// `plumb submit`: a suite on real boards, read by a CI server's parser.
#include <csignal>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "tests/e2e/farm.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr int kInputs = 5;

class SubmitTest : public testing::Test {
 protected:
  SubmitTest() {
    AddModel("face", BlazeFace("S6"));
    AddModel("face_f32", BlazeFace("S6", {"--dequantize"}));
    AddModel("wide", WideModel(1));
    std::ofstream(folder() / "night.yaml") << yaml_ << "boards: [left, right]\n";
  }

  [[nodiscard]] std::filesystem::path folder() const { return farm_.folder(); }

  // Five inputs from the model's own, each with other values.
  void AddModel(const std::string& name, const OfflineModel& model) {
    std::filesystem::create_directories(folder() / name);
    const auto input = ReadFile(model.input);
    for (int i = 0; i < kInputs; ++i) {
      std::vector<uint8_t> bytes(input->span().begin(), input->span().end());
      for (size_t at = 0; at < bytes.size(); at += 2) {
        bytes[at] = static_cast<uint8_t>(bytes[at] + i);
      }
      ASSERT_TRUE(
          WriteFileAtomically(folder() / name / ("in" + std::to_string(i) + ".bin"), bytes).ok());
    }
    yaml_ += "  - {path: " + model.model + ", name: " + name + ", inputs: " + name + "/*.bin}\n";
  }

  Finished Submit(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> all = {(folder() / "night.yaml").string(),
                                    "--junit",
                                    (folder() / "night.xml").string(),
                                    "--json",
                                    (folder() / "night.json").string()};
    all.insert(all.end(), flags.begin(), flags.end());
    return farm_.Plumb("submit", all);
  }

  [[nodiscard]] json Document() const {
    return json::parse(ReadFile(folder() / "night.json")->view(), nullptr, false);
  }

  // What a parser of another make sees: "tests failures errors skipped", then one line for each
  // suite: its name and counts as its cases have them.
  [[nodiscard]] std::string Junit() const {
    const auto seen =
        RunProgram({"/usr/bin/python3",
                    "-c",
                    "import sys, xml.etree.ElementTree as t\n"
                    "root = t.parse(sys.argv[1]).getroot()\n"
                    "print(*(root.get(k) for k in ('tests', 'failures', 'errors', 'skipped')))\n"
                    "for suite in root:\n"
                    "    cases = suite.findall('testcase')\n"
                    "    print(suite.get('name'), len(cases), *(len([c for c in cases if c.find(k) "
                    "is not None])"
                    " for k in ('failure', 'error', 'skipped')))\n",
                    (folder() / "night.xml").string()});
    EXPECT_TRUE(seen.ok() && seen->exit.code == 0) << seen->err;
    return seen->out;
  }

  Farm farm_;
  std::string yaml_ = "models:\n";
};

TEST_F(SubmitTest, ThreeModelsFiveInputsTwoTags) {
  farm_.AddBoard("cam-1", "S6", {"--tag", "left"});
  farm_.AddBoard("cam-2", "S6", {"--tag", "right"});
  const auto done = Submit();
  EXPECT_EQ(done.exit.code, 0) << done.out << done.err;
  EXPECT_EQ(Junit(), "30 0 0 0\nface 10 0 0 0\nface_f32 10 0 0 0\nwide 10 0 0 0\n");
  const json document = Document();
  EXPECT_EQ(document["schema"], "plumb.suite/1");
  EXPECT_EQ(document["summary"]["match"], 30);
  std::set<std::string> runs;
  for (const auto& one : document["cases"]) {
    runs.insert(one["run"].get<std::string>());
    EXPECT_EQ(one["verdict"], "match") << one["name"];
    EXPECT_EQ(one["board"], one["boards"][0] == "left" ? "cam-1" : "cam-2") << one["name"];
    EXPECT_EQ(one["comparison"]["schema"], "plumb.comparison/1");
  }
  EXPECT_EQ(runs.size(), 30U) << "each case is a run of its own";
  EXPECT_THAT(done.out, HasSubstr("30 of 30 runs match"));
  EXPECT_FALSE(std::filesystem::exists(folder() / "night.yaml.journal"));
}

TEST_F(SubmitTest, ADeadBoardIsAnErrorAndADifferenceAFailure) {
  farm_.AddBoard("cam-1", "S6,fault=rounding", {"--tag", "left"});
  Program& dead = farm_.AddBoard("cam-2", "S6", {"--tag", "right"});
  dead.Signal(SIGKILL);
  farm_.AwaitBoard("cam-2", false);
  const auto done = Submit();
  EXPECT_EQ(done.exit.code, 3) << done.out << done.err;
  const std::string junit = Junit();
  const json document = Document();
  size_t failures = 0;
  for (const auto& one : document["cases"]) {
    if (one["boards"][0] == "right") {
      EXPECT_EQ(one["verdict"], "not_compared") << one["name"];
      EXPECT_EQ(one["comparison"]["error"]["code"], "board_not_found");
    } else {
      failures += one["verdict"] == "mismatch" ? 1 : 0;
    }
  }
  EXPECT_GT(failures, 0U) << done.out;
  EXPECT_EQ(junit.substr(0, junit.find('\n')), "30 " + std::to_string(failures) + " 15 0");
  EXPECT_THAT(done.out, HasSubstr("rounding_profile"));
}

TEST_F(SubmitTest, WhatIsJudgedIsNotRunAgain) {
  farm_.AddBoard("cam-1", "S6", {"--tag", "left"});
  const auto first = Submit({"--fail-fast", "--jobs", "1"});
  EXPECT_EQ(first.exit.code, 3) << first.out << first.err;  // the second case has no board
  const json half = Document();
  EXPECT_EQ(half["summary"]["match"], 1);
  EXPECT_EQ(half["summary"]["not_compared"], 1);
  EXPECT_EQ(half["summary"]["not_run"], 28);
  const std::string junit = Junit();
  EXPECT_EQ(junit.substr(0, junit.find('\n')), "30 0 1 28");
  farm_.AddBoard("cam-2", "S6", {"--tag", "right"});
  const auto second = Submit();
  EXPECT_EQ(second.exit.code, 0) << second.out << second.err;
  EXPECT_THAT(second.out, HasSubstr("1 of 30 runs are judged"));
  const json whole = Document();
  EXPECT_EQ(whole["summary"]["match"], 30);
  EXPECT_TRUE(whole["cases"][0]["resumed"]);
  EXPECT_FALSE(whole["cases"][1]["resumed"]);
}

TEST_F(SubmitTest, CtrlCKeepsWhatIsDoneAndLeavesNoRun) {
  farm_.AddBoard("cam-1", "S6", {"--tag", "left"});
  farm_.AddBoard("cam-2", "S6,fault=hang", {"--tag", "right"});
  auto program = Program::Start({BinaryPath("plumb"),
                                 "submit",
                                 (folder() / "night.yaml").string(),
                                 "--server",
                                 farm_.address(),
                                 "--filter",
                                 "face/in0.bin@*",
                                 "--json",
                                 (folder() / "night.json").string(),
                                 "--junit",
                                 (folder() / "night.xml").string()});
  ASSERT_TRUE(program.ok());
  ASSERT_TRUE((*program)->WaitForLine("match     face/in0.bin@left", kPatience));
  (*program)->Signal(SIGINT);
  const auto ended = (*program)->WaitForExit(kPatience);
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->exit.code, 3) << (*program)->Output();
  EXPECT_EQ(Junit().substr(0, 8), "3 0 1 1\n") << "a match, one that was not run, the end itself";
  EXPECT_TRUE(std::filesystem::exists(folder() / "night.yaml.journal"));
  farm_.AwaitIdle("cam-2");
}

TEST_F(SubmitTest, ABoardKilledInTheMiddleMakesErrorsAndOnlyThoseRunAgain) {
  farm_.AddBoard("cam-1", "S6", {"--tag", "left"});
  Program& right = farm_.AddBoard("cam-2", "S6", {"--tag", "right"});
  auto program = Program::Start({BinaryPath("plumb"),
                                 "submit",
                                 (folder() / "night.yaml").string(),
                                 "--server",
                                 farm_.address(),
                                 "--json",
                                 (folder() / "night.json").string(),
                                 "--junit",
                                 (folder() / "night.xml").string()});
  ASSERT_TRUE(program.ok());
  ASSERT_TRUE((*program)->WaitForLine("@right", kPatience)) << (*program)->Output();
  right.Signal(SIGKILL);
  const auto ended = (*program)->WaitForExit(kPatience);
  ASSERT_TRUE(ended.has_value()) << (*program)->Output();
  EXPECT_EQ(ended->exit.code, 3) << ended->out << ended->err;
  const json document = Document();
  const size_t errors = document["summary"]["not_compared"];
  EXPECT_GT(errors, 0U);
  EXPECT_LE(errors, 14U) << "one case had ended before";
  for (const auto& one : document["cases"]) {
    if (one["boards"][0] == "left") {
      EXPECT_EQ(one["verdict"], "match") << one["name"];
    }
  }
  const std::string junit = Junit();
  EXPECT_EQ(junit.substr(0, junit.find('\n')), "30 0 " + std::to_string(errors) + " 0");
  farm_.AddBoard("cam-3", "S6", {"--tag", "right"});
  const auto second = Submit();
  EXPECT_EQ(second.exit.code, 0) << second.out << second.err;
  EXPECT_THAT(second.out, HasSubstr(std::to_string(30 - errors) + " of 30 runs are judged"));
  EXPECT_EQ(Junit().substr(0, 9), "30 0 0 0\n");
  EXPECT_FALSE(std::filesystem::exists(folder() / "night.yaml.journal"));
}

TEST_F(SubmitTest, AServerThatIsNotThereStillLeavesDocuments) {
  farm_.KillServer();
  const auto run = Submit();
  EXPECT_EQ(run.exit.code, 3) << run.out << run.err;
  EXPECT_EQ(Document()["error"]["code"], "server_lost");
  const std::string junit = Junit();
  EXPECT_EQ(junit.substr(0, junit.find('\n')), "31 0 1 30");
}

TEST_F(SubmitTest, WhatTheSimulatorCannotRunIsToldBeforeAnythingIsSent) {
  std::ofstream(folder() / "night.yaml") << "inputs: face/in0.bin\nmodels:\n  - night.yaml\n";
  const auto no_model = Submit();
  EXPECT_EQ(no_model.exit.code, 2);
  EXPECT_THAT(no_model.err, HasSubstr("night.yaml:3: '"));
  EXPECT_THAT(no_model.err, HasSubstr("is no offline model"));
  std::ofstream(folder() / "night.yaml") << "models:\n  - " << BlazeFace("S6").model
                                         << "\ninputs:\n  - [face/in0.bin, face/in1.bin]\n";
  const auto two = Submit();
  EXPECT_EQ(two.exit.code, 2);
  EXPECT_THAT(two.err, HasSubstr("night.yaml:2: model 'blazeface"));
  EXPECT_THAT(two.err, HasSubstr("takes 1 files, '"));
}

TEST_F(SubmitTest, TheCasesAreListedWithoutAServer) {
  const auto list = RunProgram({BinaryPath("plumb"),
                                "submit",
                                (folder() / "night.yaml").string(),
                                "--list",
                                "--filter",
                                "wide/*@left"});
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->exit.code, 0) << list->err;
  EXPECT_THAT(list->out, HasSubstr("wide/in4.bin@left\n5 runs\n"));
}

}  // namespace
}  // namespace plumb::test
