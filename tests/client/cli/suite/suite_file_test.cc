#include "client/cli/suite/suite_file.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"

namespace plumb::client {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

class SuiteFileTest : public testing::Test {
 protected:
  SuiteFileTest() {
    for (const char* name : {"face.img",
                             "cls.img",
                             "in/a10.bin",
                             "in/a9.bin",
                             "in/b.bin",
                             "more/b.bin",
                             "empty/x.png"}) {
      std::filesystem::create_directories((folder_.path() / name).parent_path());
      std::ofstream(folder_.path() / name) << "x";
    }
  }

  [[nodiscard]] Result<Suite> Parse(const std::string& text) const {
    return ParseSuite(text, folder_.path() / "night.yaml");
  }

  // The message, after "…/night.yaml:", and the hint.
  [[nodiscard]] std::string Complaint(const std::string& text) const {
    const auto suite = Parse(text);
    EXPECT_FALSE(suite.ok()) << text;
    EXPECT_EQ(suite.status().code(), StatusCode::kInvalidArgument);
    const std::string file = (folder_.path() / "night.yaml").string() + ":";
    EXPECT_EQ(suite.status().message().find(file), 0U) << suite.status().message();
    return suite.ok() ? ""
                      : suite.status().message().substr(file.size()) + " | " +
                            std::string(suite.status().hint());
  }

  [[nodiscard]] std::string InFolder(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  TempFolder folder_ = *TempFolder::Create("plumb-suite-");
};

TEST_F(SuiteFileTest, ModelsTimesInputsTimesBoards) {
  const auto suite = Parse(R"(
defaults:
  attempts: 3
  deadline: 2m
  tolerance: {min_cosine: 0.99, tensors: {scores: {atol: 2}}}
models:
  - face.img
  - path: cls.img
    name: angle
    repeat: 5
    deadline: 90s
    inputs: [in/b.bin]
inputs:
  - in/a*.bin
boards:
  - S6 lab
  - [S3, "front door"]
)");
  ASSERT_TRUE(suite.ok()) << suite.status().ToString();
  EXPECT_EQ(suite->name, "night");
  ASSERT_EQ(suite->models.size(), 2U);
  const SuiteModel& face = suite->models[0];
  EXPECT_EQ(face.name, "face");
  EXPECT_EQ(face.path, InFolder("face.img"));
  EXPECT_THAT(face.samples,
              ElementsAre(ElementsAre(InFolder("in/a9.bin")), ElementsAre(InFolder("in/a10.bin"))));
  EXPECT_EQ(face.base.max_attempts, 3U);
  EXPECT_EQ(face.base.deadline, milliseconds(120'000));
  EXPECT_EQ(face.base.tolerance.by_default.min_cosine, 0.99);
  EXPECT_EQ(face.base.tolerance.by_tensor.at("scores").atol, 2);
  const SuiteModel& angle = suite->models[1];
  EXPECT_EQ(angle.name, "angle");
  EXPECT_EQ(angle.base.repetitions, 5U);
  EXPECT_EQ(angle.base.max_attempts, 3U) << "what it does not say is as in defaults";
  EXPECT_EQ(angle.base.deadline, milliseconds(90'000));
  EXPECT_THAT(suite->boards,
              ElementsAre(ElementsAre("S6", "lab"), ElementsAre("S3", "front door")));
  std::vector<std::string> names;
  for (const SuiteCase& one : CasesOf(*suite)) {
    names.push_back(one.name);
  }
  EXPECT_THAT(names,
              ElementsAre("face/a9.bin@S6+lab",
                          "face/a9.bin@S3+front door",
                          "face/a10.bin@S6+lab",
                          "face/a10.bin@S3+front door",
                          "angle/b.bin@S6+lab",
                          "angle/b.bin@S3+front door"));
}

TEST_F(SuiteFileTest, WithoutBoardsAnyWillDo) {
  const auto suite = Parse("models: [face.img]\ninputs: in/b.bin\n");
  ASSERT_TRUE(suite.ok()) << suite.status().ToString();
  EXPECT_EQ(CasesOf(*suite).front().name, "face/b.bin@any board");
}

TEST_F(SuiteFileTest, InputsOfOneNameKeepTheirFolders) {
  const auto suite = Parse("models: [face.img]\ninputs: [in/b.bin, more/b.bin]\n");
  ASSERT_TRUE(suite.ok()) << suite.status().ToString();
  EXPECT_EQ(CasesOf(*suite)[0].input, InFolder("in/b.bin"));
  EXPECT_EQ(CasesOf(*suite)[1].input, InFolder("more/b.bin"));
}

TEST_F(SuiteFileTest, SeveralInputsOfAModelAreAListOfTheirOwn) {
  const auto suite = Parse("models: [face.img]\ninputs:\n  - [in/a9.bin, in/b.bin]\n");
  ASSERT_TRUE(suite.ok()) << suite.status().ToString();
  EXPECT_THAT(suite->models[0].samples,
              ElementsAre(ElementsAre(InFolder("in/a9.bin"), InFolder("in/b.bin"))));
}

TEST_F(SuiteFileTest, EveryMistakeHasItsLine) {
  const std::string good = "models: [face.img]\ninputs: in/b.bin\n";
  EXPECT_THAT(Complaint(good + "bords: [S6]\n"),
              HasSubstr("3: unknown key 'bords' | did you mean 'boards'?"));
  EXPECT_THAT(Complaint(good + "inputs: in/b.bin\n"), HasSubstr("3: 'inputs' is there twice"));
  EXPECT_THAT(Complaint("inputs: in/b.bin\n"), HasSubstr("1: there are no models"));
  EXPECT_THAT(Complaint("inputs: in/b.bin\nmodels:\n  - face.img\n  - nowhere.img\n"),
              HasSubstr("4: there is no model '"));
  EXPECT_THAT(Complaint("inputs: in/b.bin\nmodels: [face.img, {path: cls.img, name: face}]\n"),
              HasSubstr("2: there are two models 'face'"));
  EXPECT_THAT(Complaint("models:\n  - face.img\n"), HasSubstr("2: the model has no inputs"));
  EXPECT_THAT(Complaint("models: [face.img]\ninputs:\n  - in/z*.bin\n"), HasSubstr("3: "));
  EXPECT_THAT(Complaint("models: [face.img]\ninputs: [in/b.bin, in/b.bin]\n"),
              HasSubstr("is there twice"));
  EXPECT_THAT(Complaint(good + "boards: [S6, S6]\n"), HasSubstr("3: the same boards"));
  EXPECT_THAT(Complaint(good + "boards: S6\n"), HasSubstr("3: a list of boards is expected"));
  EXPECT_THAT(Complaint(good + "defaults:\n  repeat: 0\n"),
              HasSubstr("4: a whole number from 1 to 10000 is expected"));
  EXPECT_THAT(Complaint(good + "defaults:\n  deadline: soon\n"),
              HasSubstr("4: a duration is expected | write it like 250ms"));
  EXPECT_THAT(Complaint(good + "defaults:\n  wait: maybe\n"), HasSubstr("4: true or false"));
  EXPECT_THAT(Complaint(good + "defaults:\n  simulator: sgz\n"),
              HasSubstr("4: there is no simulator 'sgz'"));
  EXPECT_THAT(Complaint(good + "defaults:\n  tolerance: {atol: -1}\n"),
              HasSubstr("4: a number of at least 0"));
  EXPECT_THAT(Complaint(good + "defaults: 7\n"), HasSubstr("3: a map of keys"));
  EXPECT_THAT(Complaint("models: [face.img\n"), HasSubstr("docs/suite.md"));
  EXPECT_THAT(Complaint("just words\n"), HasSubstr("1: a map of keys"));
  EXPECT_THAT(Complaint(""), HasSubstr("1: a map of keys"));
}

TEST_F(SuiteFileTest, TooManyRunsAreRefusedBeforeTheyAreMade) {
  // Few characters, 4,000 models of 4,000 inputs: no memory would do for all of them.
  std::string bomb = "models:\n  - {path: face.img, inputs: &many [";
  for (int i = 0; i < 4'000; ++i) {
    std::filesystem::create_directories(folder_.path() / "n");
    std::ofstream(folder_.path() / "n" / std::to_string(i)) << "x";
    bomb += "n/" + std::to_string(i) + ", ";
  }
  bomb += "]}\n";
  for (int i = 1; i < 4'000; ++i) {
    bomb += "  - {path: face.img, name: m" + std::to_string(i) + ", inputs: *many}\n";
  }
  EXPECT_THAT(Complaint(bomb), HasSubstr("4: with this the suite has more than 10000 runs"));
  std::string boards;
  for (int i = 0; i < 5'001; ++i) {
    boards += "  - b" + std::to_string(i) + "\n";
  }
  EXPECT_THAT(
      Complaint("boards:\n" + boards + "inputs: [in/b.bin, in/a9.bin]\nmodels: [face.img]\n"),
      HasSubstr("5004: with this the suite has more than 10000 runs"));
}

TEST_F(SuiteFileTest, AListOfManyTextsIsNoExecution) {
  std::string files = "in/b.bin";
  for (int i = 0; i < 1'024; ++i) {
    files += ", in/b.bin";
  }
  EXPECT_THAT(Complaint("models: [face.img]\ninputs:\n  - [" + files + "]\n"),
              HasSubstr("3: too long a list"));
}

TEST_F(SuiteFileTest, DeepNestingIsAnErrorAndNoCrash) {
  EXPECT_FALSE(Parse(std::string(100'000, '[')).ok());
  EXPECT_FALSE(Parse("models: &a [*a]\ninputs: in/b.bin\n").ok());
}

}  // namespace
}  // namespace plumb::client
