// Every input format through compiler, board and simulator; batches; what the chip says it costs.
#include <algorithm>

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/npu/model/compile.h"
#include "common/npu/model/container.h"
#include "tests/e2e/models.h"
#include "tests/support/process.h"
#include "tests/support/small_model.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;
using npu::InputFormat;
using testing::HasSubstr;

struct FormatCase {
  const char* name;
  const char* family;
  InputFormat format;
  InputFormat training_format;
  Shape shape;
  size_t size;  // of the input, by hand; 0: the family has no such format
};

// Its output is its input.
npu::FixedModel Identity(const FormatCase& wanted) {
  const bool picture = npu::IsPictureFormat(wanted.training_format);
  npu::FixedModel model;
  model.name = "same";
  const ElementType type = picture ? ElementType::kUint8 : ElementType::kInt16;
  const int zero_point = picture ? 128 : 0;
  model.tensors.resize(2);
  model.tensors[0] = {"in", wanted.shape, type, 0.5, zero_point, {}};
  model.tensors[1] = {"out", wanted.shape, type, 0.5, zero_point, {}};
  model.ops.push_back({"same", "RESHAPE", {0}, 1, npu::Reshape{}});
  model.inputs.push_back({});
  model.inputs[0].training_format = wanted.training_format;
  model.outputs.push_back(1);
  return model;
}

class FormatsTest : public testing::TestWithParam<FormatCase> {
 protected:
  FormatsTest() : folder_(TempFolder::Create("plumb-formats-").value()) {}

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  static Finished Plumb(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {BinaryPath("plumb")};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto finished = RunProgram(argv);
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    return finished.ok() ? *finished : Finished{};
  }

  TempFolder folder_;
};

TEST_P(FormatsTest, IsTakenAlikeByBoardAndSimulator) {
  const FormatCase& wanted = GetParam();
  const auto fixed = npu::SerializeModel(Identity(wanted));
  ASSERT_TRUE(fixed.ok()) << fixed.status().ToString();
  ASSERT_TRUE(WriteFileAtomically(Path("fixed.plm"), *fixed).ok());
  const Finished compiled = Plumb({"compile",
                                   "--model",
                                   Path("fixed.plm"),
                                   "--chip",
                                   wanted.family,
                                   "--input-format",
                                   std::string(npu::InputFormatName(wanted.format)),
                                   "--out",
                                   Path("m.img")});
  if (wanted.size == 0) {
    EXPECT_NE(compiled.exit.code, 0);
    EXPECT_THAT(compiled.err, HasSubstr("do not have it"));
    EXPECT_THAT(compiled.err, HasSubstr("hint: "));
    return;
  }
  ASSERT_EQ(compiled.exit.code, 0) << compiled.err;
  std::string input(wanted.size, '\0');
  for (size_t i = 0; i < input.size(); ++i) {
    // As floats: small, finite.
    input[i] = static_cast<char>(i % 4 == 3 ? 0x40 : i * 37 % 251);
  }
  for (const size_t size : {wanted.size, wanted.size - 1}) {
    ASSERT_TRUE(WriteFileAtomically(Path("i.bin"), input.substr(0, size)).ok());
    const Finished run = Plumb({"run",
                                "--local",
                                "--virtual",
                                wanted.family,
                                "--model",
                                Path("m.img"),
                                "--input",
                                Path("i.bin"),
                                "--json",
                                Path("r.json")});
    EXPECT_EQ(run.exit.code, size == wanted.size ? 0 : 4) << run.out << run.err;
  }
}

const Shape kPicture = {1, 3, 5, 3};
constexpr InputFormat kRgb = InputFormat::kRgb;
constexpr InputFormat kRaw = InputFormat::kRawS16Nhwc;

// 3 rows of 5 pixels: rows of 16 bytes and an even number of them in the older families.
INSTANTIATE_TEST_SUITE_P(
    Table,
    FormatsTest,
    testing::Values(
        FormatCase{"RgbS3", "S3", kRgb, kRgb, kPicture, 45},
        FormatCase{"BgrQ", "Q", InputFormat::kBgr, kRgb, kPicture, 45},
        FormatCase{"BgraOld", "1.x", InputFormat::kBgra, kRgb, kPicture, 96},
        FormatCase{"BgraS1", "S1", InputFormat::kBgra, kRgb, kPicture, 60},
        FormatCase{"RgbaQ", "Q", InputFormat::kRgba, kRgb, kPicture, 96},
        FormatCase{"RgbaS6", "S6", InputFormat::kRgba, kRgb, kPicture, 60},
        FormatCase{"Nv12Old", "1.x", InputFormat::kNv12, kRgb, kPicture, 96},
        FormatCase{"Nv12Q", "Q", InputFormat::kNv12, InputFormat::kBgr, kPicture, 96},
        FormatCase{"Nv12S3", "S3", InputFormat::kNv12, kRgb, kPicture, 36},
        FormatCase{"Nv12Gray", "S6", InputFormat::kNv12, InputFormat::kGray, Shape{1, 3, 5, 1}, 36},
        FormatCase{"GrayOld", "1.x", InputFormat::kGray, InputFormat::kGray, Shape{1, 3, 5, 1}, 64},
        FormatCase{"GrayS3", "S3", InputFormat::kGray, InputFormat::kGray, Shape{1, 3, 5, 1}, 15},
        // The last row may end where its values do.
        FormatCase{"S16Old", "1.x", kRaw, kRaw, Shape{2, 5}, 32},
        FormatCase{"S16S1", "S1", kRaw, kRaw, Shape{2, 5}, 20},
        FormatCase{"F32Old", "1.x", InputFormat::kRawF32Nhwc, kRaw, Shape{2, 5}, 0},
        FormatCase{"F32Q", "Q", InputFormat::kRawF32Nhwc, kRaw, Shape{2, 5}, 0},
        FormatCase{"F32S1", "S1", InputFormat::kRawF32Nhwc, kRaw, Shape{2, 5}, 40},
        FormatCase{"ComplexS1", "S1", InputFormat::kComplex64, kRaw, Shape{2, 6}, 0},
        FormatCase{"ComplexS6", "S6", InputFormat::kComplex64, kRaw, Shape{2, 6}, 48}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(PictureFormatsTest, PicturesAreMadeForEveryFormatThatHoldsThem) {
  for (const char* format : {"YUV_NV12", "BGRA", "RAWDATA_S16_NHWC"}) {
    for (const char* family : {"1.x", "S3"}) {
      const OfflineModel& model = BlazeFace(family, {"--input-format", format});
      const auto run = RunProgram({BinaryPath("plumb"),
                                   "run",
                                   "--local",
                                   "--virtual",
                                   family,
                                   "--model",
                                   model.model,
                                   "--input",
                                   model.input});
      ASSERT_TRUE(run.ok());
      EXPECT_EQ(run->exit.code, 0) << format << " " << family << run->out << run->err;
    }
  }
}

TEST(BatchRunTest, BoardAndSimulatorAgreeOnEveryBatch) {
  const auto folder = TempFolder::Create("plumb-batch-");
  ASSERT_TRUE(folder.ok());
  const auto path = [&](const char* name) { return (folder->path() / name).string(); };
  const auto fixed = npu::SerializeModel(SmallModel());
  ASSERT_TRUE(WriteFileAtomically(path("fixed.plm"), *fixed).ok());
  std::vector<uint8_t> second = SmallPicture();
  std::reverse(second.begin(), second.end());
  ASSERT_TRUE(WriteFileAtomically(path("1.bin"), SmallPicture()).ok());
  ASSERT_TRUE(WriteFileAtomically(path("2.bin"), second).ok());
  for (const char* mode : {"n_buf", "one_buf"}) {
    const auto compiled = RunProgram({BinaryPath("plumb"),
                                      "compile",
                                      "--model",
                                      path("fixed.plm"),
                                      "--chip",
                                      "S3",
                                      "--batch",
                                      "2",
                                      "--batch-mode",
                                      mode,
                                      "--out",
                                      path("m.img")});
    ASSERT_TRUE(compiled.ok());
    ASSERT_EQ(compiled->exit.code, 0) << compiled->err;
    const auto run = RunProgram({BinaryPath("plumb"),
                                 "run",
                                 "--local",
                                 "--virtual",
                                 "S3",
                                 "--model",
                                 path("m.img"),
                                 "--input",
                                 path("1.bin"),
                                 "--input",
                                 path("2.bin"),
                                 "--json",
                                 "-"});
    ASSERT_TRUE(run.ok());
    EXPECT_EQ(run->exit.code, 0) << run->out << run->err;
    const auto report = json::parse(run->out, nullptr, false);
    ASSERT_EQ(report["tensors"].size(), 4U) << report;
    EXPECT_EQ(report["tensors"][2]["name"], "scores#2");
    const SmallAnswer answer = SolveSmallModel(second);
    EXPECT_EQ(report["tensors"][2]["target_max"],
              *std::max_element(answer.scores.begin(), answer.scores.end()) * 0.5);
    // Two pictures of 18 bytes in 64, two times two outputs in 64 bytes each.
    EXPECT_EQ(report["timing"]["ipu_bandwidth_read"], 128);
    EXPECT_EQ(report["timing"]["ipu_bandwidth_write"], 256);
    EXPECT_LE(report["timing"]["ipu_ms"], report["timing"]["board_ms"]);
  }
}

}  // namespace
}  // namespace plumb::test
