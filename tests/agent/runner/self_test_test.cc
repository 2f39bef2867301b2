// plumb-runner --self-test over every virtual IPU: each fact holds, and a chip that breaks one is
// found out.
#include <array>
#include <ostream>
#include <string>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "tests/support/process.h"
#include "tests/support/program.h"
#include "tests/support/small_model.h"

namespace plumb::test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Chip {
  const char* library;
  const char* abi;
  Family family;
  const char* summary;
};

std::ostream& operator<<(std::ostream& out, const Chip& chip) {
  return out << chip.abi << " " << FamilyName(chip.family);
}

constexpr std::array kChips = {
    Chip{"mi_ipu_virtual_0", "gen0", Family::k1x, "16 of 16 checks hold"},
    Chip{"mi_ipu_virtual_b13", "gen-b13", Family::k1x, "17 of 17 checks hold"},
    Chip{"mi_ipu_virtual_b61", "gen-b61", Family::kQ, "17 of 17 checks hold"},
    Chip{"mi_ipu_virtual", "gen-c", Family::kS1, "24 of 24 checks hold"},
    Chip{"mi_ipu_virtual", "gen-c", Family::kS6, "24 of 24 checks hold"},
};

class SelfTestTest : public testing::TestWithParam<Chip> {
 protected:
  SelfTestTest() : folder_(TempFolder::Create("self-test").value()) {}

  Finished SelfTest(const Chip& chip, const std::string& fault) {
    SmallModelOptions model;
    model.family = chip.family;
    const auto path = folder_.path() / "model.img";
    EXPECT_TRUE(WriteFileAtomically(path, SmallModelFile(model)).ok());
    const std::string library = std::string(PLUMB_BINARY_DIR) + "/lib/lib" + chip.library + ".so";
    auto argv = ProgramArgv(BinaryPath("plumb-runner"));
    argv.insert(
        argv.end(),
        {"--self-test", "--model", path.string(), "--mi-library", library, "--abi", chip.abi});
    auto finished = RunProgram(argv,
                               std::chrono::seconds(60),
                               {{"PLUMB_VIRTUAL_FAMILY", std::string(FamilyName(chip.family))},
                                {"PLUMB_VIRTUAL_FAULT", fault}});
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    return finished.ok() ? *finished : Finished{};
  }

  TempFolder folder_;
};

TEST_P(SelfTestTest, EveryFactHolds) {
  const Finished result = SelfTest(GetParam(), "");
  EXPECT_EQ(result.exit.code, 0) << result.out;
  EXPECT_THAT(result.out, HasSubstr(GetParam().summary));
  EXPECT_THAT(result.out, Not(HasSubstr("skipped")));
}

TEST_P(SelfTestTest, AChipThatDiffersFromItselfIsFoundOut) {
  const Finished result = SelfTest(GetParam(), "noise");
  EXPECT_EQ(result.exit.code, 1);
  EXPECT_THAT(result.out, HasSubstr("BROKEN   repeatable"));
}

TEST_P(SelfTestTest, AnOutputThatIsNotWrittenIsFoundOut) {
  const Finished result = SelfTest(GetParam(), "unwritten");
  EXPECT_EQ(result.exit.code, 1);
  EXPECT_THAT(result.out, HasSubstr("BROKEN   written"));
}

TEST_P(SelfTestTest, AStaleOutputIsFoundOut) {
  const Finished result = SelfTest(GetParam(), "stale");
  EXPECT_EQ(result.exit.code, 1);
  EXPECT_THAT(result.out, HasSubstr("BROKEN"));
}

INSTANTIATE_TEST_SUITE_P(EveryChip, SelfTestTest, testing::ValuesIn(kChips));

TEST_F(SelfTestTest, WithoutALibraryNothingCanBeTried) {
  Chip chip = kChips[0];
  chip.library = "is_not_there";
  const Finished result = SelfTest(chip, "");
  EXPECT_EQ(result.exit.code, 3);
  EXPECT_THAT(result.err, HasSubstr("cannot be opened"));
}

}  // namespace
}  // namespace plumb::test
