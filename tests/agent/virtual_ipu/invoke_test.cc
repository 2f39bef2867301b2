// What Invoke reads, writes and destroys.
#include <algorithm>
#include <cstring>
#include <vector>

#include "agent/virtual_ipu/layer_tap.h"
#include "tests/agent/virtual_ipu/chip.h"

namespace plumb::test {
namespace {

using testing::ElementsAre;

class InvokeTest : public ChipTest {
 protected:
  InvokeTest() { MakeDevice(); }

  void Open(const SmallModelOptions& options = {}) {
    channel_ = MakeChannel(WriteModel(options));
    TakeTensors(channel_);
  }

  MI_S32 Invoke() { return MI_IPU_Invoke(channel_, &inputs_, &outputs_); }

  [[nodiscard]] size_t BufferSize(size_t output) const {
    return static_cast<size_t>(desc_->astMI_OutputTensorDescs[output].s32AlignedBufSize);
  }

  MI_IPU_CHN channel_ = 0;
};

TEST_F(InvokeTest, ComputesTheNetwork) {
  Open();
  ASSERT_EQ(Invoke(), MI_SUCCESS);
  EXPECT_EQ(Int16Output(0), answer_.scores);
  EXPECT_EQ(Int16Output(1), answer_.mean);
}

TEST_F(InvokeTest, CountsMustBeTheModels) {
  Open();
  inputs_.u32TensorCount = 2;
  EXPECT_EQ(Invoke(), E_IPU_ERR_ILLEGAL_INPUT_OUTPUT_PARAM);
  inputs_.u32TensorCount = 1;
  outputs_.u32TensorCount = 1;
  EXPECT_EQ(Invoke(), E_IPU_ERR_ILLEGAL_INPUT_OUTPUT_PARAM);
}

TEST_F(InvokeTest, EveryPaddingByteIsGarbageEveryTime) {
  Open();
  constexpr int kTimes = 24;
  const auto& desc = desc_->astMI_OutputTensorDescs[0];
  std::vector<std::vector<uint8_t>> seen;
  for (int i = 0; i < kTimes; ++i) {
    std::memset(Data(outputs_, 0), 0x5A, BufferSize(0));
    ASSERT_EQ(Invoke(), MI_SUCCESS);
    seen.emplace_back(Data(outputs_, 0), Data(outputs_, 0) + BufferSize(0));
  }
  for (size_t at = 0; at < BufferSize(0); ++at) {
    const bool valid = at / desc.u32InnerMostStride < 6 &&
                       at % desc.u32InnerMostStride < kSmallScores * sizeof(int16_t);
    const bool constant = std::all_of(
        seen.begin(), seen.end(), [&](const auto& bytes) { return bytes[at] == seen[0][at]; });
    EXPECT_EQ(constant, valid) << "byte " << at;
  }
}

TEST_F(InvokeTest, FloatInputsAreDestroyed) {
  if (ChipFamily() == Family::k1x || ChipFamily() == Family::kQ) {
    GTEST_SKIP() << "the older families have no FP32 inputs";
  }
  SmallModelOptions options;
  options.input_format = npu::InputFormat::kRawF32Nhwc;
  channel_ = MakeChannel(WriteModel(options));
  ASSERT_EQ(MI_IPU_GetInputTensors(channel_, &inputs_), MI_SUCCESS);
  ASSERT_EQ(MI_IPU_GetOutputTensors(channel_, &outputs_), MI_SUCCESS);
  ASSERT_EQ(desc_->astMI_InputTensorDescs[0].eElmFormat, static_cast<MI_U32>(MI_IPU_FORMAT_FP32));
  const std::vector<float> values(18, 0.1F);  // 0.1 · 127.5 = 12.75, cut to 12
  std::memcpy(Data(inputs_, 0), values.data(), values.size() * sizeof(float));
  ASSERT_EQ(Invoke(), MI_SUCCESS);
  EXPECT_EQ(Int16Output(0), SolveSmallModel(std::vector<uint8_t>(18, 140)).scores);
  // Converted in place to INT16, step 2 instead of 4.
  std::vector<int16_t> left(18);
  std::memcpy(left.data(), Data(inputs_, 0), left.size() * sizeof(int16_t));
  EXPECT_EQ(left, std::vector<int16_t>(18, 12));
}

TEST_F(InvokeTest, PictureInputsSurvive) {
  Open();
  ASSERT_EQ(Invoke(), MI_SUCCESS);
  const auto picture = SmallPicture();
  EXPECT_EQ(std::memcmp(Data(inputs_, 0), picture.data(), picture.size()), 0);
}

TEST_F(InvokeTest, AddressesMustBeAlignedAndMapped) {
  Open();
  MI_IPU_Tensor_t& tensor = inputs_.astArrayTensors[0];
  const MI_IPU_Tensor_t good = tensor;
  tensor.phyTensorAddr[0] += 32;
  EXPECT_EQ(Invoke(), E_IPU_ERR_BAD_PHY_ADDR_ALIGNMENT);
  tensor.phyTensorAddr[0] = 0x40;
  EXPECT_EQ(Invoke(), E_IPU_ERR_BADADDR);
  tensor = good;
  std::vector<uint8_t> elsewhere(64);
  tensor.ptTensorData[0] = elsewhere.data();
  EXPECT_EQ(Invoke(), E_IPU_ERR_BADADDR);
  tensor = good;
  EXPECT_EQ(Invoke(), MI_SUCCESS);
}

TEST_F(InvokeTest, DepthZeroTakesTheCallersBuffers) {
  channel_ = MakeChannel(WriteModel(), 0);
  MI_PHY address = 0;
  void* mapping = nullptr;
  constexpr MI_U32 kSize = 1024;
  ASSERT_EQ(MI_SYS_MMA_Alloc(0, nullptr, kSize, &address), MI_SUCCESS);
  ASSERT_EQ(MI_SYS_Mmap(address, kSize, &mapping, 1), MI_SUCCESS);
  const auto place = [&](MI_IPU_Tensor_t& tensor, MI_U32 offset) {
    tensor.phyTensorAddr[0] = address + offset;
    tensor.ptTensorData[0] = static_cast<uint8_t*>(mapping) + offset;
  };
  inputs_.u32TensorCount = 1;
  outputs_.u32TensorCount = 2;
  place(inputs_.astArrayTensors[0], 0);
  place(outputs_.astArrayTensors[0], 256);
  place(outputs_.astArrayTensors[1], 512);
  const auto picture = SmallPicture();
  std::memcpy(mapping, picture.data(), picture.size());
  ASSERT_EQ(Invoke(), MI_SUCCESS);
  EXPECT_EQ(Int16Output(0), answer_.scores);
  EXPECT_EQ(MI_IPU_DestroyCHN(channel_), MI_SUCCESS);
  EXPECT_EQ(MI_SYS_Munmap(mapping, kSize), MI_SUCCESS);
  EXPECT_EQ(MI_SYS_MMA_Free(0, address), MI_SUCCESS);
}

struct Layer {
  std::string name;
  std::string operation;
  std::vector<int16_t> values;
};

TEST_F(InvokeTest, LayersCanBeTapped) {
  Open();
  std::vector<Layer> layers;
  const auto tap = [](void* context, const PlumbVirtualLayer* layer) {
    static_cast<std::vector<Layer>*>(context)->push_back(
        {layer->name, layer->operation, {layer->values, layer->values + layer->element_count}});
  };
  ASSERT_EQ(PlumbVirtualTapLayers(channel_, tap, &layers), MI_SUCCESS);
  ASSERT_EQ(Invoke(), MI_SUCCESS);
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].name, "scores");
  EXPECT_EQ(layers[0].operation, "CONV_2D");
  ASSERT_EQ(layers[0].values.size(), answer_.scores.size());
  for (size_t i = 0; i < answer_.scores.size(); ++i) {
    EXPECT_EQ(layers[0].values[i] - 100, answer_.scores[i]);  // the zero point
  }
  EXPECT_EQ(layers[1].operation, "MEAN");
  ASSERT_EQ(PlumbVirtualTapLayers(channel_, nullptr, nullptr), MI_SUCCESS);
  ASSERT_EQ(Invoke(), MI_SUCCESS);
  EXPECT_EQ(layers.size(), 2U);
  EXPECT_EQ(PlumbVirtualTapLayers(40, tap, &layers), E_IPU_ERR_CHNID_UNEXIST);
}

}  // namespace
}  // namespace plumb::test
