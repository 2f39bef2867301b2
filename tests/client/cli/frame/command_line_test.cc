#include "client/cli/frame/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/frame/verbs.h"
#include "common/base/file.h"
#include "tests/client/cli/command_line_harness.h"
#include "tests/support/testdata.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Picture() {
  return plumb::testing::TestDataPath("preprocess/smooth_420.jpg").string();
}

std::vector<std::string> MakeInput(const std::string& out, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"input",
                                        "make",
                                        "--image",
                                        Picture(),
                                        "--size",
                                        "4x3",
                                        "--family",
                                        "S3",
                                        "--format",
                                        "RGB",
                                        "--out",
                                        out};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

class CommandLineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::Create("plumb-cli");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(folder).value());
  }

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_->path() / name).string();
  }

  void Write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(WriteFileAtomically(Path(name), std::string_view(text)).ok());
  }

  std::optional<TempFolder> folder_;
};

TEST_F(CommandLineTest, TheOverviewListsEveryVerb) {
  const Outcome help = Plumb({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const VerbEntry& verb : AllVerbs()) {
    EXPECT_THAT(help.out, HasSubstr(std::string(verb.name)));
  }
  const Outcome nothing = Plumb({});
  EXPECT_EQ(nothing.exit_code, kExitUsage);
  EXPECT_EQ(nothing.out, "");
  EXPECT_EQ(Plumb({"--version"}).out, "plumb " + std::string(Version()) + "\n");
}

// Every verb: short and long text, the common flags, and an example that its own parser takes.
TEST_F(CommandLineTest, EveryVerbHasHelpWithItsExample) {
  for (const VerbEntry& entry : AllVerbs()) {
    const std::unique_ptr<Verb> verb = entry.make();
    const VerbInfo info = verb->info();
    EXPECT_EQ(info.name, entry.name);
    EXPECT_FALSE(info.summary.empty() || info.details.empty()) << entry.name;
    EXPECT_THAT(info.example, HasSubstr("plumb " + info.name));
    std::vector<std::string> words;
    std::istringstream text(info.name);
    for (std::string word; text >> word;) {
      words.push_back(word);
    }
    words.emplace_back("--help");
    const Outcome help = Plumb(words);
    EXPECT_EQ(help.exit_code, 0) << entry.name;
    EXPECT_THAT(help.out,
                AllOf(HasSubstr(info.summary),
                      HasSubstr(info.example),
                      HasSubstr("--json FILE"),
                      HasSubstr("--quiet"),
                      HasSubstr("--verbose"),
                      HasSubstr("--config FILE"),
                      HasSubstr("--no-color")));
  }
}

struct Mistake {
  std::vector<std::string> arguments;
  const char* names;  // the flag or word at fault
  const char* hint;   // what to write instead
};

class UsageErrors : public ::testing::TestWithParam<Mistake> {};

TEST_P(UsageErrors, ExitWithTwoAndSayWhatToWrite) {
  const Outcome outcome = Plumb(GetParam().arguments);
  EXPECT_EQ(outcome.exit_code, kExitUsage);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.error, HasSubstr(GetParam().names));
  EXPECT_THAT(outcome.error, HasSubstr("hint: "));
  EXPECT_THAT(outcome.error, HasSubstr(GetParam().hint));
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines,
    UsageErrors,
    ::testing::Values(
        Mistake{{"complie"}, "'complie'", "plumb compile"},
        Mistake{{"input"}, "'plumb input'", "plumb input make"},
        Mistake{{"--json", "x", "compile"}, "--json", "plumb VERB --json"},
        Mistake{{"compile", "--modle", "x"}, "--modle", "write --model"},
        Mistake{{"compile", "--model=x"}, "needs --", "write --"},
        Mistake{{"compile", "--model"}, "--model needs a value", "write --model FIXED"},
        Mistake{{"compile", "--model", "x", "--chip", "S9", "--out", "y"}, "'S9'", "1.x, Q, S1"},
        Mistake{{"compile", "--model", "x", "--chip", "S3", "--out", "y", "z"}, "'z'", "--help"},
        Mistake{{"compile", "--model", "/none", "--chip", "S3", "--out", "y"},
                "--model /none",
                "TFLite"},
        Mistake{{"completion", "fish"}, "fish", "bash or zsh"},
        Mistake{{"completion", "bash", "--quiet=perhaps"}, "'perhaps'", "--quiet"},
        Mistake{{"input", "make", "--image", "x", "--out", "y"}, "--model", "--format RGB"},
        Mistake{{"input", "make", "--image", "x", "--out", "y", "--format", "RGB", "--model", "m"},
                "--model",
                "leave one"}));

TEST_F(CommandLineTest, AVerbWritesItsFileAndItsJson) {
  const Outcome outcome = Plumb(MakeInput(Path("x.bin"), {"--json", Path("x.json")}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(*FileSize(Path("x.bin")), 36U);
  const auto json = nlohmann::json::parse(ReadFile(Path("x.json"))->view());
  EXPECT_EQ(json["schema"], "plumb.input-make/1");
  EXPECT_EQ(json["error"], nullptr);
  EXPECT_EQ(json["bytes"], 36);
}

TEST_F(CommandLineTest, JsonOnStdoutIsAloneThere) {
  const Outcome outcome = Plumb(MakeInput(Path("x.bin"), {"--json", "-"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["exit_code"], 0);
  EXPECT_THAT(outcome.error, HasSubstr("wrote "));
}

TEST_F(CommandLineTest, AnErrorIsWrittenAsJsonToo) {
  const Outcome failed = Plumb(MakeInput("/nonexistent/x.bin", {"--json", "-"}));
  EXPECT_EQ(failed.exit_code, kExitUsage);
  EXPECT_EQ(nlohmann::json::parse(failed.out)["exit_code"], kExitUsage);

  const Outcome unknown = Plumb({"compile", "--nonsense", "--json=" + Path("x.json")});
  EXPECT_EQ(unknown.exit_code, kExitUsage);
  const auto json = nlohmann::json::parse(ReadFile(Path("x.json"))->view());
  EXPECT_EQ(json["schema"], "plumb.compile/1");
  EXPECT_EQ(json["error"]["code"], "usage");
  EXPECT_THAT(std::string(json["error"]["message"]), HasSubstr("--nonsense"));
}

TEST_F(CommandLineTest, QuietKeepsOnlyTheConclusion) {
  const Outcome outcome = Plumb(MakeInput(Path("x.bin"), {"-q"}));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("wrote "));
}

TEST_F(CommandLineTest, ColourIsForTerminalsThatWantIt) {
  const std::vector<std::string> wrong = {"compile", "--nonsense"};
  EXPECT_THAT(Plumb(wrong).error, Not(HasSubstr("\x1b[")));
  EXPECT_THAT(Plumb(wrong, {}, true).error, HasSubstr("\x1b["));
  EXPECT_THAT(Plumb(wrong, {{"NO_COLOR", "1"}}, true).error, Not(HasSubstr("\x1b[")));
}

TEST_F(CommandLineTest, TheEnvironmentSetsDefaultsAndFlagsWin) {
  std::vector<std::string> arguments = {"input", "make", "--image", Picture(), "--out", Path("x")};
  const EnvironmentMap environment = {
      {"PLUMB_SIZE", "2x2"}, {"PLUMB_FORMAT", "RGB"}, {"PLUMB_FAMILY", "S3"}};
  EXPECT_EQ(Plumb(arguments, environment).exit_code, 0);
  EXPECT_EQ(*FileSize(Path("x")), 12U);
  arguments.insert(arguments.end(), {"--size", "1x1"});
  EXPECT_EQ(Plumb(arguments, environment).exit_code, 0);
  EXPECT_EQ(*FileSize(Path("x")), 3U);
}

TEST_F(CommandLineTest, ADefaultThatAGivenFlagExcludesIsLeftOut) {
  const Outcome outcome =
      Plumb({"input", "make", "--image", Picture(), "--out", Path("x"), "--model", "/none"},
            {{"PLUMB_FORMAT", "RGB"}});
  EXPECT_THAT(outcome.error, HasSubstr("/none"));
  EXPECT_THAT(outcome.error, Not(HasSubstr("together")));
}

TEST_F(CommandLineTest, ABadDefaultNamesWhereItComesFrom) {
  const Outcome outcome = Plumb({"compile", "--model", "x", "--out", "y"}, {{"PLUMB_CHIP", "S9"}});
  EXPECT_EQ(outcome.exit_code, kExitUsage);
  EXPECT_THAT(outcome.error, HasSubstr("PLUMB_CHIP"));
}

TEST_F(CommandLineTest, TheConfigurationFileSetsDefaultsByVerb) {
  Write("plumb.ini",
        "family = S3\n"
        "chip = Q\n"  // a flag of another verb
        "[input.make]\nformat = RGB\nsize = 2x2\n"
        "[compile]\nmodel = unused\n");
  const std::vector<std::string> arguments = {
      "input", "make", "--image", Picture(), "--out", Path("x"), "--config", Path("plumb.ini")};
  EXPECT_EQ(Plumb(arguments).exit_code, 0) << Plumb(arguments).error;
  EXPECT_EQ(*FileSize(Path("x")), 12U);
  // The environment comes before the file.
  EXPECT_EQ(Plumb(arguments, {{"PLUMB_SIZE", "1x1"}}).exit_code, 0);
  EXPECT_EQ(*FileSize(Path("x")), 3U);
}

TEST_F(CommandLineTest, AMisspeltConfigurationIsRefused) {
  const std::vector<std::string> arguments = {"completion", "bash", "--config", Path("c.ini")};
  Write("c.ini", "qiet = true\n");
  EXPECT_THAT(Plumb(arguments).error, AllOf(HasSubstr("'qiet'"), HasSubstr("write quiet")));
  Write("c.ini", "[compleat]\nquiet = true\n");
  EXPECT_THAT(Plumb(arguments).error, HasSubstr("[compleat]"));
  EXPECT_EQ(Plumb({"completion", "bash", "--config", "/none.ini"}).exit_code, kExitUsage);
}

TEST_F(CommandLineTest, CompletionKnowsVerbsAndFlags) {
  const Outcome outcome = Plumb({"completion", "bash"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(
      outcome.out,
      AllOf(HasSubstr("compile"), HasSubstr("--input-format"), HasSubstr("'input') seconds=")));
}

}  // namespace
}  // namespace plumb::client
