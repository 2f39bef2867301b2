// One convolution's weights damaged in a copy of a real network's fixed model: that layer and no
// other is to be called broken. The figures are printed; docs/blame.md quotes them.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "common/blame/excuse.h"
#include "common/blame/fixed_runner.h"
#include "common/blame/isolate.h"
#include "tests/common/blame/network_case.h"
#include "tests/support/testdata.h"

namespace plumb::blame {
namespace {

using ::plumb::testing::MakeNetworkCase;
using ::plumb::testing::MakeProblem;
using ::plumb::testing::NetworkCase;
using ::plumb::testing::RunWhole;
using ::plumb::testing::SharedMissing;
using ::plumb::testing::SharedPath;
using ::plumb::testing::TestDataPath;

using Bytes = std::vector<uint8_t>;

constexpr size_t kPlaces = 10;

npu::LinearWeights* WeightsOf(npu::FixedOp& op) {
  return std::visit(
      [](auto& attributes) -> npu::LinearWeights* {
        if constexpr (requires { attributes.linear; }) {
          return &attributes.linear;
        } else {
          return nullptr;
        }
      },
      op.attributes);
}

// Operations with weights, at most kPlaces, from the first to the last in even steps.
std::vector<size_t> PlacesIn(npu::FixedModel model) {
  std::vector<size_t> all;
  for (size_t i = 0; i < model.ops.size(); ++i) {
    if (WeightsOf(model.ops[i]) != nullptr) {
      all.push_back(i);
    }
  }
  std::vector<size_t> places;
  const size_t count = std::min(kPlaces, all.size());
  for (size_t i = 0; i < count; ++i) {
    places.push_back(all[i * (all.size() - 1) / (count - 1)]);
  }
  return places;
}

enum class Harm { kReversed, kNegatedQuarter, kRotatedChannels, kFlippedBits };

npu::FixedModel Damaged(npu::FixedModel model, size_t op, Harm harm) {
  npu::LinearWeights& linear = *WeightsOf(model.ops[op]);
  Bytes bytes(linear.values.span().begin(), linear.values.span().end());
  const size_t channels = linear.bias.size();
  const bool depthwise = std::holds_alternative<npu::DepthwiseConv2d>(model.ops[op].attributes);
  const size_t per_channel = bytes.size() / channels;
  switch (harm) {
    case Harm::kReversed:
      std::reverse(bytes.begin(), bytes.end());
      break;
    case Harm::kNegatedQuarter:
      for (size_t i = 0; i < bytes.size(); ++i) {
        const size_t channel = depthwise ? i % channels : i / per_channel;
        bytes[i] = channel % 4 == 0 ? static_cast<uint8_t>(-bytes[i]) : bytes[i];
      }
      break;
    case Harm::kRotatedChannels:
      std::rotate(bytes.begin(),
                  bytes.begin() + static_cast<std::ptrdiff_t>(depthwise ? 1 : per_channel),
                  bytes.end());
      break;
    case Harm::kFlippedBits:  // one weight in fifty
      for (size_t i = 0; i < bytes.size(); i += 50) {
        bytes[i] ^= 0x40U;
      }
      break;
  }
  linear.values = Buffer::FromVector(std::move(bytes));
  return model;
}

// What a look at one model says.
struct Looked {
  std::set<std::string> broken;
  std::set<std::string> coarse;
  std::set<std::string> innocent;
  Excuses excuses;
};

class DamageTest : public ::testing::Test {
 protected:
  static Looked Look(const NetworkCase& network, const npu::FixedModel& model, bool excuse) {
    auto runner =
        FixedRunner::Create(std::make_shared<const npu::FixedModel>(model), 2, CancelToken());
    EXPECT_TRUE(runner.ok()) << runner.status().ToString();
    const auto target = RunWhole(model, network.input);
    const BlameProblem problem = MakeProblem(**runner, network.reference, target);
    const auto layers = IsolateLayers(problem);
    EXPECT_TRUE(layers.ok()) << layers.status().ToString();
    Looked looked;
    for (const LayerBlame& layer : *layers) {
      const std::string& name = model.tensors[layer.tensor].name;
      EXPECT_NE(layer.blame, Blame::kUnknown) << name << ": " << layer.reason;
      if (layer.blame == Blame::kInherited) {
        EXPECT_TRUE(layer.local->within && !layer.cumulative->within) << name;
        looked.innocent.insert(name);
      } else if (layer.blame != Blame::kNone) {
        (layer.blame == Blame::kBroken ? looked.broken : looked.coarse).insert(name);
      }
    }
    if (excuse) {
      auto excuses = ExcuseOneByOne(problem, *layers);
      EXPECT_TRUE(excuses.ok()) << excuses.status().ToString();
      looked.excuses = std::move(*excuses);
      EXPECT_EQ(looked.excuses.unlike, 0U);
    }
    return looked;
  }

  static std::string OutputOf(const npu::FixedModel& model, size_t op) {
    return model.tensors[model.ops[op].output].name;
  }

  // How many of the places are blamed, they alone.
  static size_t Hits(const NetworkCase& network,
                     const Looked& healthy,
                     const std::function<Harm(size_t place)>& harm) {
    const std::vector<size_t> places = PlacesIn(network.model);
    size_t hits = 0;
    for (size_t i = 0; i < places.size(); ++i) {
      const Looked looked = Look(network, Damaged(network.model, places[i], harm(i)), false);
      const std::string name = OutputOf(network.model, places[i]);
      const bool alone = looked.broken == std::set<std::string>{name};
      hits += alone ? 1 : 0;
      if (!alone) {
        std::printf("  missed: %s, harm %d\n", name.c_str(), static_cast<int>(harm(i)));
      }
      std::set<std::string> others = looked.broken;
      others.erase(name);
      EXPECT_TRUE(others.empty()) << *others.begin() << " is called broken, damaged is " << name;
      for (const std::string& coarse : looked.coarse) {
        EXPECT_TRUE(coarse == name || healthy.coarse.contains(coarse)) << coarse;
      }
    }
    return hits;
  }

  void Judge(const std::filesystem::path& file,
             const std::vector<int64_t>& onnx_shape,
             const npu::PictureInput& picture = {}) {
    const NetworkCase network = MakeNetworkCase(file, onnx_shape, picture);
    const Looked healthy = Look(network, network.model, true);
    EXPECT_TRUE(healthy.broken.empty()) << *healthy.broken.begin();
    const size_t places = PlacesIn(network.model).size();
    const size_t gross = Hits(network, healthy, [](size_t place) {
      return place % 3 == 0   ? Harm::kReversed
             : place % 3 == 1 ? Harm::kNegatedQuarter
                              : Harm::kRotatedChannels;
    });
    const size_t faint = Hits(network, healthy, [](size_t) { return Harm::kFlippedBits; });
    std::printf(
        "%-46s weights reversed, a quarter negated or rotated: %zu of %zu; one in fifty flipped: "
        "%zu of %zu; healthy: %zu coarse, %zu innocent\n",
        file.filename().c_str(),
        gross,
        places,
        faint,
        places,
        healthy.coarse.size(),
        healthy.innocent.size());
    EXPECT_EQ(gross, places);
    EXPECT_GE(faint * 10, places * 7);
    TwoAtOnce(network, healthy);
  }

  // Both are found, and with both excused the outputs are what the healthy model gives with the
  // same tensors replaced: nothing is left of the damage.
  static void TwoAtOnce(const NetworkCase& network, const Looked& healthy) {
    const std::vector<size_t> places = PlacesIn(network.model);
    const size_t first = places[places.size() / 4];
    const size_t second = places[places.size() * 3 / 4];
    const npu::FixedModel model =
        Damaged(Damaged(network.model, first, Harm::kReversed), second, Harm::kRotatedChannels);
    const Looked looked = Look(network, model, true);
    const std::set<std::string> both = {OutputOf(model, first), OutputOf(model, second)};
    EXPECT_EQ(looked.broken, both);
    EXPECT_FALSE(looked.innocent.empty());
    EXPECT_FALSE(looked.excuses.within);
    std::set<std::string> culprits;
    for (const Excused& culprit : looked.excuses.culprits) {
      culprits.insert(model.tensors[culprit.tensor].name);
    }
    EXPECT_TRUE(std::includes(culprits.begin(), culprits.end(), both.begin(), both.end()));
    ExpectAsHealthy(network, looked, culprits);
    std::printf("%-46s two damaged: both found, %zu others innocent\n", "", looked.innocent.size());
    EXPECT_TRUE(std::includes(
        healthy.coarse.begin(), healthy.coarse.end(), looked.coarse.begin(), looked.coarse.end()));
  }

  static void ExpectAsHealthy(const NetworkCase& network,
                              const Looked& looked,
                              const std::set<std::string>& culprits) {
    auto runner = FixedRunner::Create(
        std::make_shared<const npu::FixedModel>(network.model), 2, CancelToken());
    const auto target = RunWhole(network.model, network.input);
    const BlameProblem problem = MakeProblem(**runner, network.reference, target);
    std::vector<LayerBlame> same;
    for (const npu::FixedOp& op : network.model.ops) {
      if (culprits.contains(network.model.tensors[op.output].name)) {
        same.emplace_back();
        same.back().tensor = op.output;
        same.back().blame = Blame::kBroken;
      }
    }
    const auto excuses = ExcuseOneByOne(problem, same);
    ASSERT_TRUE(excuses.ok());
    const auto& wanted = excuses->culprits.back().outputs;
    const auto& found = looked.excuses.culprits.back().outputs;
    ASSERT_EQ(found.size(), wanted.size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].error.relative_l1, wanted[i].error.relative_l1);
    }
  }
};

TEST_F(DamageTest, BlazeFace) {
  Judge(TestDataPath("models/face_detection_short_range.tflite"), {});
}

// The same weights in another framework's layout and fusions.
TEST_F(DamageTest, BlazeFaceAsOnnx) {
  Judge(TestDataPath("models/face_detection_front_128x128_barracuda.onnx"), {});
}

TEST_F(DamageTest, MobileNetV3) {
  Judge(TestDataPath("models/ch_ppocr_mobile_v2.0_cls_infer.onnx"), {1, 3, 48, 192});
}

TEST_F(DamageTest, ResNet8) {
  const auto file = SharedPath("models/resnet8_cifar_float.tflite");
  if (file.empty()) {
    GTEST_SKIP() << SharedMissing("models/resnet8_cifar_float.tflite");
  }
  Judge(file, {}, {npu::InputFormat::kRgb, {0, 0, 0}, 1});  // it takes pixels
}

}  // namespace
}  // namespace plumb::blame
