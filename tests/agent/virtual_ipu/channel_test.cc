// Devices, channels, their limits and their buffers.
#include <set>

#include "tests/agent/virtual_ipu/chip.h"

namespace plumb::test {
namespace {

using testing::ElementsAre;

using DeviceTest = ChipTest;

class ChannelTest : public ChipTest {
 protected:
  ChannelTest() { MakeDevice(); }

  MI_S32 Create(MI_IPU_C_ChnAttr_t attributes) {
    MI_IPU_CHN channel = 0;
    std::string path = WriteModel();
    return MI_IPU_CreateCHN(&channel, &attributes, nullptr, path.data());
  }
};

TEST_F(DeviceTest, EverythingNeedsADevice) {
  std::string path = WriteModel();
  MI_IPU_CHN channel = 0;
  MI_IPU_C_ChnAttr_t attributes = Attributes(1);
  EXPECT_EQ(MI_IPU_CreateCHN(&channel, &attributes, nullptr, path.data()),
            E_IPU_ERR_NO_CREATED_IPU_DEVICE);
  EXPECT_EQ(MI_IPU_GetInOutTensorDesc(0, desc_.get()), E_IPU_ERR_NO_CREATED_IPU_DEVICE);
  EXPECT_EQ(MI_IPU_GetInputTensors(0, &inputs_), E_IPU_ERR_NO_CREATED_IPU_DEVICE);
  EXPECT_EQ(MI_IPU_Invoke(0, &inputs_, &outputs_), E_IPU_ERR_NO_CREATED_IPU_DEVICE);
  EXPECT_EQ(MI_IPU_DestroyCHN(0), E_IPU_ERR_NO_CREATED_IPU_DEVICE);
  EXPECT_EQ(MI_IPU_DestroyDevice(), E_IPU_ERR_NO_CREATED_IPU_DEVICE);
}

TEST_F(DeviceTest, OneDeviceAProcess) {
  MakeDevice();
  MI_IPU_C_DevAttr_t attributes{};
  EXPECT_EQ(MI_IPU_CreateDevice(&attributes, nullptr, nullptr, 0), E_IPU_ERR_FAILED_B);
  EXPECT_EQ(MI_IPU_DestroyDevice(), MI_SUCCESS);
  MakeDevice();
}

TEST_F(DeviceTest, FirmwareIsAPathThatMustExist) {
  MI_IPU_C_DevAttr_t attributes{};
  std::string path = "/no/such/firmware";
  EXPECT_EQ(MI_IPU_CreateDevice(&attributes, nullptr, path.data(), 0), E_IPU_ERR_INIT_FIRMWARE);
  path = Write("firmware", {1, 2, 3});
  EXPECT_EQ(MI_IPU_CreateDevice(&attributes, nullptr, path.data(), 0), MI_SUCCESS);
}

TEST_F(DeviceTest, VariableBufferMustHoldTheModel) {
  MI_IPU_C_DevAttr_t attributes{};
  ASSERT_EQ(MI_IPU_CreateDevice(&attributes, nullptr, nullptr, 0), MI_SUCCESS);
  std::string path = WriteModel();
  MI_IPU_CHN channel = 0;
  MI_IPU_C_ChnAttr_t channel_attributes = Attributes(1);
  EXPECT_EQ(MI_IPU_CreateCHN(&channel, &channel_attributes, nullptr, path.data()), E_IPU_ERR_NOMEM);
}

TEST_F(ChannelTest, UnknownChannels) {
  EXPECT_EQ(MI_IPU_GetInOutTensorDesc(48, desc_.get()), E_IPU_ERR_INVALID_CHNID);
  EXPECT_EQ(MI_IPU_GetInOutTensorDesc(0, desc_.get()), E_IPU_ERR_CHNID_UNEXIST);
  EXPECT_EQ(MI_IPU_Invoke(47, &inputs_, &outputs_), E_IPU_ERR_CHNID_UNEXIST);
  EXPECT_EQ(MI_IPU_DestroyCHN(~0U), E_IPU_ERR_INVALID_CHNID);
}

TEST_F(ChannelTest, FortyEightChannelsAtMost) {
  const std::string path = WriteModel();
  std::set<MI_IPU_CHN> channels;
  for (int i = 0; i < 48; ++i) {
    channels.insert(MakeChannel(path));
  }
  EXPECT_EQ(channels.size(), 48U);
  EXPECT_EQ(Create(Attributes(1)), E_IPU_ERR_NO_AVAILABLE_CHNID);
  EXPECT_EQ(MI_IPU_DestroyCHN(17), MI_SUCCESS);
  EXPECT_EQ(MakeChannel(path), 17U);
}

TEST_F(ChannelTest, DepthsGoUpToThree) {
  EXPECT_EQ(Create(Attributes(3)), MI_SUCCESS);
  EXPECT_EQ(Create(Attributes(4)), E_IPU_ERR_ILLEGAL_BUFFER_DEPTH);
  MI_IPU_C_ChnAttr_t attributes = Attributes(1);
  attributes.u32BatchMax = 2;
  EXPECT_EQ(Create(attributes), E_IPU_ERR_INVALID_BATCH_NUM);
}

TEST_F(ChannelTest, BuffersAreTakenAndPutBack) {
  const MI_IPU_CHN channel = MakeChannel(WriteModel(), 2);
  MI_IPU_C_TensorVector_t first{};
  MI_IPU_C_TensorVector_t second{};
  MI_IPU_C_TensorVector_t third{};
  ASSERT_EQ(MI_IPU_GetOutputTensors(channel, &first), MI_SUCCESS);
  ASSERT_EQ(MI_IPU_GetOutputTensors(channel, &second), MI_SUCCESS);
  EXPECT_EQ(first.u32TensorCount, 2U);
  EXPECT_NE(first.astArrayTensors[0].phyTensorAddr[0], second.astArrayTensors[0].phyTensorAddr[0]);
  EXPECT_EQ(first.astArrayTensors[1].phyTensorAddr[0] % 64, 0U);
  EXPECT_EQ(MI_IPU_GetOutputTensors(channel, &third), E_IPU_ERR_NOBUF);
  EXPECT_EQ(MI_IPU_PutOutputTensors(channel, &first), MI_SUCCESS);
  EXPECT_EQ(MI_IPU_PutOutputTensors(channel, &first), E_IPU_ERR_ILLEGAL_INPUT_OUTPUT_PARAM);
  EXPECT_EQ(MI_IPU_GetOutputTensors(channel, &third), MI_SUCCESS);
  EXPECT_EQ(third.astArrayTensors[0].phyTensorAddr[0], first.astArrayTensors[0].phyTensorAddr[0]);
}

TEST_F(ChannelTest, DepthZeroHasNoBuffers) {
  const MI_IPU_CHN channel = MakeChannel(WriteModel(), 0);
  EXPECT_EQ(MI_IPU_GetInputTensors(channel, &inputs_), E_IPU_ERR_NOBUF);
}

TEST_F(ChannelTest, DescriptorsFollowTheFamily) {
  MakeChannel(WriteModel());
  ASSERT_EQ(desc_->u32InputTensorCount, 1U);
  ASSERT_EQ(desc_->u32OutputTensorCount, 2U);
  const auto& input = desc_->astMI_InputTensorDescs[0];
  EXPECT_STREQ(input.name, "picture");
  EXPECT_EQ(input.eElmFormat, static_cast<MI_U32>(MI_IPU_FORMAT_U8));
  EXPECT_EQ(input.u32BufSize, 18U);
  EXPECT_EQ(input.s32AlignedBufSize, 64);
  const auto& scores = desc_->astMI_OutputTensorDescs[0];
  const bool padded = ChipFamily() == Family::k1x || ChipFamily() == Family::kQ;
  EXPECT_EQ(scores.eElmFormat, static_cast<MI_U32>(MI_IPU_FORMAT_INT16));
  EXPECT_EQ(scores.u32TensorDim, 4U);
  EXPECT_THAT(std::vector<MI_U32>(scores.u32TensorShape, scores.u32TensorShape + 4),
              ElementsAre(1, kSmallRows, kSmallColumns, kSmallScores));
  EXPECT_EQ(scores.u32InnerMostStride, padded ? 16U : 10U);
  EXPECT_EQ(scores.u32BufSize, padded ? 96U : 60U);
  EXPECT_EQ(scores.s32AlignedBufSize, padded ? 128 : 64);
  EXPECT_EQ(scores.fScalar, 0.5F);
  EXPECT_EQ(scores.s64ZeroPoint, 0);
  EXPECT_EQ(scores.u32InputWidthAlignment, 1U);
}

TEST_F(ChannelTest, DequantisedOutputsSayScaleOne) {
  SmallModelOptions options;
  options.dequantize = true;
  MakeChannel(WriteModel(options));
  const auto& scores = desc_->astMI_OutputTensorDescs[0];
  EXPECT_EQ(scores.eElmFormat, static_cast<MI_U32>(MI_IPU_FORMAT_FP32));
  EXPECT_EQ(scores.fScalar, 1.0F);
  EXPECT_EQ(scores.s64ZeroPoint, 0);
  // 1.x pads FP32 too: 8 elements of 4 bytes; the S families do not.
  EXPECT_EQ(scores.u32InnerMostStride, ChipFamily() == Family::k1x ? 32U : 20U);
}

TEST_F(ChannelTest, NullArgumentsAreRefused) {
  EXPECT_EQ(MI_IPU_CreateCHN(nullptr, nullptr, nullptr, nullptr), E_IPU_ERR_BADADDR);
  const MI_IPU_CHN channel = MakeChannel(WriteModel());
  EXPECT_EQ(MI_IPU_GetInOutTensorDesc(channel, nullptr), E_IPU_ERR_BADADDR);
  EXPECT_EQ(MI_IPU_GetInputTensors(channel, nullptr), E_IPU_ERR_BADADDR);
  EXPECT_EQ(MI_IPU_Invoke(channel, nullptr, &outputs_), E_IPU_ERR_BADADDR);
}

}  // namespace
}  // namespace plumb::test
