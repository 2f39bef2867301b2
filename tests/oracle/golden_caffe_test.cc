// The float stage against OpenCV's DNN module, layer by layer. What OpenCV computed lies in
// tests/testdata/oracle/caffe, made by tools/oracle/make-caffe-goldens.
#include <cmath>
#include <cstring>
#include <map>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/framework/engines.h"
#include "common/npu/float/executor.h"
#include "common/npu/import/caffe/caffe.h"
#include "common/npu/import/caffe/outline.h"
#include "tests/oracle/golden_run.h"
#include "tests/support/testdata.h"

#include <nlohmann/json.hpp>

namespace plumb::testing {
namespace {

constexpr double kLeastCosine = 0.99999;
constexpr double kMostRelL1 = 1e-4;

struct GoldenLayer {
  std::string layer;
  size_t top = 0;
  std::vector<int64_t> dims;
  std::vector<float> values;  // in Caffe's order
};

struct Golden {
  Buffer prototxt, caffemodel;
  std::vector<int64_t> input_dims;
  std::vector<float> input;
  std::vector<GoldenLayer> layers;
};

Buffer ReadOrFail(const std::filesystem::path& path) {
  Result<Buffer> file = ReadFile(path);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return file.ok() ? std::move(file).value() : Buffer();
}

// The next values of `data`, as many as `dims` say.
std::vector<float> Take(std::span<const uint8_t>& data, const std::vector<int64_t>& dims) {
  size_t count = 1;
  for (const int64_t dim : dims) {
    count *= static_cast<size_t>(dim);
  }
  std::vector<float> values(count);
  if (data.size() < count * sizeof(float)) {
    ADD_FAILURE() << "the golden file is too short";
    return values;
  }
  std::memcpy(values.data(), data.data(), count * sizeof(float));
  data = data.subspan(count * sizeof(float));
  return values;
}

Golden LoadCaffeGolden(const std::string& name) {
  const std::filesystem::path folder = TestDataPath("oracle/caffe");
  const std::filesystem::path models = name == "rnet" ? TestDataPath("models/caffe") : folder;
  Golden golden;
  golden.prototxt = ReadOrFail(models / (name + ".prototxt"));
  golden.caffemodel = ReadOrFail(models / (name + ".caffemodel"));
  const Buffer data = ReadOrFail(folder / (name + ".f32"));
  const auto index = nlohmann::json::parse(ReadOrFail(folder / (name + ".json")).view());
  std::span<const uint8_t> rest = data.span();
  golden.input_dims = index.at("input").get<std::vector<int64_t>>();
  golden.input = Take(rest, golden.input_dims);
  for (const auto& entry : index.at("layers")) {
    GoldenLayer layer;
    layer.layer = entry.at("layer");
    layer.top = entry.at("top");
    layer.dims = entry.at("shape").get<std::vector<int64_t>>();
    layer.values = Take(rest, layer.dims);
    golden.layers.push_back(std::move(layer));
  }
  EXPECT_TRUE(rest.empty());
  return golden;
}

// [N, C, H, W] to [N, H, W, C].
std::vector<float> ToNhwc(const std::vector<float>& values, const std::vector<int64_t>& dims) {
  std::vector<float> turned;
  const int64_t plane = dims[2] * dims[3];
  for (int64_t n = 0; n < dims[0]; ++n) {
    for (int64_t place = 0; place < plane; ++place) {
      for (int64_t c = 0; c < dims[1]; ++c) {
        turned.push_back(values[static_cast<size_t>((n * dims[1] + c) * plane + place)]);
      }
    }
  }
  return turned;
}

void ExpectClose(const std::vector<float>& oracle, const std::vector<float>& ours) {
  ASSERT_EQ(oracle.size(), ours.size());
  double dot = 0;
  double oracle_square = 0;
  double our_square = 0;
  double difference = 0;
  double magnitude = 0;
  for (size_t i = 0; i < oracle.size(); ++i) {
    const double r = oracle[i];
    const double t = ours[i];
    dot += r * t;
    oracle_square += r * r;
    our_square += t * t;
    difference += std::abs(r - t);
    magnitude += std::abs(r);
  }
  ASSERT_GT(magnitude, 0) << "the oracle's layer is all zeros and proves nothing";
  EXPECT_GE(dot / std::sqrt(oracle_square * our_square), kLeastCosine);
  EXPECT_LE(difference / magnitude, kMostRelL1);
}

struct OurLayer {
  std::vector<float> values;
  bool picture = false;
};

std::map<std::string, OurLayer> RunOurs(const npu::Graph& graph, const std::vector<float>& input) {
  std::map<std::string, OurLayer> layers;
  auto executor = npu::FloatExecutor::Create(std::make_shared<const npu::Graph>(graph));
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  const auto sink = [&layers](const npu::GraphOp&,
                              const npu::GraphTensor& tensor,
                              std::span<const float> values) -> Status {
    OurLayer& layer = layers[tensor.name];
    layer.values.assign(values.begin(), values.end());
    layer.picture = tensor.shape.rank() == 4 && tensor.role == npu::FileRole::kSame;
    return OkStatus();
  };
  const auto outputs = (*executor)->Run(std::vector<std::vector<float>>{input}, sink);
  EXPECT_TRUE(outputs.ok()) << outputs.status().ToString();
  return layers;
}

class CaffeGolden : public ::testing::TestWithParam<const char*> {};

TEST_P(CaffeGolden, IsOpenCvsAtEveryLayer) {
  const Golden golden = LoadCaffeGolden(GetParam());
  const auto graph = npu::ImportCaffe(golden.prototxt, golden.caffemodel, GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  const auto outline = npu::OutlineOfCaffe(golden.prototxt);
  ASSERT_TRUE(outline.ok()) << outline.status().ToString();
  auto ours = RunOurs(*graph, ToNhwc(golden.input, golden.input_dims));
  size_t compared = 0;
  for (const npu::CaffeTop& top : outline->tops) {
    SCOPED_TRACE(top.layer + " makes " + top.tensor);
    const auto found =
        std::find_if(golden.layers.begin(), golden.layers.end(), [&top](const GoldenLayer& layer) {
          return layer.layer == top.layer && layer.top == top.index;
        });
    ASSERT_NE(found, golden.layers.end());
    ASSERT_EQ(ours.count(top.tensor), 1U);
    const OurLayer& layer = ours[top.tensor];
    ExpectClose(layer.picture ? ToNhwc(found->values, found->dims) : found->values, layer.values);
    ++compared;
  }
  EXPECT_EQ(compared, golden.layers.size()) << "every layer that OpenCV shows has its partner";
}

// The engine of `plumb dump --stage framework` calls the same layers by the same names.
TEST_P(CaffeGolden, IsWhatTheEngineShows) {
  const framework::EngineState state = framework::ExamineEngine(npu::NetworkFormat::kCaffe);
  if (!state.usable) {
    GTEST_SKIP() << state.detail << "; run " << state.mend;
  }
  const std::string name = GetParam();
  const Golden golden = LoadCaffeGolden(name);
  const auto folder = TestDataPath(name == "rnet" ? "models/caffe" : "oracle/caffe");
  framework::EngineRequest request;
  request.model = folder / (name + ".prototxt");
  request.weights = folder / (name + ".caffemodel");
  request.every_layer = true;
  auto engine = framework::OpenEngine(npu::NetworkFormat::kCaffe, {}, request);
  ASSERT_TRUE(engine.ok()) << engine.status().ToString();
  const auto* bytes = reinterpret_cast<const uint8_t*>(golden.input.data());
  const std::vector<Buffer> inputs = {Buffer::Copy({bytes, golden.input.size() * sizeof(float)})};
  std::vector<OurLayer> layers;
  std::vector<std::string> names;
  const auto sink = [&](const framework::Layer& layer) -> Status {
    names.push_back(layer.name);
    layers.push_back({{layer.values.begin(), layer.values.end()}, false});
    return OkStatus();
  };
  const auto outputs = (*engine)->Run(inputs, sink, {});
  ASSERT_TRUE(outputs.ok()) << outputs.status().ToString();
  const auto outline = npu::OutlineOfCaffe(golden.prototxt);
  ASSERT_TRUE(outline.ok());
  ASSERT_EQ(layers.size(), outline->tops.size());
  size_t output_count = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    const npu::CaffeTop& top = outline->tops[i];
    SCOPED_TRACE(top.layer + " makes " + top.tensor);
    EXPECT_EQ(names[i], top.tensor);
    output_count += top.is_output ? 1U : 0U;
    const auto found =
        std::find_if(golden.layers.begin(), golden.layers.end(), [&top](const GoldenLayer& layer) {
          return layer.layer == top.layer && layer.top == top.index;
        });
    ASSERT_NE(found, golden.layers.end());
    ExpectClose(found->values, layers[i].values);
  }
  EXPECT_EQ(outputs->size(), output_count);
  EXPECT_EQ((*engine)->outputs().size(), output_count);
}

INSTANTIATE_TEST_SUITE_P(
    FloatGolden,
    CaffeGolden,
    ::testing::Values("windows", "pointwise", "normal", "combine", "layout", "rnet"),
    [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace plumb::testing
