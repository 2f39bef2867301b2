#include "tests/e2e/models.h"

#include <map>
#include <mutex>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/npu/model/compile.h"
#include "common/npu/model/container.h"
#include "tests/support/process.h"

namespace plumb::test {
namespace {

const std::filesystem::path& Folder() {
  static const TempFolder folder = [] {
    auto made = TempFolder::Create("plumb-e2e-");
    return std::move(made).value();
  }();
  return folder.path();
}

std::string PathOf(const std::string& name) {
  return (Folder() / name).string();
}

void MustRun(const std::vector<std::string>& argv) {
  const auto finished = RunProgram(argv);
  ASSERT_TRUE(finished.ok()) << finished.status().ToString();
  ASSERT_EQ(finished->exit.code, 0) << Join(argv, " ") << "\n" << finished->out << finished->err;
}

const std::string& FixedBlazeFace() {
  static const std::string path = [] {
    const std::string data = PLUMB_TESTDATA_DIR;
    MustRun({BinaryPath("plumb"),
             "quantize",
             "--model",
             data + "/models/face_detection_short_range.tflite",
             "--calibrate",
             data + "/images/astronaut.png",
             "--out",
             PathOf("blazeface_fixed.plm")});
    return PathOf("blazeface_fixed.plm");
  }();
  return path;
}

npu::FixedModel WideFixedModel(int64_t elements) {
  constexpr int64_t kSide = 32;
  constexpr int64_t kChannels = 8;
  constexpr int64_t kWidth = 1024;
  const int64_t height = elements / (kWidth * kChannels);
  npu::FixedModel model;
  model.name = "wide";
  model.tensors.resize(2);
  model.tensors[0] = {"small", {1, kSide, kSide, kChannels}, ElementType::kInt16, 0.5, 0, {}};
  model.tensors[1] = {"wide", {1, height, kWidth, kChannels}, ElementType::kInt16, 0.5, 0, {}};
  npu::ResizeNearest resize;
  for (int64_t row = 0; row < height; ++row) {
    resize.rows.push_back(static_cast<int32_t>(row * kSide / height));
  }
  for (int64_t column = 0; column < kWidth; ++column) {
    resize.columns.push_back(static_cast<int32_t>(column * kSide / kWidth));
  }
  model.ops.push_back({"enlarge", "RESIZE_NEAREST_NEIGHBOR", {0}, 1, resize});
  model.inputs.push_back({});
  model.outputs.push_back(1);
  return model;
}

// int16 values that differ from row to row and from channel to channel.
std::vector<uint8_t> WideInput() {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 32 * 32 * 8; ++i) {
    const int value = (i * 37) % 2001 - 1000;
    bytes.push_back(static_cast<uint8_t>(value & 0xFF));
    bytes.push_back(static_cast<uint8_t>((value >> 8) & 0xFF));
  }
  return bytes;
}

const OfflineModel& Wide(int mebibytes, bool dequantize) {
  static std::map<std::pair<int, bool>, OfflineModel> made;
  const auto found = made.find({mebibytes, dequantize});
  if (found != made.end()) {
    return found->second;
  }
  const std::string stem = (dequantize ? "wide_f32_" : "wide") + std::to_string(mebibytes);
  OfflineModel files{PathOf(stem + ".img"), PathOf(stem + ".bin")};
  const int64_t elements = mebibytes * (int64_t{1} << 20) / (dequantize ? 4 : 2);
  const auto compiled = npu::Compile(WideFixedModel(elements), {Family::kS6, {}, dequantize});
  EXPECT_TRUE(compiled.ok()) << compiled.status().ToString();
  const auto bytes = npu::SerializeModel(*compiled);
  EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
  EXPECT_TRUE(WriteFileAtomically(files.model, *bytes).ok());
  EXPECT_TRUE(WriteFileAtomically(files.input, WideInput()).ok());
  return made.emplace(std::pair(mebibytes, dequantize), std::move(files)).first->second;
}

}  // namespace

std::string AstronautPicture() {
  return std::string(PLUMB_TESTDATA_DIR) + "/images/astronaut.png";
}

const OfflineModel& BlazeFace(const std::string& family,
                              const std::vector<std::string>& compile_flags) {
  static std::map<std::string, OfflineModel> made;
  const std::string key = family + Join(compile_flags, "");
  const auto found = made.find(key);
  if (found != made.end()) {
    return found->second;
  }
  const std::string stem = "blazeface" + std::to_string(made.size());
  OfflineModel model{PathOf(stem + ".img"), PathOf(stem + ".bin")};
  std::vector<std::string> compile = {BinaryPath("plumb"),
                                      "compile",
                                      "--model",
                                      FixedBlazeFace(),
                                      "--chip",
                                      family,
                                      "--out",
                                      model.model};
  compile.insert(compile.end(), compile_flags.begin(), compile_flags.end());
  MustRun(compile);
  MustRun({BinaryPath("plumb"),
           "input",
           "make",
           "--image",
           std::string(PLUMB_TESTDATA_DIR) + "/images/astronaut.png",
           "--model",
           model.model,
           "--out",
           model.input});
  return made.emplace(key, std::move(model)).first->second;
}

const OfflineModel& WideModel(int mebibytes) {
  return Wide(mebibytes, false);
}

const OfflineModel& WideFloatModel(int mebibytes) {
  return Wide(mebibytes, true);
}

}  // namespace plumb::test
