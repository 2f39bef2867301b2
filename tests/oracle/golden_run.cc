#include "tests/oracle/golden_run.h"

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/npu/import/tflite/tflite.h"
#include "tests/support/testdata.h"

namespace plumb::testing {

std::vector<uint8_t> RandomBytes(size_t count, uint32_t state) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < count; ++i) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    bytes.push_back(static_cast<uint8_t>(state >> 24));
  }
  return bytes;
}

std::vector<uint8_t> PixelFile(const std::string& name) {
  const Result<Buffer> file = ReadFile(TestDataPath(name));
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return file.ok() ? std::vector<uint8_t>(file.value().span().begin(), file.value().span().end())
                   : std::vector<uint8_t>();
}

std::vector<float> RealPixels(const std::vector<uint8_t>& pixels) {
  std::vector<float> values;
  for (const uint8_t pixel : pixels) {
    values.push_back(static_cast<float>((pixel - 127.5) / 127.5));
  }
  return values;
}

std::filesystem::path ModelPath(const std::string& name) {
  std::error_code error;
  for (const std::filesystem::path& path :
       {TestDataPath("models") / name,
        std::filesystem::path(PLUMB_SOURCE_DIR) / "build" / "models" / name}) {
    if (std::filesystem::is_regular_file(path, error)) {
      return path;
    }
  }
  return {};
}

std::string ModelMissing(const std::string& name) {
  return "NOT TESTED: build/models has no " + name + "; tools/fetch-models brings it";
}

std::shared_ptr<const npu::Graph> ImportModel(const std::filesystem::path& path) {
  const Result<Buffer> file = ReadFile(path);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  if (!file.ok()) {
    return std::make_shared<const npu::Graph>();
  }
  Result<npu::Graph> graph = npu::ImportTflite(file.value(), path.stem().string());
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
  return std::make_shared<const npu::Graph>(graph.ok() ? std::move(graph).value() : npu::Graph());
}

OracleRun LoadGolden(const std::string& name) {
  Result<OracleRun> loaded = LoadOracleRun(TestDataPath("oracle") / name);
  EXPECT_TRUE(loaded.ok()) << loaded.status().ToString();
  return loaded.ok() ? std::move(loaded).value() : OracleRun();
}

OracleRun LoadGolden(const std::string& name, const std::vector<float>& input) {
  OracleRun run = LoadGolden(name);
  if (run.inputs.size() != 1) {
    ADD_FAILURE() << name << " has not one input";
    return run;
  }
  EXPECT_EQ(run.inputs[0].sha256, DigestOf(input)) << "the oracle ran on another input";
  const auto* bytes = reinterpret_cast<const uint8_t*>(input.data());
  Result<TensorDesc> desc = MakeContiguousDesc(
      run.inputs[0].name, ElementType::kFloat32, Shape({static_cast<int64_t>(input.size())}));
  EXPECT_TRUE(desc.ok()) << desc.status().ToString();
  run.inputs[0].tensor.desc = std::move(desc).value();
  run.inputs[0].tensor.bytes = Buffer::Copy({bytes, input.size() * sizeof(float)});
  return run;
}

}  // namespace plumb::testing
