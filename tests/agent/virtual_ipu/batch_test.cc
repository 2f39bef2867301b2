// The calls that generation C adds for batches.
#include <cstring>
#include <memory>

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

}  // namespace
}  // namespace plumb::test
