// One network with five scores a pixel in every family: the older ones pad them to eight.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "tests/e2e/farm.h"
#include "tests/support/process.h"
#include "tests/support/small_model.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct FamilyCase {
  const char* name;
  Family family;
  const char* virtual_spec;
  bool dequantize;
  size_t row_pitch;  // bytes from pixel to pixel: 5 scores of 2 or 4 bytes, or 8 where padded
};

std::vector<uint8_t> ReadBytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class FamiliesTest : public testing::TestWithParam<FamilyCase> {
 protected:
  void SetUp() override {
    auto made = TempFolder::Create("plumb-families-");
    ASSERT_TRUE(made.ok());
    folder_.emplace(std::move(made).value());
    SmallModelOptions options;
    options.family = GetParam().family;
    options.dequantize = GetParam().dequantize;
    ASSERT_TRUE(WriteFileAtomically(Path("m.img"), SmallModelFile(options)).ok());
    ASSERT_TRUE(WriteFileAtomically(Path("i.bin"), SmallPicture()).ok());
  }

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_->path() / name).string();
  }

  json Run(const std::string& virtual_spec, int exit_code) {
    const auto finished = RunProgram({BinaryPath("plumb"),
                                      "run",
                                      "--local",
                                      "--virtual",
                                      virtual_spec,
                                      "--model",
                                      Path("m.img"),
                                      "--input",
                                      Path("i.bin"),
                                      "--data",
                                      Path("data"),
                                      "--json",
                                      "-"});
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    if (!finished.ok()) {
      return {};
    }
    EXPECT_EQ(finished->exit.code, exit_code) << finished->out << finished->err;
    auto report = json::parse(finished->out, nullptr, false);
    EXPECT_FALSE(report.is_discarded()) << finished->out << finished->err;
    return report;
  }

  // The raw bytes of output 0 as the board sent them.
  [[nodiscard]] std::vector<uint8_t> BoardBytes() const {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_->path() / "data" / "runs")) {
      if (entry.path().filename() == "output_00.raw" &&
          entry.path().parent_path().filename() == "target") {
        return ReadBytes(entry.path());
      }
    }
    return {};
  }

 private:
  std::optional<TempFolder> folder_;
};

// The scores by plain arithmetic, in the place where this family has them.
TEST_P(FamiliesTest, ScoresAreTheSameAndStandWhereTheFamilyPutsThem) {
  const json report = Run(GetParam().virtual_spec, 0);
  ASSERT_EQ(report["tensors"].size(), 2U) << report;
  EXPECT_TRUE(report["tensors"][0]["equal"]);
  EXPECT_TRUE(report["tensors"][1]["equal"]);
  EXPECT_EQ(report["tensors"][0]["count"], kSmallPixels * kSmallScores);
  const std::vector<uint8_t> bytes = BoardBytes();
  const size_t rows_end = (kSmallPixels - 1) * GetParam().row_pitch;
  ASSERT_GE(bytes.size(), rows_end + (GetParam().dequantize ? 20U : 10U));
  const SmallAnswer answer = SolveSmallModel(SmallPicture());
  for (size_t i = 0; i < answer.scores.size(); ++i) {
    const uint8_t* row = bytes.data() + i / kSmallScores * GetParam().row_pitch;
    if (GetParam().dequantize) {
      float value = 0;
      std::memcpy(&value, row + i % kSmallScores * sizeof value, sizeof value);
      EXPECT_EQ(value, static_cast<float>(answer.scores[i]) * 0.5F) << i;
    } else {
      int16_t value = 0;
      std::memcpy(&value, row + i % kSmallScores * sizeof value, sizeof value);
      EXPECT_EQ(value, answer.scores[i]) << i;
    }
  }
}

// The padding is random: two boards agree on the scores and on nothing between them.
TEST_P(FamiliesTest, PaddingDiffersFromRunToRun) {
  Run(GetParam().virtual_spec, 0);
  const std::vector<uint8_t> first = BoardBytes();
  std::filesystem::remove_all(Path("data"));
  Run(GetParam().virtual_spec, 0);
  const std::vector<uint8_t> second = BoardBytes();
  ASSERT_EQ(first.size(), second.size());
  const size_t valid = kSmallScores * (GetParam().dequantize ? 4U : 2U);
  bool any_padding_differs = false;
  for (size_t row = 0; row < kSmallPixels; ++row) {
    const auto begin = static_cast<std::ptrdiff_t>(row * GetParam().row_pitch);
    const auto end = begin + static_cast<std::ptrdiff_t>(valid);
    const auto next = begin + static_cast<std::ptrdiff_t>(GetParam().row_pitch);
    EXPECT_TRUE(std::equal(first.begin() + begin, first.begin() + end, second.begin() + begin));
    any_padding_differs =
        any_padding_differs ||
        !std::equal(first.begin() + end, first.begin() + next, second.begin() + end);
  }
  EXPECT_EQ(any_padding_differs, GetParam().row_pitch > valid);
}

// A board that sets its rows close together while its descriptor says otherwise.
TEST_P(FamiliesTest, PaddingReadAsDataIsDiagnosedWhereThereIsPadding) {
  const bool padded = GetParam().row_pitch > kSmallScores * (GetParam().dequantize ? 4U : 2U);
  const json report = Run(std::string(GetParam().virtual_spec) + ",fault=padding", padded ? 1 : 0);
  if (!padded) {
    EXPECT_TRUE(report["diagnosis"].empty());
    return;
  }
  ASSERT_FALSE(report["diagnosis"].empty()) << report;
  EXPECT_EQ(report["diagnosis"][0]["cause"], "padding_as_data");
  EXPECT_EQ(report["diagnosis"][0]["tensor"], "scores");
  EXPECT_THAT(report["diagnosis"][0]["evidence"].get<std::string>(),
              HasSubstr("rows of " + std::to_string(GetParam().row_pitch) + " bytes"));
}

INSTANTIATE_TEST_SUITE_P(Families,
                         FamiliesTest,
                         testing::Values(FamilyCase{"V1xInt16", Family::k1x, "1.x", false, 16},
                                         FamilyCase{"V1xFp32", Family::k1x, "1.x", true, 32},
                                         FamilyCase{"QInt16", Family::kQ, "Q", false, 16},
                                         FamilyCase{"QFp32", Family::kQ, "Q", true, 20},
                                         FamilyCase{"S1Int16", Family::kS1, "S1", false, 10},
                                         FamilyCase{"S1Fp32", Family::kS1, "S1", true, 20},
                                         FamilyCase{"S6Int16", Family::kS6, "S6", false, 10},
                                         FamilyCase{"S6Fp32", Family::kS6, "S6", true, 20}),
                         [](const auto& one) { return std::string(one.param.name); });

// Such a board reports neither scales nor strides nor sizes.
TEST(GenerationZeroTest, BoardWithoutScalesTakesTheReferences) {
  Farm farm;
  farm.AddBoard("old", "1.x", {"--abi", "gen0"});
  SmallModelOptions options;
  options.family = Family::k1x;
  const OfflineModel model{(farm.folder() / "m.img").string(), (farm.folder() / "i.bin").string()};
  ASSERT_TRUE(WriteFileAtomically(model.model, SmallModelFile(options)).ok());
  ASSERT_TRUE(WriteFileAtomically(model.input, SmallPicture()).ok());
  const auto finished = farm.RunModel(model, {"--board", "old"});
  EXPECT_EQ(finished.exit.code, 0) << finished.out << finished.err;
  const auto report = json::parse(farm.report(), nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << farm.report();
  for (const auto& tensor : report["tensors"]) {
    EXPECT_TRUE(tensor["equal"]);
    EXPECT_THAT(tensor["reason"].get<std::string>(),
                HasSubstr("the target reports no scale, so the reference's 0.5 is used"));
  }
  // The largest score of the picture in units of the network, not of the chip's integers.
  const SmallAnswer answer = SolveSmallModel(SmallPicture());
  const int highest = *std::max_element(answer.scores.begin(), answer.scores.end());
  EXPECT_EQ(report["tensors"][0]["target_max"], highest * 0.5);
}

struct SizeCase {
  size_t size;
  const char* cause;
};

// RAWDATA_S16_NHWC of [1,2,3,3]: 36 bytes, in 1.x and Q six rows of 16 bytes: 96.
TEST(InputSizesTest, EveryWrongSizeIsToldWithItsCause) {
  const auto folder = TempFolder::Create("plumb-sizes-");
  ASSERT_TRUE(folder.ok());
  const std::string model = (folder->path() / "m.img").string();
  const std::string input = (folder->path() / "i.bin").string();
  SmallModelOptions options;
  options.input_format = npu::InputFormat::kRawS16Nhwc;
  ASSERT_TRUE(WriteFileAtomically(model, SmallModelFile(options)).ok());
  for (const SizeCase& wrong : {SizeCase{0, "the file is empty"},
                                SizeCase{35, "1 byte too few"},
                                SizeCase{65, "1 byte too many"},
                                SizeCase{96, "this looks like a 1.x or Q dump"},
                                SizeCase{72, "FP32 values"}}) {
    ASSERT_TRUE(WriteFileAtomically(input, std::string(wrong.size, '\1')).ok());
    const auto finished = RunProgram({BinaryPath("plumb"),
                                      "run",
                                      "--local",
                                      "--virtual",
                                      "S3",
                                      "--model",
                                      model,
                                      "--input",
                                      input});
    ASSERT_TRUE(finished.ok());
    EXPECT_EQ(finished->exit.code, 4) << finished->out << finished->err;
    EXPECT_THAT(finished->err, HasSubstr("takes 36 to 64"));
    EXPECT_THAT(finished->err, HasSubstr("96 in 1.x and Q, 36 in S1, S3 and S6"));
    EXPECT_THAT(finished->err, HasSubstr(wrong.cause));
  }
}

}  // namespace
}  // namespace plumb::test
