#include "tests/agent/virtual_ipu/chip.h"

#include <cstdlib>
#include <cstring>

namespace plumb::test {

Family ChipFamily() {
  const char* name = std::getenv("PLUMB_VIRTUAL_FAMILY");  // NOLINT(concurrency-mt-unsafe)
  return ParseFamily(name == nullptr ? "S3" : name).value();
}

ChipTest::ChipTest()
    : folder_(TempFolder::Create("chip").value()),
      desc_(std::make_unique<MI_IPU_C_SubNet_InputOutputDesc_t>()) {
  EXPECT_EQ(MI_SYS_Init(0), MI_SUCCESS);
}

ChipTest::~ChipTest() {
  MI_IPU_DestroyDevice();
  EXPECT_EQ(MI_SYS_Exit(0), MI_SUCCESS);
}

std::string ChipTest::Write(const std::string& name, const std::vector<uint8_t>& bytes) {
  const auto path = folder_.path() / name;
  EXPECT_TRUE(WriteFileAtomically(path, std::span<const uint8_t>(bytes)).ok());
  return path.string();
}

std::string ChipTest::WriteModel(SmallModelOptions options) {
  options.family = ChipFamily();
  return Write("model.img", SmallModelFile(options));
}

void ChipTest::MakeDevice() {
  MI_IPU_C_DevAttr_t attributes{};
  attributes.u32MaxVariableBufSize = 1 << 20;
  ASSERT_EQ(MI_IPU_CreateDevice(&attributes, nullptr, nullptr, 0), MI_SUCCESS);
}

MI_IPU_C_ChnAttr_t ChipTest::Attributes(MI_U32 depth) {
  MI_IPU_C_ChnAttr_t attributes{};
  attributes.u32InputBufDepth = depth;
  attributes.u32OutputBufDepth = depth;
  return attributes;
}

MI_IPU_CHN ChipTest::MakeChannel(const std::string& model, MI_U32 depth) {
  MI_IPU_C_ChnAttr_t attributes = Attributes(depth);
  MI_IPU_CHN channel = 999;
  std::string path = model;
  EXPECT_EQ(MI_IPU_CreateCHN(&channel, &attributes, nullptr, path.data()), MI_SUCCESS);
  EXPECT_EQ(MI_IPU_GetInOutTensorDesc(channel, desc_.get()), MI_SUCCESS);
  return channel;
}

void ChipTest::TakeTensors(MI_IPU_CHN channel) {
  ASSERT_EQ(MI_IPU_GetInputTensors(channel, &inputs_), MI_SUCCESS);
  ASSERT_EQ(MI_IPU_GetOutputTensors(channel, &outputs_), MI_SUCCESS);
  const auto picture = SmallPicture();
  std::memcpy(Data(inputs_, 0), picture.data(), picture.size());
}

uint8_t* ChipTest::Data(const MI_IPU_C_TensorVector_t& tensors, size_t index) {
  return static_cast<uint8_t*>(tensors.astArrayTensors[index].ptTensorData[0]);
}

std::vector<int> ChipTest::Int16Output(size_t index) const {
  const MI_IPU_C_TensorDesc_t& desc = desc_->astMI_OutputTensorDescs[index];
  size_t rows = 1;
  for (MI_U32 axis = 0; axis + 1 < desc.u32TensorDim; ++axis) {
    rows *= desc.u32TensorShape[axis];
  }
  const size_t innermost = desc.u32TensorShape[desc.u32TensorDim - 1];
  std::vector<int> values;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < innermost; ++i) {
      int16_t value = 0;
      std::memcpy(&value, Data(outputs_, index) + row * desc.u32InnerMostStride + 2 * i, 2);
      values.push_back(value);
    }
  }
  return values;
}

}  // namespace plumb::test
