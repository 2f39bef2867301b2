// One model on the IPU, for any generation of the interface. C++14.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/runner/mi_api.h"
#include "agent/runner/mi_descriptors.h"
#include "agent/runner/mi_library.h"
#include "agent/runner/mi_sys.h"
#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// The interface in the vendor's order, the structs hidden. Open once; the destructor undoes what
// was done.
class Session {
 public:
  // `library` is open and must outlive the session.
  explicit Session(const Library& library)
      : library_(library),
        descriptors_(library.generation()),
        inputs_(),
        outputs_() {}

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // `firmware` empty: the library's default. Fills in the tensors of `description`.
  ring::Outcome Open(const std::string& model_path,
                     const std::string& firmware,
                     ring::Description* description);
  uint8_t* InputData(uint32_t index);
  uint8_t* OutputData(uint32_t index);
  ring::Outcome Invoke(uint64_t* duration_ns);

 private:
  enum class Reached { kNothing, kDevice, kChannel, kInputs, kOutputs };

  ring::Outcome Checked(Stage stage, const char* call, MI_S32 number) const;
  ring::Outcome AskVariableSize(const std::string& model_path, MI_U32* size);
  ring::Outcome OpenDevice(const std::string& model_path, const std::string& firmware);
  ring::Outcome OpenChannel(const std::string& model_path);
  ring::Outcome Describe();
  ring::Outcome TakeTensors();
  bool Flush(const TensorVector& tensors, const std::vector<ring::TensorRecord>& records) const;

  const Library& library_;
  Api call_;
  Sys sys_;
  Descriptors descriptors_;
  ring::Description tensors_;
  TensorVector inputs_;
  TensorVector outputs_;
  MI_IPU_CHN channel_ = 0;
  Reached reached_ = Reached::kNothing;
};

}  // namespace mi
}  // namespace plumb
