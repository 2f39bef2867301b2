#include "client/cli/frame/console.h"

#include <sstream>

#include <gtest/gtest.h>

#include "client/cli/frame/live.h"
#include "client/cli/frame/table.h"
#include "common/base/suggest.h"

namespace plumb::client {
namespace {

struct Screen {
  std::ostringstream out;
  std::ostringstream error;

  Streams streams(bool terminal, size_t width = 80) {
    return {&out, &error, terminal, terminal, width};
  }
};

// A name from a peer must not steer the terminal.
TEST(Console, EscapesWhatItPrints) {
  Screen screen;
  Console console(screen.streams(true), {});
  console.Say({{"\x1b[2J\x07", Style::kPlain}});
  EXPECT_EQ(screen.out.str(), "\\x1b[2J\\x07\n");
}

TEST(Console, VerbosityDecidesWhatIsSaid) {
  Screen quiet;
  ConsoleOptions options;
  options.quiet = true;
  Console console(quiet.streams(false), options);
  console.Say("said");
  console.Detail("detail");
  console.Conclude({{"conclusion"}});
  console.Warn("careful");
  EXPECT_EQ(quiet.out.str(), "conclusion\n");
  EXPECT_EQ(quiet.error.str(), "warning: careful\n");

  Screen verbose;
  options = {};
  options.verbose = true;
  Console(verbose.streams(false), options).Detail("detail");
  EXPECT_EQ(verbose.out.str(), "detail\n");
}

TEST(Console, ErrorsTellTheHintOnItsOwnLine) {
  Screen screen;
  Console(screen.streams(false), {})
      .Error(InvalidArgumentError("no model").WithHint("write --model M"));
  EXPECT_EQ(screen.error.str(), "plumb: no model\nhint: write --model M\n");
}

TEST(Console, TextMovesAwayFromAStdoutForMachines) {
  Screen screen;
  Console console(screen.streams(false), {});
  console.MoveTextToStderr();
  console.Say("for people");
  console.Raw("{}\n");
  EXPECT_EQ(screen.out.str(), "{}\n");
  EXPECT_EQ(screen.error.str(), "for people\n");
}

TEST(Table, AlignsColumnsByCharactersNotBytes) {
  Table table({{"name"}, {"count", Align::kRight}, {"note"}});
  table.AddRow({{"é"}, {"7"}, {"x"}});
  table.AddRow({{"longer"}, {"123456"}});
  Screen screen;
  Console console(screen.streams(false), {});
  table.PrintTo(console);
  EXPECT_EQ(screen.out.str(),
            "name     count  note\n"
            "é            7  x\n"
            "longer  123456  \n");
}

TEST(LiveBlock, RedrawsOnATerminalOnly) {
  Screen file;
  Console off(file.streams(false), {});
  LiveBlock(off).Show({{{"row"}}});
  EXPECT_EQ(file.error.str(), "");

  Screen terminal;
  Console on(terminal.streams(true, 41), {});
  {
    LiveBlock block(on);
    block.Show({{{"one"}}, {{std::string(50, 'x')}}});
  }
  // Two lines, the second cut to the width, then erased on leaving.
  EXPECT_EQ(terminal.error.str(), "one\n" + std::string(40, 'x') + "\n\x1b[2A\r\x1b[J");
}

TEST(Suggest, FindsTheNearWordAndNoFarOne) {
  const std::vector<std::string> words = {"compile", "compare", "run"};
  EXPECT_EQ(ClosestOf("complie", words), "compile");
  EXPECT_EQ(ClosestOf("rum", words), "run");
  EXPECT_EQ(ClosestOf("quantize", words), std::nullopt);
  EXPECT_EQ(ClosestOf("", words), std::nullopt);
  EXPECT_EQ(ClosestOf(std::string(1000, 'x'), words), std::nullopt);
}

}  // namespace
}  // namespace plumb::client
