// One runner, every generation of the interface: the layout follows the library or --abi, and where
// they disagree that is an error and not a wrong result.
#include <cstring>
#include <ostream>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/ring/process_runner.h"
#include "common/runner/failure.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/program.h"
#include "tests/support/small_model.h"

namespace plumb::test {
namespace {

using testing::HasSubstr;

std::string LibraryPath(const std::string& name) {
  return std::string(PLUMB_BINARY_DIR) + "/lib/lib" + name + ".so";
}

struct Chip {
  const char* library;
  const char* abi;
  Family family;
};

std::ostream& operator<<(std::ostream& out, const Chip& chip) {
  return out << chip.abi << " " << FamilyName(chip.family);
}

constexpr Chip kChips[] = {
    {"mi_ipu_virtual_0", "gen0", Family::k1x},
    {"mi_ipu_virtual_b13", "gen-b13", Family::k1x},
    {"mi_ipu_virtual_b13", "gen-b13", Family::kQ},
    {"mi_ipu_virtual_b61", "gen-b61", Family::k1x},
    {"mi_ipu_virtual_b61", "gen-b61", Family::kQ},
    {"mi_ipu_virtual", "gen-c", Family::kS1},
    {"mi_ipu_virtual", "gen-c", Family::kS3},
    {"mi_ipu_virtual", "gen-c", Family::kS6},
};

class GenerationsTest : public testing::TestWithParam<Chip> {
 protected:
  GenerationsTest() : folder_(TempFolder::Create("generations").value()) {}

  std::filesystem::path Write(const std::string& name, std::span<const uint8_t> bytes) {
    const auto path = folder_.path() / name;
    EXPECT_TRUE(WriteFileAtomically(path, bytes).ok());
    return path;
  }

  Status Run(const std::string& library, const std::string& abi, const SmallModelOptions& model) {
    ProcessRunnerOptions options;
    options.name = "board";
    options.argv = ProgramArgv(std::string(PLUMB_BINARY_DIR) + "/bin/plumb-runner");
    options.argv.insert(options.argv.end(), {"--mi-library", LibraryPath(library)});
    if (!abi.empty()) {
      options.argv.insert(options.argv.end(), {"--abi", abi});
    }
    options.extra_environment["PLUMB_VIRTUAL_FAMILY"] = FamilyName(model.family);
    RunSpec spec;
    spec.model.path = Write("model.img", SmallModelFile(model));
    spec.inputs.emplace_back().path = Write("input.bin", SmallPicture());
    const Status status = ProcessRunner(options).Run(spec, sink_, cancel_);
    EXPECT_THAT(sink_.complaints, testing::IsEmpty());
    return status;
  }

  TempFolder folder_;
  CollectingSink sink_;
  CancelToken cancel_;
  const SmallAnswer answer_ = SolveSmallModel(SmallPicture());
};

TEST_P(GenerationsTest, Int16OutputsAreTheHandComputedOnes) {
  const Chip chip = GetParam();
  SmallModelOptions model;
  model.family = chip.family;
  const Status status = Run(chip.library, chip.abi, model);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(sink_.Int16Values(0), answer_.scores);
  EXPECT_EQ(sink_.Int16Values(1), answer_.mean);
}

TEST_P(GenerationsTest, FloatOutputsAreTheSameTimesTheScale) {
  const Chip chip = GetParam();
  SmallModelOptions model;
  model.family = chip.family;
  model.dequantize = true;
  const Status status = Run(chip.library, chip.abi, model);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const auto valid = sink_.ValidBytes(0);
  std::vector<float> scores(valid.size() / sizeof(float));
  std::memcpy(scores.data(), valid.data(), valid.size());
  ASSERT_EQ(scores.size(), answer_.scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(scores[i], static_cast<float>(answer_.scores[i]) * 0.5F) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryChip, GenerationsTest, testing::ValuesIn(kChips));

// Without --abi the exports decide; both lengths of B look alike, and the longer one is taken.
TEST_F(GenerationsTest, TheLibraryTellsItsGeneration) {
  SmallModelOptions model;
  model.family = Family::k1x;
  for (const auto& [library, generation] :
       {std::pair("mi_ipu_virtual_0", "gen0"), std::pair("mi_ipu_virtual_b61", "gen-b61")}) {
    const Status status = Run(library, "", model);
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_THAT(sink_.model.sdk, HasSubstr(generation));
    EXPECT_EQ(sink_.Int16Values(0), answer_.scores);
  }
}

TEST_F(GenerationsTest, AnAbiTheLibraryDoesNotExportIsAnError) {
  SmallModelOptions model;
  model.family = Family::k1x;
  const Status status = Run("mi_ipu_virtual_0", "gen-c", model);
  EXPECT_EQ(status.reason(), kReasonRuntimeUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("exports the functions of gen0"));
}

// A library built for 61 tensors clears its own, longer table: behind a table for 13 it would have
// destroyed the caller's memory.
TEST_F(GenerationsTest, TheShorterTableIsNotOverrun) {
  SmallModelOptions model;
  model.family = Family::k1x;
  const Status status = Run("mi_ipu_virtual_b61", "gen-b13", model);
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.ToString(), HasSubstr("wrote more than gen-b13 holds"));
  EXPECT_THAT(status.ToString(), HasSubstr("--abi"));
}

// A chip of another family refuses the model, with the number its generation has for that.
TEST_F(GenerationsTest, AModelOfAnotherFamilyIsRefusedInTheGenerationsOwnNumbers) {
  SmallModelOptions model;
  model.family = Family::kS3;
  const Status old = Run("mi_ipu_virtual_0", "gen0", model);
  EXPECT_THAT(old.ToString(), HasSubstr("15 CREATE_CHANNEL"));
}

}  // namespace
}  // namespace plumb::test
