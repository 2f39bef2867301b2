// How models come in, and which do not.
#include <cstring>

#include "common/npu/model/container.h"
#include "tests/agent/virtual_ipu/chip.h"

namespace plumb::test {
namespace {

class ModelTest : public ChipTest {
 protected:
  static MI_S32 Info(std::string path, MI_IPU_C_OfflineModelStaticInfo_t* info) {
    return MI_IPU_GetOfflineModeStaticInfo(nullptr, path.data(), info);
  }

  static MI_S32 Create(std::string path) {
    MI_IPU_CHN channel = 0;
    MI_IPU_C_ChnAttr_t attributes = Attributes(1);
    return MI_IPU_CreateCHN(&channel, &attributes, nullptr, path.data());
  }

  MI_IPU_C_OfflineModelStaticInfo_t info_{};
};

// What a read function may do: `bytes` is what it reads from.
struct Source {
  std::vector<uint8_t> bytes;
  int success = 0;  // 0, or -1 for "the number of bytes"
  int limit = 1 << 30;
};

int ReadSource(void* dst, int offset, int size, char* ctx) {
  const auto* source = reinterpret_cast<const Source*>(ctx);
  if (offset < 0 || size < 0 || offset + size > source->limit ||
      static_cast<size_t>(offset + size) > source->bytes.size()) {
    return -1;
  }
  std::memcpy(dst, source->bytes.data() + offset, static_cast<size_t>(size));
  return source->success == 0 ? 0 : size;
}

TEST_F(ModelTest, StaticInfoNeedsNoDevice) {
  const std::string path = WriteModel();
  ASSERT_EQ(Info(path, &info_), MI_SUCCESS);
  EXPECT_EQ(info_.u32OfflineModelSize, FileSize(path).value());
  EXPECT_EQ(info_.u32VariableBufferSize % 64, 0U);
  // The convolution reads 18 and writes 30 elements of two bytes.
  EXPECT_GE(info_.u32VariableBufferSize, 96U);
  EXPECT_EQ(info_.eBatchMode, 0U);
  EXPECT_EQ(info_.u32TotalBatchNumTypes, 1U);
  EXPECT_EQ(info_.au32BatchNumTypes[0], 1U);
}

TEST_F(ModelTest, MissingFileIsAFileError) {
  MakeDevice();
  EXPECT_EQ(Info("/no/such/model.img", &info_), E_IPU_ERR_FILE_OPERATION);
  EXPECT_EQ(Create("/no/such/model.img"), E_IPU_ERR_FILE_OPERATION);
}

TEST_F(ModelTest, DamagedModelIsRefused) {
  MakeDevice();
  SmallModelOptions options;
  options.family = ChipFamily();
  const auto good = SmallModelFile(options);
  for (const size_t at : {size_t{0}, size_t{20}, good.size() / 2, good.size() - 1}) {
    auto bytes = good;
    bytes[at] ^= 0x40;
    const std::string path = Write("damaged.img", bytes);
    EXPECT_EQ(Create(path), E_IPU_ERR_INVALID_MODEL_BUFFER) << at;
    EXPECT_EQ(Info(path, &info_), E_IPU_ERR_INVALID_MODEL_BUFFER) << at;
  }
  EXPECT_EQ(Create(Write("short.img", {good.begin(), good.end() - 1})),
            E_IPU_ERR_INVALID_MODEL_BUFFER);
}

TEST_F(ModelTest, FixedModelIsNotAnOfflineModel) {
  MakeDevice();
  EXPECT_EQ(Create(Write("fixed.plm", npu::SerializeModel(SmallModel()).value())),
            E_IPU_ERR_INVALID_MODEL_BUFFER);
}

TEST_F(ModelTest, ModelOfAnotherChipIsRefused) {
  MakeDevice();
  SmallModelOptions options;
  options.family = ChipFamily() == Family::kS6 ? Family::kS1 : Family::kS6;
  EXPECT_EQ(Create(Write("other.img", SmallModelFile(options))), E_IPU_ERR_MISMATCH_MODEL);
}

class ReadFunctionTest : public ModelTest {
 protected:
  ReadFunctionTest() {
    SmallModelOptions options;
    options.family = ChipFamily();
    source_.bytes = SmallModelFile(options);
    MakeDevice();
  }

  MI_S32 CreateFromSource() {
    MI_IPU_CHN channel = 0;
    MI_IPU_C_ChnAttr_t attributes = Attributes(1);
    return MI_IPU_CreateCHN(&channel, &attributes, ReadSource, reinterpret_cast<char*>(&source_));
  }

  Source source_;
};

TEST_F(ReadFunctionTest, EitherConventionServes) {
  EXPECT_EQ(CreateFromSource(), MI_SUCCESS);
  source_.success = -1;
  EXPECT_EQ(CreateFromSource(), MI_SUCCESS);
  EXPECT_EQ(MI_IPU_GetOfflineModeStaticInfo(ReadSource, reinterpret_cast<char*>(&source_), &info_),
            MI_SUCCESS);
  EXPECT_EQ(info_.u32OfflineModelSize, source_.bytes.size());
}

TEST_F(ReadFunctionTest, FailingReadsAreFileErrors) {
  for (const int limit : {0, 63, 64, static_cast<int>(source_.bytes.size()) - 1}) {
    source_.limit = limit;
    EXPECT_EQ(CreateFromSource(), E_IPU_ERR_FILE_OPERATION) << limit;
  }
}

TEST_F(ModelTest, ModelInTheChipsMemory) {
  MakeDevice();
  SmallModelOptions options;
  options.family = ChipFamily();
  const auto bytes = SmallModelFile(options);
  MI_PHY address = 0;
  void* mapping = nullptr;
  const auto size = static_cast<MI_U32>(bytes.size());
  ASSERT_EQ(MI_SYS_MMA_Alloc(0, nullptr, size + 64, &address), MI_SUCCESS);
  ASSERT_EQ(MI_SYS_Mmap(address, size, &mapping, 1), MI_SUCCESS);
  std::memcpy(mapping, bytes.data(), bytes.size());
  MI_IPU_CHN channel = 0;
  MI_IPU_C_ChnAttr_t attributes = Attributes(1);
  EXPECT_EQ(MI_IPU_CreateCHNWithUserMem(&channel, &attributes, address), MI_SUCCESS);
  EXPECT_EQ(MI_IPU_CreateCHNWithUserMem(&channel, &attributes, address + 32),
            E_IPU_ERR_BAD_PHY_ADDR_ALIGNMENT);
  EXPECT_EQ(MI_IPU_CreateCHNWithUserMem(&channel, &attributes, 64), E_IPU_ERR_BADADDR);
  EXPECT_EQ(MI_IPU_DestroyDevice(), MI_SUCCESS);
  EXPECT_EQ(MI_SYS_Munmap(mapping, size), MI_SUCCESS);
  EXPECT_EQ(MI_SYS_MMA_Free(0, address), MI_SUCCESS);
}

}  // namespace
}  // namespace plumb::test
