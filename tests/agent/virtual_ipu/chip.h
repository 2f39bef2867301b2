// A fixture that talks to the virtual IPU through its exported C functions alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "agent/runner/abi/mi_functions_c.h"
#include "common/base/file.h"
#include "common/tensor/family.h"
#include "tests/support/small_model.h"

namespace plumb::test {

// The family in PLUMB_VIRTUAL_FAMILY, of which the chip of this process is.
Family ChipFamily();

class ChipTest : public testing::Test {
 protected:
  ChipTest();
  ~ChipTest() override;

  std::string Write(const std::string& name, const std::vector<uint8_t>& bytes);
  // The small model for this chip.
  std::string WriteModel(SmallModelOptions options = {});

  // A device with room for the model.
  void MakeDevice();
  // Adds a channel of `depth`/`depth`; its descriptors go to desc_.
  MI_IPU_CHN MakeChannel(const std::string& model, MI_U32 depth = 1);
  static MI_IPU_C_ChnAttr_t Attributes(MI_U32 depth);

  void TakeTensors(MI_IPU_CHN channel);
  static uint8_t* Data(const MI_IPU_C_TensorVector_t& tensors, size_t index);
  // Elements of an INT16 output, padding left out.
  [[nodiscard]] std::vector<int> Int16Output(size_t index) const;

  TempFolder folder_;
  std::unique_ptr<MI_IPU_C_SubNet_InputOutputDesc_t> desc_;
  MI_IPU_C_TensorVector_t inputs_{};
  MI_IPU_C_TensorVector_t outputs_{};
  const SmallAnswer answer_ = SolveSmallModel(SmallPicture());
};

}  // namespace plumb::test
