// What --input stands for: files, folders, lists, patterns and tuples.
#include "client/cli/run/run_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"

namespace plumb::client {
namespace {

using testing::HasSubstr;
using Samples = std::vector<std::vector<std::string>>;

class RunInputsTest : public testing::Test {
 protected:
  std::string Touch(const std::string& name, std::string_view text = "x") {
    const auto path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    EXPECT_TRUE(WriteFileAtomically(path, text).ok());
    return path.string();
  }

  [[nodiscard]] std::string At(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  static Samples SamplesOf(const std::vector<std::string>& values,
                           std::optional<size_t> count,
                           bool script = false) {
    const auto inputs = ListRunInputs(values, count, script);
    EXPECT_TRUE(inputs.ok()) << inputs.status().ToString();
    return inputs.ok() ? inputs->samples : Samples{};
  }

  TempFolder folder_ = *TempFolder::Create("plumb-inputs-");
};

TEST_F(RunInputsTest, OneFileIsOneRunAndNoBatch) {
  const auto inputs = ListRunInputs({Touch("a.bin")}, 1, false);
  ASSERT_TRUE(inputs.ok());
  EXPECT_EQ(inputs->samples, (Samples{{At("a.bin")}}));
  EXPECT_FALSE(inputs->batch);
}

TEST_F(RunInputsTest, AFolderGivesItsDumpsByNameAndPassesTheRestOver) {
  Touch("in/b.jpg.bin");
  Touch("in/a.raw");
  Touch("in/notes.md");
  Touch("in/c.BIN");
  const auto inputs = ListRunInputs({At("in")}, 1, false);
  ASSERT_TRUE(inputs.ok()) << inputs.status().ToString();
  EXPECT_EQ(inputs->samples, (Samples{{At("in/a.raw")}, {At("in/b.jpg.bin")}, {At("in/c.BIN")}}));
  EXPECT_TRUE(inputs->batch);
  EXPECT_EQ(inputs->passed_over, 1U);
}

TEST_F(RunInputsTest, AFolderOfOneIsABatchToo) {
  Touch("in/b.bin");
  EXPECT_TRUE(ListRunInputs({At("in")}, 1, false)->batch);
}

TEST_F(RunInputsTest, AFolderOfPicturesNeedsAScript) {
  Touch("in/a.png");
  Touch("in/a.bin.old");
  const Status status = ListRunInputs({At("in")}, 1, false).status();
  EXPECT_THAT(status.hint(), HasSubstr("-n preprocess.py"));
  EXPECT_EQ(SamplesOf({At("in")}, 1, true), (Samples{{At("in/a.png")}}));
}

TEST_F(RunInputsTest, SeveralFilesForOneInputAreSeveralRunsInTheOrderTyped) {
  const auto b = Touch("b.bin");
  const auto a = Touch("a.bin");
  EXPECT_EQ(SamplesOf({b, a}, 1), (Samples{{b}, {a}}));
  EXPECT_TRUE(ListRunInputs({b, a}, 1, false)->batch);
}

TEST_F(RunInputsTest, OneFileForEachInputIsOneRun) {
  const auto a = Touch("image.bin");
  const auto b = Touch("anchors.bin");
  EXPECT_EQ(SamplesOf({a, b}, 2), (Samples{{a, b}}));
  EXPECT_FALSE(ListRunInputs({a, b}, 2, false)->batch);
  EXPECT_EQ(SamplesOf({a, b}, std::nullopt), (Samples{{a, b}}));
  EXPECT_EQ(SamplesOf({a + "," + b}, 2), (Samples{{a, b}}));
}

TEST_F(RunInputsTest, TooFewOrTooManyFilesAreRefused) {
  const auto a = Touch("a.bin");
  EXPECT_THAT(ListRunInputs({a}, 2, false).status().message(), HasSubstr("the model has 2 inputs"));
  EXPECT_FALSE(ListRunInputs({a, a, a}, 2, false).ok());
}

TEST_F(RunInputsTest, AListHasOneRunALine) {
  Touch("a0.bin");
  Touch("a1.bin");
  Touch("with blank.bin");
  const auto list =
      Touch("runs.txt",
            "# comment\n\na0.bin, a1.bin\r\n  a1.bin\ta0.bin  \n" + At("a0.bin") + " a0.bin\n");
  EXPECT_EQ(SamplesOf({list}, 2),
            (Samples{{At("a0.bin"), At("a1.bin")},
                     {At("a1.bin"), At("a0.bin")},
                     {At("a0.bin"), At("a0.bin")}}));
  const auto single = Touch("single.txt", "with blank.bin\na0.bin\n");
  EXPECT_EQ(SamplesOf({single}, 1), (Samples{{At("with blank.bin")}, {At("a0.bin")}}));
}

TEST_F(RunInputsTest, AListMayBeRelativeToAFolderNamedBeforeIt) {
  Touch("pictures/a.bin");
  const auto list = Touch("lists/runs.txt", "a.bin\n");
  EXPECT_EQ(SamplesOf({At("pictures") + ":" + list}, 1), (Samples{{At("pictures/a.bin")}}));
}

TEST_F(RunInputsTest, ALineThatDoesNotFitNamesTheLine) {
  Touch("a.bin");
  const auto wrong = Touch("wrong.txt", "a.bin,a.bin\na.bin\n");
  EXPECT_THAT(ListRunInputs({wrong}, 2, false).status().message(), HasSubstr("line 2"));
  EXPECT_THAT(ListRunInputs({wrong}, std::nullopt, false).status().message(), HasSubstr("line 2"));
  const auto missing = Touch("missing.txt", "a.bin\nb.bin\n");
  EXPECT_THAT(ListRunInputs({missing}, 1, false).status().message(), HasSubstr("b.bin"));
  EXPECT_FALSE(ListRunInputs({Touch("empty.txt", "# nothing\n")}, 1, false).ok());
}

TEST_F(RunInputsTest, APatternIsExpandedByName) {
  Touch("b1.bin");
  Touch("b0.bin");
  EXPECT_EQ(SamplesOf({At("b*.bin")}, 1), (Samples{{At("b0.bin")}, {At("b1.bin")}}));
  EXPECT_THAT(ListRunInputs({At("z*")}, 1, false).status().message(), HasSubstr("nothing fits"));
}

TEST_F(RunInputsTest, FoldersOfSeveralInputsArePairedByName) {
  for (const char* name :
       {"0/a_input0.bin", "0/b_input0.bin", "1/a_input1.bin", "1/b_input1.bin"}) {
    Touch(name);
  }
  EXPECT_EQ(SamplesOf({At("0"), At("1")}, 2),
            (Samples{{At("0/a_input0.bin"), At("1/a_input1.bin")},
                     {At("0/b_input0.bin"), At("1/b_input1.bin")}}));
  Touch("1/c_input1.bin");
  EXPECT_FALSE(ListRunInputs({At("0"), At("1")}, 2, false).ok());
  Touch("0/d_input0.bin");
  EXPECT_THAT(ListRunInputs({At("0"), At("1")}, 2, false).status().message(),
              HasSubstr("do not belong together"));
}

TEST_F(RunInputsTest, WhatIsNotThereIsNamed) {
  EXPECT_THAT(ListRunInputs({At("none.bin")}, 1, false).status().message(), HasSubstr("none.bin"));
}

}  // namespace
}  // namespace plumb::client
