// The vendor's calls of one run and nothing else: what plumb-runner's memory is compared with.
//   bare_chip MODEL INPUT   (against the virtual IPU this program is linked with)
// Prints the bytes of its private memory with everything still in place.
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include "agent/runner/abi/mi_functions_c.h"
#include "tests/support/memory_watch.h"

namespace {

uint8_t* Data(const MI_IPU_C_TensorVector_t& tensors, size_t index) {
  return static_cast<uint8_t*>(tensors.astArrayTensors[index].ptTensorData[0]);
}

int Fail(const char* call) {
  std::fprintf(stderr, "bare_chip: %s failed\n", call);
  return 1;
}

int Run(std::string model, const std::string& input) {
  MI_IPU_C_OfflineModelStaticInfo_t info{};
  MI_IPU_C_DevAttr_t device{};
  MI_IPU_C_ChnAttr_t attributes{};
  attributes.u32InputBufDepth = 1;
  attributes.u32OutputBufDepth = 1;
  MI_IPU_CHN channel = 0;
  if (MI_SYS_Init(0) != MI_SUCCESS ||
      MI_IPU_GetOfflineModeStaticInfo(nullptr, model.data(), &info) != MI_SUCCESS) {
    return Fail("describing the model");
  }
  device.u32MaxVariableBufSize = info.u32VariableBufferSize;
  if (MI_IPU_CreateDevice(&device, nullptr, nullptr, 0) != MI_SUCCESS ||
      MI_IPU_CreateCHN(&channel, &attributes, nullptr, model.data()) != MI_SUCCESS) {
    return Fail("opening the device");
  }
  const auto desc = std::make_unique<MI_IPU_C_SubNet_InputOutputDesc_t>();
  MI_IPU_C_TensorVector_t inputs{};
  MI_IPU_C_TensorVector_t outputs{};
  if (MI_IPU_GetInOutTensorDesc(channel, desc.get()) != MI_SUCCESS ||
      MI_IPU_GetInputTensors(channel, &inputs) != MI_SUCCESS ||
      MI_IPU_GetOutputTensors(channel, &outputs) != MI_SUCCESS) {
    return Fail("taking the tensors");
  }
  std::ifstream(input, std::ios::binary)
      .read(reinterpret_cast<char*>(Data(inputs, 0)),
            desc->astMI_InputTensorDescs[0].s32AlignedBufSize);
  if (MI_IPU_Invoke(channel, &inputs, &outputs) != MI_SUCCESS) {
    return Fail("MI_IPU_Invoke");
  }
  std::printf("%" PRIu64 "\n", plumb::test::PrivateMemory(::getpid()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return argc == 3 ? Run(argv[1], argv[2]) : Fail("MODEL INPUT");
}
