// A container is read from files and peers: whatever its bytes, reading it must end in a model that
// can be run or in an error.
#include "common/npu/model/container.h"

#include <algorithm>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "common/base/sha256.h"
#include "common/npu/kernels_fast/executor.h"
#include "common/npu/kernels_reference/executor.h"
#include "common/npu/model/compile.h"
#include "tests/common/npu/kernels/layer_builder.h"
#include "tests/common/npu/kernels/layer_generator.h"

namespace plumb::npu {
namespace {

constexpr size_t kDigestOffset = 16;
constexpr size_t kHashedOffset = 48;

std::vector<uint8_t> Serialized(const FixedModel& model) {
  auto bytes = SerializeModel(model);
  EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
  return bytes.ok() ? *bytes : std::vector<uint8_t>();
}

// Makes the digest fit again, so that a change reaches what lies behind it.
void Reseal(std::vector<uint8_t>& bytes) {
  const auto digest = Sha256Of(std::span<const uint8_t>(bytes).subspan(kHashedOffset));
  std::copy(digest.begin(), digest.end(), bytes.begin() + kDigestOffset);
}

// A picture model of two layers with a chip section: every part of the format occurs.
FixedModel PictureModel() {
  Conv2d conv;
  conv.window.kernel_height = 3;
  conv.window.kernel_width = 3;
  conv.window.pad_top = 1;
  conv.window.pad_left = 1;
  std::vector<int> weights;
  for (int i = 0; i < 2 * 9 * 3; ++i) {
    weights.push_back(i - 27);
  }
  conv.linear = {Int8Buffer(weights), {-7, 1000}, {{1 << 30, 38}, {1234567890, 39}}};
  conv.clamp = {0, 255};
  FixedModel model = MakeLayer(conv,
                               {MakeTensor("image", {1, 4, 5, 3}, ElementType::kUint8, 128)},
                               MakeTensor("features", {1, 4, 5, 2}, ElementType::kUint8, 3));
  model.name = "two layers";
  model.rounding = RoundingProfile::kHalfUp;
  model.inputs[0].training_format = InputFormat::kBgr;
  model.inputs[0].mean = {127.5, 128, 1};
  model.inputs[0].std_dev = 127.5;
  model.tensors.push_back(MakeConstant("slope", {2}, ElementType::kInt16, {-300, 299}));
  model.tensors.push_back(MakeTensor("scores", {1, 4, 5, 2}, ElementType::kInt16));
  model.tensors[3].scale = 0.125;
  FixedOp prelu;
  prelu.name = "activation";
  prelu.source_op = "PRELU";
  prelu.inputs = {1, 2};
  prelu.output = 3;
  prelu.attributes = Prelu{{1 << 30, 25}, {1 << 30, 33}, {-32768, 32767}};
  model.ops.push_back(prelu);
  model.outputs = {3, 1};
  CompileOptions options;
  options.family = Family::k1x;
  auto compiled = Compile(model, options);
  EXPECT_TRUE(compiled.ok()) << compiled.status().ToString();
  return *compiled;
}

// A changed dimension can make a huge but valid model; running those would only take time.
bool IsSmall(const FixedModel& model) {
  uint64_t elements = 0;
  for (const FixedTensor& tensor : model.tensors) {
    elements += *tensor.shape.element_count();
  }
  return elements < 20000;
}

// Either refused, or safe to run.
void MustBeHarmless(std::vector<uint8_t> bytes) {
  auto model = ParseModel(Buffer::FromVector(std::move(bytes)));
  if (!model.ok()) {
    EXPECT_FALSE(model.status().message().empty());
    return;
  }
  if (!IsSmall(*model)) {
    return;
  }
  LayerGenerator generator(1);
  const auto inputs = generator.MakeInputs(*model);
  const std::vector<std::span<const int16_t>> input_spans(inputs.begin(), inputs.end());
  std::vector<std::vector<int16_t>> outputs;
  for (const uint32_t output : model->outputs) {
    outputs.emplace_back(*model->tensors[output].shape.element_count());
  }
  const std::vector<std::span<int16_t>> output_spans(outputs.begin(), outputs.end());
  const auto shared = std::make_shared<const FixedModel>(*model);
  auto fast = FastExecutor::Create(shared, {});
  ASSERT_TRUE(fast.ok());
  EXPECT_TRUE((*fast)->Run(input_spans, output_spans).ok());
  auto reference = ReferenceExecutor::Create(shared, {});
  ASSERT_TRUE(reference.ok());
  EXPECT_TRUE((*reference)->Run(input_spans, output_spans).ok());
}

TEST(ContainerTest, KeepsWhichTensorsLieAsAnNchwFrameworkHasThem) {
  FixedModel model = PictureModel();
  const std::vector<uint8_t> without = Serialized(model);
  model.tensors[1].plain_nchw = true;
  const std::vector<uint8_t> with = Serialized(model);
  // One bit of the type's number, the second byte of a u32, and the digest.
  ASSERT_EQ(with.size(), without.size());
  size_t different = 0;
  for (size_t i = kHashedOffset; i < with.size(); ++i) {
    different += with[i] != without[i] ? 1U : 0U;
    EXPECT_TRUE(with[i] == without[i] || with[i] == 1) << i;
  }
  EXPECT_EQ(different, 1U);
  const auto parsed = ParseModel(Buffer::FromVector(with));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_TRUE(parsed->tensors[1].plain_nchw);
  EXPECT_FALSE(parsed->tensors[0].plain_nchw);
  EXPECT_EQ(parsed->tensors[1].element_type, model.tensors[1].element_type);
}

TEST(Container, KeepsEveryField) {
  const FixedModel model = PictureModel();
  const auto bytes = Serialized(model);
  const auto parsed = ParseModel(Buffer::FromVector(bytes));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->name, "two layers");
  EXPECT_EQ(parsed->rounding, RoundingProfile::kHalfUp);
  ASSERT_EQ(parsed->tensors.size(), 4U);
  EXPECT_EQ(parsed->tensors[0].name, "image");
  EXPECT_EQ(parsed->tensors[0].shape, (Shape{1, 4, 5, 3}));
  EXPECT_EQ(parsed->tensors[0].element_type, ElementType::kUint8);
  EXPECT_EQ(parsed->tensors[0].zero_point, 128);
  EXPECT_EQ(parsed->tensors[3].scale, 0.125);
  EXPECT_TRUE(
      std::ranges::equal(parsed->tensors[2].constant.span(), model.tensors[2].constant.span()));
  EXPECT_EQ(parsed->inputs[0].training_format, InputFormat::kBgr);
  EXPECT_EQ(parsed->inputs[0].mean, (std::array<double, 3>{127.5, 128, 1}));
  EXPECT_EQ(parsed->inputs[0].std_dev, 127.5);
  EXPECT_EQ(parsed->outputs, (std::vector<uint32_t>{3, 1}));
  ASSERT_EQ(parsed->ops.size(), 2U);
  EXPECT_EQ(parsed->ops[1].name, "activation");
  EXPECT_EQ(parsed->ops[1].source_op, "PRELU");
  EXPECT_EQ(parsed->ops[1].inputs, (std::vector<uint32_t>{1, 2}));
  const auto& conv = std::get<Conv2d>(parsed->ops[0].attributes);
  EXPECT_EQ(conv.window.pad_left, 1);
  EXPECT_EQ(conv.linear.bias, (std::vector<int64_t>{-7, 1000}));
  EXPECT_EQ(conv.linear.multipliers[1], (Multiplier{1234567890, 39}));
  EXPECT_EQ(static_cast<int8_t>(conv.linear.values.data()[0]), -27);
  ASSERT_TRUE(parsed->chip.has_value());
  EXPECT_EQ(parsed->chip->family, Family::k1x);
  EXPECT_EQ(parsed->chip->inputs[0].format, InputFormat::kBgr);
  EXPECT_EQ(parsed->chip->outputs[0].desc, model.chip->outputs[0].desc);
}

// The description of a single input ends without the five bytes of a batch.
TEST(Container, KeepsTheBatch) {
  FixedModel model = PictureModel();
  model = Compile(model, {Family::kS6, {}, false, 1}).value();
  const auto single = SerializeModel(model);
  model.chip->batch = 3;
  model.chip->one_buf = true;
  const auto bytes = SerializeModel(model);
  ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
  EXPECT_EQ((*bytes)[48] - (*single)[48], 5);
  const auto parsed = ParseModel(Buffer::FromVector(*bytes));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->chip->batch, 3U);
  EXPECT_TRUE(parsed->chip->one_buf);
  model.chip->batch = 0;
  EXPECT_FALSE(SerializeModel(model).ok());
}

TEST(Container, AlignsWeightsTo64Bytes) {
  const Buffer file = Buffer::FromVector(Serialized(PictureModel()));
  const auto parsed = ParseModel(file);
  ASSERT_TRUE(parsed.ok());
  const auto& conv = std::get<Conv2d>(parsed->ops[0].attributes);
  EXPECT_EQ((conv.linear.values.data() - file.data()) % 64, 0);
}

TEST(Container, StartsAsDocumented) {
  const auto bytes = Serialized(PictureModel());
  EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + 8), "PLMMODEL");
  EXPECT_EQ(bytes[8], 1);
  EXPECT_TRUE(LooksLikeModel(bytes));
  EXPECT_FALSE(LooksLikeModel(std::span(bytes).first(7)));
}

// The worked example of docs/formats/offline-model.md.
FixedModel DocumentedModel() {
  FullyConnected full;
  full.linear = {Int8Buffer({1, 2, -1, 0}), {0, -3}, {{1 << 30, 31}, {3 << 29, 31}}};
  full.clamp = {-32768, 32767};
  FixedModel model = MakeLayer(full,
                               {MakeTensor("x", {1, 2}, ElementType::kUint8, 128)},
                               MakeTensor("y", {1, 2}, ElementType::kInt16));
  model.name = "half";
  model.tensors[0].scale = 0.5;
  model.tensors[1].scale = 0.25;
  model.ops[0].name = "fc";
  model.ops[0].source_op = "FULLY_CONNECTED";
  return model;
}

TEST(Container, IsTheWorkedExampleByteForByte) {
  using std::string_literals::operator""s;
  const std::string zeros(24, '\0');
  const std::string shape = "\2\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"s;
  const std::string description =
      "\4\0\0\0half\x09\0\0\0half_even"s + "\2\0\0\0\1\0\0\0x\0\0\0\0"s + shape +
      "\0\0\0\0\0\0\xe0\x3f\x80\0\0\0"s + zeros.substr(0, 16) + "\1\0\0\0y\2\0\0\0"s + shape +
      "\0\0\0\0\0\0\xd0\x3f\0\0\0\0"s + zeros.substr(0, 16) +
      "\1\0\0\0\2\0\0\0"
      "fc"s +
      "\x0f\0\0\0FULLY_CONNECTED\1\0\0\0\0\0\0\0\1\0\0\0\2"s + zeros.substr(0, 8) +
      "\4\0\0\0\0\0\0\0\2\0\0\0"s + zeros.substr(0, 8) +
      "\xfd\xff\xff\xff\xff\xff\xff\xff\2\0\0\0"s +
      "\0\0\0\x40\x1f\0\0\0\0\0\0\x60\x1f\0\0\0\0\x80\xff\xff\xff\x7f\0\0"s +
      "\1\0\0\0\0\0\0\0\x10\0\0\0RAWDATA_S16_NHWC"s + zeros +
      "\0\0\0\0\0\0\xf0\x3f\1\0\0\0\1\0\0\0\0"s;
  ASSERT_EQ(description.size(), 314U);
  const std::string expected =
      "\x3a\1\0\0\0\0\0\0\4\0\0\0\0\0\0\0"s + description + zeros.substr(0, 6) + "\1\2\xff\0"s;
  const auto bytes = Serialized(DocumentedModel());
  ASSERT_EQ(bytes.size(), 388U);
  EXPECT_EQ(std::string(bytes.begin() + kHashedOffset, bytes.end()), expected);
}

TEST(Container, TheWorkedExampleComputesWhatThePageSays) {
  auto executor = ReferenceExecutor::Create(std::make_shared<FixedModel>(DocumentedModel()), {});
  ASSERT_TRUE(executor.ok());
  const std::vector<int16_t> input = {129, 131};
  std::vector<int16_t> output(2);
  const std::vector<std::span<const int16_t>> inputs = {input};
  const std::vector<std::span<int16_t>> outputs = {output};
  ASSERT_TRUE((*executor)->Run(inputs, outputs).ok());
  EXPECT_EQ(output, (std::vector<int16_t>{4, -3}));
}

TEST(Container, IsRefusedWhenCutOffAnywhere) {
  const auto bytes = Serialized(PictureModel());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto cut =
        std::vector<uint8_t>(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_FALSE(ParseModel(Buffer::FromVector(cut)).ok()) << size;
  }
}

TEST(Container, IsRefusedWhenAnyByteIsDamaged) {
  const auto bytes = Serialized(PictureModel());
  for (size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] ^= 0x10;
    EXPECT_FALSE(ParseModel(Buffer::FromVector(damaged)).ok()) << i;
  }
}

TEST(Container, SaysWhetherItIsDamagedOrNoModelAtAll) {
  auto bytes = Serialized(PictureModel());
  bytes.back() ^= 1;
  EXPECT_EQ(ParseModel(Buffer::FromVector(bytes)).status().code(), StatusCode::kDataLoss);
  bytes.front() = 'X';
  const Status status = ParseModel(Buffer::FromVector(bytes)).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(status.hint().empty());
}

TEST(Container, NamesTheVersionItCannotRead) {
  auto bytes = Serialized(PictureModel());
  bytes[8] = 9;
  const Status status = ParseModel(Buffer::FromVector(bytes)).status();
  EXPECT_NE(status.message().find("version 9"), std::string::npos) << status.message();
}

TEST(Container, ResealedBitFlipsAreHarmless) {
  const auto bytes = Serialized(PictureModel());
  for (size_t i = kHashedOffset; i < bytes.size(); ++i) {
    for (const uint8_t flip : {0x01, 0x04, 0x40, 0x80, 0xFF}) {
      auto changed = bytes;
      changed[i] ^= flip;
      Reseal(changed);
      MustBeHarmless(std::move(changed));
    }
  }
}

TEST(Container, ResealedMutationsOfEveryKindAreHarmless) {
  std::mt19937 random(20240607);
  for (size_t kind = 0; kind < std::variant_size_v<OpAttributes>; ++kind) {
    for (const ElementType type : {ElementType::kUint8, ElementType::kInt16}) {
      LayerGenerator generator(static_cast<uint32_t>(kind));
      const auto bytes = Serialized(generator.Make(kind, type));
      for (int round = 0; round < 300; ++round) {
        auto changed = bytes;
        for (uint32_t n = 1 + random() % 3; n > 0; --n) {
          const size_t at = kHashedOffset + random() % (bytes.size() - kHashedOffset);
          changed[at] = random() % 2 == 0 ? static_cast<uint8_t>(random())
                                          : static_cast<uint8_t>(changed[at] + 1);
        }
        Reseal(changed);
        MustBeHarmless(std::move(changed));
      }
    }
  }
}

TEST(Container, AnInvalidModelIsNotWritten) {
  FixedModel model = PictureModel();
  model.ops[0].inputs = {77};
  EXPECT_EQ(SerializeModel(model).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb::npu
