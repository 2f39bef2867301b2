#include "server/simulator/external/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/runner/failure.h"

namespace plumb::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SplitCommand, QuotesLikeAShellAndExpandsNothing) {
  EXPECT_THAT(*SplitCommand("sim  --a\t'b c' \"d 'e\" f\\ g ''"),
              ElementsAre("sim", "--a", "b c", "d 'e", "f g", ""));
  EXPECT_THAT(
      *SplitCommand("sim $HOME *.img ; rm -rf / | cat `id` $(id)"),
      ElementsAre("sim", "$HOME", "*.img", ";", "rm", "-rf", "/", "|", "cat", "`id`", "$(id)"));
}

TEST(SplitCommand, RefusesWhatIsNoCommand) {
  EXPECT_EQ(SplitCommand("sim 'a").status().reason(), kReasonUsage);
  EXPECT_EQ(SplitCommand("  ").status().reason(), kReasonUsage);
}

TEST(FillPlaceholders, FillsThemIn) {
  const Job job{"/m odel.img", {"/a.bin", "/b.bin"}};
  EXPECT_THAT(
      *FillPlaceholders(
          {"sim", "--m={model}", "{inputs}", "{input}:{input1}", "{{x}}", "{result}/o"}, job, "/r"),
      ElementsAre("sim", "--m=/m odel.img", "/a.bin", "/b.bin", "/a.bin:/b.bin", "{x}", "/r/o"));
}

TEST(FillPlaceholders, NamesTheWrongOne) {
  const Job job{"/m", {"/a"}};
  EXPECT_THAT(FillPlaceholders({"{modle}"}, job, "/r").status().message(), HasSubstr("{modle}"));
  EXPECT_THAT(FillPlaceholders({"{input1}"}, job, "/r").status().message(), HasSubstr("1 inputs"));
  EXPECT_THAT(FillPlaceholders({"{model"}, job, "/r").status().message(), HasSubstr("not closed"));
  EXPECT_THAT(FillPlaceholders({"x{inputs}"}, job, "/r").status().reason(), kReasonUsage);
}

}  // namespace
}  // namespace plumb::server
