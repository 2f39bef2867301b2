// The calls that generation C adds for batches.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/agent/virtual_ipu/chip.h"

namespace plumb::test {
namespace {

class BatchTest : public ChipTest {
 protected:
  BatchTest() : batch_(std::make_unique<MI_IPU_C_BatchInvokeParam_t>()) {
    MakeDevice();
    channel_ = MakeChannel(WriteModel());
    batch_->u32BatchN = 1;
  }

  std::unique_ptr<MI_IPU_C_BatchInvokeParam_t> batch_;
  MI_IPU_CHN channel_ = 0;
};

TEST_F(BatchTest, NeedsItsParameters) {
  EXPECT_EQ(MI_IPU_Invoke2(channel_, nullptr, nullptr), E_IPU_ERR_NO_BATCH_PARAM);
  EXPECT_EQ(MI_IPU_GetInputTensors2(channel_, nullptr), E_IPU_ERR_NO_BATCH_PARAM);
  EXPECT_EQ(MI_IPU_Invoke2(11, batch_.get(), nullptr), E_IPU_ERR_CHNID_UNEXIST);
  batch_->u32BatchN = 2;
  EXPECT_EQ(MI_IPU_Invoke2(channel_, batch_.get(), nullptr), E_IPU_ERR_INVALID_BATCH_NUM);
}

TEST_F(BatchTest, WrongFunctionForTheMode) {
  EXPECT_EQ(MI_IPU_Invoke2Custom(channel_, batch_.get(), nullptr), E_IPU_ERR_MISMATCH_INVOKE_FUNC);
}

TEST_F(BatchTest, InputsComeFirstThenOutputs) {
  TakeTensors(channel_);
  batch_->astArrayTensors[0] = inputs_.astArrayTensors[0];
  batch_->astArrayTensors[1] = outputs_.astArrayTensors[0];
  batch_->astArrayTensors[2] = outputs_.astArrayTensors[1];
  MI_IPU_C_RuntimeInfo_t info{};
  ASSERT_EQ(MI_IPU_Invoke2(channel_, batch_.get(), &info), MI_SUCCESS);
  EXPECT_EQ(Int16Output(0), answer_.scores);
  EXPECT_EQ(Int16Output(1), answer_.mean);
  EXPECT_EQ(info.u64BandWidthRead, 64U);
  EXPECT_EQ(info.u64BandWidth, info.u64BandWidthRead + info.u64BandWidthWrite);
}

TEST_F(BatchTest, BuffersAreTakenAndPutBack) {
  ASSERT_EQ(MI_IPU_GetOutputTensors2(channel_, batch_.get()), MI_SUCCESS);
  EXPECT_NE(batch_->astArrayTensors[1].ptTensorData[0], nullptr);
  EXPECT_EQ(MI_IPU_GetOutputTensors(channel_, &outputs_), E_IPU_ERR_NOBUF);
  ASSERT_EQ(MI_IPU_PutOutputTensors2(channel_, batch_.get()), MI_SUCCESS);
  EXPECT_EQ(MI_IPU_GetOutputTensors(channel_, &outputs_), MI_SUCCESS);
  ASSERT_EQ(MI_IPU_GetInputTensors2(channel_, batch_.get()), MI_SUCCESS);
  EXPECT_EQ(MI_IPU_PutInputTensors2(channel_, batch_.get()), MI_SUCCESS);
}

TEST_F(BatchTest, PrioritiesAndCoresAreChecked) {
  TakeTensors(channel_);
  batch_->astArrayTensors[0] = inputs_.astArrayTensors[0];
  batch_->astArrayTensors[1] = outputs_.astArrayTensors[0];
  batch_->astArrayTensors[2] = outputs_.astArrayTensors[1];
  const auto invoke = [this] { return MI_IPU_Invoke2(channel_, batch_.get(), nullptr); };
  for (const MI_S32 priority : {-11, 40}) {
    batch_->s32TaskPrio = priority;
    EXPECT_EQ(invoke(), E_IPU_ERR_INVALID_TASK_PRIORITY);
  }
  for (const MI_S32 priority : {-10, -1, 0, 39}) {
    batch_->s32TaskPrio = priority;
    EXPECT_EQ(invoke(), MI_SUCCESS);
  }
  batch_->u32IpuAffinity = 4;
  EXPECT_EQ(invoke(), E_IPU_ERR_NO_AVAILABLE_DEV);
  for (const MI_U32 affinity : {0U, 1U, 3U}) {
    batch_->u32IpuAffinity = affinity;
    EXPECT_EQ(invoke(), MI_SUCCESS);
  }
  batch_->u32IpuAffinity = 2;
  EXPECT_EQ(invoke(), ChipFamily() == Family::kS3 ? MI_SUCCESS : E_IPU_ERR_NO_AVAILABLE_DEV);
}

TEST_F(BatchTest, VariableBufferOfTheCallerNeedsOnePinnedCore) {
  TakeTensors(channel_);
  batch_->astArrayTensors[0] = inputs_.astArrayTensors[0];
  batch_->astArrayTensors[1] = outputs_.astArrayTensors[0];
  batch_->astArrayTensors[2] = outputs_.astArrayTensors[1];
  const auto invoke = [this] { return MI_IPU_Invoke2(channel_, batch_.get(), nullptr); };
  MI_PHY address = 0;
  ASSERT_EQ(MI_SYS_MMA_Alloc(0, nullptr, 4096, &address), MI_SUCCESS);
  batch_->u64VarBufPhyAddr = address;
  batch_->u32VarBufSize = 4096;
  EXPECT_EQ(invoke(), E_IPU_ERR_NOT_ASSIGN_CORE);
  batch_->u32IpuAffinity = 1;
  EXPECT_EQ(invoke(), MI_SUCCESS);
  batch_->u32VarBufSize = 8192;
  EXPECT_EQ(invoke(), E_IPU_ERR_INVALID_VARIABLE_BUFFER);
  batch_->u64VarBufPhyAddr = address + 4;
  EXPECT_EQ(invoke(), E_IPU_ERR_BAD_PHY_ADDR_ALIGNMENT);
  EXPECT_EQ(MI_SYS_MMA_Free(0, address), MI_SUCCESS);
}

class BatchedModelTest : public ChipTest {
 protected:
  // A channel with pools for `batch` of a model compiled for 2.
  MI_S32 Open(bool one_buf, MI_U32 batch) {
    if (ChipFamily() != Family::kS3) {
      return MI_SUCCESS;
    }
    SmallModelOptions options;
    options.family = ChipFamily();
    options.batch = 2;
    options.one_buf = one_buf;
    path_ = Write("batched.img", SmallModelFile(options));
    MI_IPU_C_ChnAttr_t attributes = Attributes(1);
    attributes.u32BatchMax = batch;
    return MI_IPU_CreateCHN(&channel_, &attributes, nullptr, path_.data());
  }

  void SetUp() override {
    if (ChipFamily() != Family::kS3) {
      GTEST_SKIP() << "the older families have no batches";
    }
    MakeDevice();
    batch_->u32BatchN = 2;
  }

  std::string path_;
  MI_IPU_CHN channel_ = 0;
  std::unique_ptr<MI_IPU_C_BatchInvokeParam_t> batch_ =
      std::make_unique<MI_IPU_C_BatchInvokeParam_t>();
};

TEST_F(BatchedModelTest, SaysItsNumbersAndMode) {
  MI_IPU_C_OfflineModelStaticInfo_t info{};
  ASSERT_EQ(Open(false, 2), MI_SUCCESS);
  ASSERT_EQ(MI_IPU_GetOfflineModeStaticInfo(nullptr, path_.data(), &info), MI_SUCCESS);
  EXPECT_EQ(info.eBatchMode, 0U);
  ASSERT_EQ(info.u32TotalBatchNumTypes, 2U);
  EXPECT_EQ(info.au32BatchNumTypes[0], 1U);
  EXPECT_EQ(info.au32BatchNumTypes[1], 2U);
  ASSERT_EQ(Open(true, 2), MI_SUCCESS);
  ASSERT_EQ(MI_IPU_GetOfflineModeStaticInfo(nullptr, path_.data(), &info), MI_SUCCESS);
  EXPECT_EQ(info.eBatchMode, 1U);
  ASSERT_EQ(info.u32TotalBatchNumTypes, 1U);
  EXPECT_EQ(info.au32BatchNumTypes[0], 2U);
}

TEST_F(BatchedModelTest, ChannelIsForNumbersTheModelHas) {
  EXPECT_EQ(Open(false, 3), E_IPU_ERR_INVALID_BATCH_NUM);
  EXPECT_EQ(Open(true, 1), E_IPU_ERR_INVALID_BATCH_NUM);
  ASSERT_EQ(Open(false, 2), MI_SUCCESS);
  batch_->u32BatchN = 3;
  EXPECT_EQ(MI_IPU_GetInputTensors2(channel_, batch_.get()), E_IPU_ERR_INVALID_BATCH_NUM);
}

TEST_F(BatchedModelTest, EachModeHasItsCall) {
  ASSERT_EQ(Open(true, 2), MI_SUCCESS);
  EXPECT_EQ(MI_IPU_Invoke2(channel_, batch_.get(), nullptr), E_IPU_ERR_MISMATCH_INVOKE_FUNC);
  ASSERT_EQ(Open(false, 2), MI_SUCCESS);
  EXPECT_EQ(MI_IPU_Invoke2Custom(channel_, batch_.get(), nullptr), E_IPU_ERR_MISMATCH_INVOKE_FUNC);
}

// Two inputs, then the outputs of the first batch, then those of the second.
TEST_F(BatchedModelTest, TensorsOfAnNBufModelGoBatchByBatch) {
  ASSERT_EQ(Open(false, 2), MI_SUCCESS);
  const auto outputs = std::make_unique<MI_IPU_C_BatchInvokeParam_t>();
  outputs->u32BatchN = 2;
  ASSERT_EQ(MI_IPU_GetInputTensors2(channel_, batch_.get()), MI_SUCCESS);
  ASSERT_EQ(MI_IPU_GetOutputTensors2(channel_, outputs.get()), MI_SUCCESS);
  EXPECT_EQ(MI_IPU_GetOutputTensors2(channel_, outputs.get()), E_IPU_ERR_NOBUF);
  std::vector<uint8_t> second = SmallPicture();
  std::reverse(second.begin(), second.end());
  const std::vector<uint8_t> first = SmallPicture();
  std::memcpy(batch_->astArrayTensors[0].ptTensorData[0], first.data(), first.size());
  std::memcpy(batch_->astArrayTensors[1].ptTensorData[0], second.data(), second.size());
  std::copy_n(outputs->astArrayTensors, 4, batch_->astArrayTensors + 2);
  ASSERT_EQ(MI_IPU_Invoke2(channel_, batch_.get(), nullptr), MI_SUCCESS);
  const auto score = [&](size_t tensor) {
    int16_t value = 0;
    std::memcpy(&value, batch_->astArrayTensors[tensor].ptTensorData[0], sizeof value);
    return int{value};
  };
  EXPECT_EQ(score(2), answer_.scores[0]);
  EXPECT_EQ(score(4), SolveSmallModel(second).scores[0]);
}

}  // namespace
}  // namespace plumb::test
