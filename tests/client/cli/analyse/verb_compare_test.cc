#include <cstring>
#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/frame/command_line.h"
#include "common/archive/run_folder.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/tensor/notation.h"
#include "common/tensor/npy.h"
#include "tests/common/archive/legs.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string error;
  json report;
};

class CompareTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::Create("plumb-compare-");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(*std::move(folder));
  }

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_->path() / name).string();
  }

  void WriteNpy(const std::string& name, const std::string& tensor) {
    const auto parsed = ParseTensor("x", tensor);
    ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
    fs::create_directories((folder_->path() / name).parent_path());
    ASSERT_TRUE(WriteFileAtomically(Path(name), *SerializeNpy(*parsed)).ok());
  }

  void WriteRaw(const std::string& name, const std::vector<uint8_t>& bytes) {
    ASSERT_TRUE(WriteFileAtomically(Path(name), bytes).ok());
  }

  // `plumb compare ARGUMENTS… --json FILE`
  Outcome Compare(std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream error;
    arguments.insert(arguments.begin(), "compare");
    arguments.insert(arguments.end(), {"--json", Path("report.json")});
    CommandLine line;
    line.arguments = std::move(arguments);
    line.streams.out = &out;
    line.streams.error = &error;
    Outcome outcome;
    outcome.exit_code = RunCommandLine(line);
    outcome.out = out.str();
    outcome.error = error.str();
    if (const auto text = ReadFile(Path("report.json")); text.ok()) {
      outcome.report = json::parse(text->view());
    }
    return outcome;
  }

  std::optional<TempFolder> folder_;
};

TEST_F(CompareTest, SaysFirstWhichIsWhich) {
  WriteNpy("sim.npy", "1x4xf32=1,2,3,10");
  WriteNpy("board.npy", "1x4xf32=4,9,6,4");
  const auto outcome = Compare({Path("sim.npy"), Path("board.npy")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, StartsWith("reference  " + Path("sim.npy") + "\n"));
  EXPECT_THAT(outcome.out, HasSubstr("target     " + Path("board.npy") + "\n"));
  EXPECT_THAT(outcome.out, HasSubstr("verdict: mismatch"));
  const auto& tensor = outcome.report["tensors"][0];
  EXPECT_NEAR(tensor["rel_l1"], 1.1875, 1e-12);
  EXPECT_NEAR(tensor["mse"], 25.75, 1e-12);
  EXPECT_EQ(tensor["max_abs_error_index"], json({0, 1}));
  EXPECT_EQ(outcome.report["verdict"], "mismatch");
  EXPECT_EQ(outcome.report["exit_code"], 1);
  EXPECT_EQ(outcome.report["reference"]["source"], Path("sim.npy"));
  EXPECT_EQ(outcome.report["reference"]["sha256"], *Sha256HexOfFile(Path("sim.npy")));
  EXPECT_EQ(outcome.report["first_divergence"]["rule"], "different_elements > 0");
}

TEST_F(CompareTest, TheOrderOfTheOperandsCounts) {
  WriteNpy("a.npy", "2xf32=1,1");
  WriteNpy("b.npy", "2xf32=2,2");
  EXPECT_EQ(Compare({Path("a.npy"), Path("b.npy")}).report["tensors"][0]["rel_l1"], 1.0);
  EXPECT_EQ(Compare({Path("b.npy"), Path("a.npy")}).report["tensors"][0]["rel_l1"], 0.5);
}

TEST_F(CompareTest, EqualFilesMatch) {
  WriteNpy("a.npy", "3xs16=1,2,3");
  const auto outcome = Compare({Path("a.npy"), Path("a.npy")});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.report["verdict"], "match");
  EXPECT_TRUE(outcome.report["tensors"][0]["sqnr_db"].is_null());
}

TEST_F(CompareTest, ReportsAreEqualFromRunToRunApartFromTimes) {
  WriteNpy("a.npy", "3xf32=1,2,3");
  WriteNpy("b.npy", "3xf32=1,2,4");
  auto first = Compare({Path("a.npy"), Path("b.npy")}).report;
  auto second = Compare({Path("a.npy"), Path("b.npy")}).report;
  first.erase("timing");
  second.erase("timing");
  EXPECT_EQ(first.dump(), second.dump());
}

TEST_F(CompareTest, ReadsPaddedRawFilesThroughTheirSpec) {
  WriteNpy("sim.npy", "2x3xs16=1,2,3,4,5,6");
  // Rows of three int16, rounded up to eight: 16 bytes apart.
  std::vector<uint8_t> bytes(64, 0x77);
  for (size_t i = 0; i < 6; ++i) {
    bytes[i / 3 * 16 + i % 3 * 2] = static_cast<uint8_t>(i + 1);
    bytes[i / 3 * 16 + i % 3 * 2 + 1] = 0;
  }
  WriteRaw("board.bin", bytes);
  EXPECT_EQ(Compare({Path("sim.npy"), Path("board.bin"), "--spec", "2x3xs16@16"}).exit_code, 0);
  const auto wrong = Compare({Path("sim.npy"), Path("board.bin"), "--spec", "2x3xs16"});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_EQ(wrong.report["diagnosis"][0]["cause"], "padding_as_data");
}

TEST_F(CompareTest, TwoSpecsAreReferenceThenTarget) {
  WriteRaw("a.bin", {2, 0, 4, 0});
  WriteRaw("b.bin", {0, 0, 0x80, 0x3F, 0, 0, 0, 0x40});  // 1.0f, 2.0f
  const auto outcome =
      Compare({Path("a.bin"), Path("b.bin"), "--spec", "2xs16,scale=0.5", "--spec", "2xf32"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
}

TEST_F(CompareTest, ARawFileWithoutASpecIsAUsageErrorThatHelps) {
  WriteRaw("a.bin", {1, 2});
  const auto outcome = Compare({Path("a.bin"), Path("a.bin")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("--spec 1x10xf32"));
  EXPECT_EQ(outcome.report["schema"], "plumb.comparison/1");
  EXPECT_EQ(outcome.report["verdict"], "not_compared");
  EXPECT_EQ(outcome.report["exit_code"], 2);
  EXPECT_THAT(outcome.report["error"]["message"], HasSubstr("reference"));
}

TEST_F(CompareTest, RefusesSpecsThatDoNotFit) {
  WriteRaw("a.bin", std::vector<uint8_t>(100));
  WriteNpy("a.npy", "3xf32=1,2,3");
  const auto compare = [&](const std::string& path, const std::string& spec) {
    return Compare({Path(path), Path(path), "--spec", spec}).exit_code;
  };
  EXPECT_EQ(compare("a.bin", "25xf32"), 0);
  EXPECT_EQ(compare("a.bin", "26xf32"), 2) << "too few bytes";
  EXPECT_EQ(compare("a.bin", "5xf32"), 2) << "too many bytes";
  EXPECT_EQ(compare("a.bin", "25xq7"), 2);
  EXPECT_EQ(compare("a.npy", "3xf32"), 2) << "an .npy file needs none";
  EXPECT_EQ(Compare({Path("a.bin"), Path("nothing"), "--spec", "25xf32"}).exit_code, 2);
}

TEST_F(CompareTest, PairsFoldersByNameAndMissesNothingInSilence) {
  WriteNpy("sim/conv1.npy", "2xf32=1,2");
  WriteNpy("sim/conv2.npy", "2xf32=3,4");
  WriteNpy("board/conv1.npy", "2xf32=1,2");
  WriteNpy("board/other.npy", "2xf32=3,4");
  auto outcome = Compare({Path("sim"), Path("board")});
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_EQ(outcome.report["coverage"]["matched"], 1);
  EXPECT_EQ(outcome.report["coverage"]["missing_in_target"], json({"conv2"}));
  EXPECT_EQ(outcome.report["coverage"]["missing_in_reference"], json({"other"}));
  outcome = Compare({Path("sim"), Path("board"), "--min-coverage", "30"});
  EXPECT_EQ(outcome.exit_code, 0);
  WriteNpy("board/conv2.npy", "2xf32=3,5");
  EXPECT_EQ(Compare({Path("sim"), Path("board")}).exit_code, 1) << "a mismatch comes first";
}

TEST_F(CompareTest, AFolderWithoutTensorsIsAUsageError) {
  fs::create_directory(Path("empty"));
  const auto outcome = Compare({Path("empty"), Path("empty")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("neither .npy files nor a recorded run"));
}

TEST_F(CompareTest, TolerancesFromFlagsAndFile) {
  WriteNpy("a.npy", "2xf32=1,2");
  WriteNpy("b.npy", "2xf32=1,2.125");
  const std::vector<std::string> operands = {Path("a.npy"), Path("b.npy")};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), operands.begin(), operands.end());
    return Compare(more).exit_code;
  };
  EXPECT_EQ(with({}), 1);
  EXPECT_EQ(with({"--atol", "0.125"}), 0);
  EXPECT_EQ(with({"--atol", "0.124"}), 1);
  EXPECT_EQ(with({"--atol", "0.125", "--min-cosine", "1"}), 1);
  EXPECT_EQ(with({"--atol", "-1"}), 2);
  EXPECT_EQ(with({"--min-cosine", "2"}), 2);
  ASSERT_TRUE(WriteFileAtomically(Path("t.json"), R"({"tensors": {"b": {"atol": 1}}})").ok());
  EXPECT_EQ(with({"--tolerance", Path("t.json")}), 0) << "the target's name counts";
  ASSERT_TRUE(WriteFileAtomically(Path("t.json"), R"({"tensor": {}})").ok());
  EXPECT_EQ(with({"--tolerance", Path("t.json")}), 2);
}

class CompareRunTest : public CompareTest {
 protected:
  void WriteRun(const std::string& name,
                const std::vector<Tensor>& reference,
                const std::vector<Tensor>& target) {
    auto writer = archive::RunFolderWriter::Create(Path(name));
    ASSERT_TRUE(writer.ok());
    archive::WriteLeg(writer->LegFolder(analysis::Role::kReference), reference);
    archive::WriteLeg(writer->LegFolder(analysis::Role::kTarget), target);
    ASSERT_TRUE(writer->Commit({name, "", 0, 0}, {}).ok());
  }

  std::vector<Tensor> one_ = {archive::PaddedOutput("boxes", 1)};
  std::vector<Tensor> other_ = {archive::PaddedOutput("boxes", 2)};
};

TEST_F(CompareRunTest, ARunGivesTheLegOfTheRole) {
  WriteRun("run", one_, other_);
  auto outcome = Compare({Path("run"), Path("run")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("reference  " + Path("run/reference")));
  EXPECT_EQ(outcome.report["identity"]["board"], "camera-7");
  EXPECT_EQ(outcome.report["identity"]["model_sha256"], archive::kModelSha);
  EXPECT_EQ(Compare({Path("run/target"), Path("run")}).exit_code, 0);
}

TEST_F(CompareRunTest, ARunAgainstALaterRun) {
  WriteRun("old", one_, one_);
  WriteRun("new", other_, one_);
  EXPECT_EQ(Compare({Path("old"), Path("new")}).exit_code, 0);
}

TEST_F(CompareRunTest, AnUnsteadyTargetIsExitSix) {
  WriteRun("run", one_, one_);
  fs::remove_all(Path("run/target"));
  auto writer = archive::RecordingWriter::Create(Path("run/target"), {});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(archive::Feed(**writer, one_).ok());
  ASSERT_TRUE((*writer)->OnInvoke({1, 1}).ok());
  ASSERT_TRUE((*writer)->OnTensorEnd({1, 0, 42, 0}).ok());
  ASSERT_TRUE((*writer)->Finish().ok());
  const auto outcome = Compare({Path("run"), Path("run")});
  EXPECT_EQ(outcome.exit_code, 6);
  EXPECT_EQ(outcome.report["verdict"], "not_compared");
  EXPECT_EQ(outcome.report["diagnosis"][0]["cause"], "not_repeatable");
}

TEST_F(CompareRunTest, ATruncatedRecordingIsAUsageError) {
  WriteRun("run", one_, one_);
  fs::resize_file(Path("run/target/output_00.raw"), 10);
  const auto outcome = Compare({Path("run"), Path("run")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("output_00.raw"));
}

}  // namespace
}  // namespace plumb::client
