// One model on the IPU, for any generation of the interface. C++14.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/runner/mi_api.h"
#include "agent/runner/mi_call.h"
#include "agent/runner/mi_descriptors.h"
#include "agent/runner/mi_library.h"
#include "agent/runner/mi_sys.h"
#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

struct SessionOptions {
  std::string model_path;
  bool model_in_memory = false;  // CreateCHN reads through a function of ours, not the path
  std::string firmware;          // path; empty: the library's default
  CallOptions call;
};

// The interface in the vendor's order, the structs hidden. Open once; the destructor undoes what
// was done. Tensors of a batch are told apart by BatchTensorName (common/ring/batch_name.h).
class Session {
 public:
  // `library` is open and must outlive the session.
  explicit Session(const Library& library)
      : library_(library),
        descriptors_(library.generation()) {}

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // Fills in the tensors of `description`, batch by batch.
  ring::Outcome Open(const SessionOptions& options, ring::Description* description);
  uint8_t* InputData(uint32_t index);
  uint8_t* OutputData(uint32_t index);
  ring::Outcome Invoke(ring::Invoked* invoked);

  // Of an open session.
  MI_IPU_CHN channel() const { return channel_; }

 private:
  enum class Reached { kNothing, kDevice, kChannel };

  ring::Outcome Checked(Stage stage, const char* call, MI_S32 number) const;
  ring::Outcome OpenDevice(const SessionOptions& options, StaticInfo* info);
  ring::Outcome OpenChannel(const SessionOptions& options, const CallPlan& plan);
  ring::Outcome Describe();
  ring::Outcome TakeTensors(const SessionOptions& options, const CallPlan& plan);
  bool Flush() const;

  const Library& library_;
  Api call_;
  Sys sys_;
  Descriptors descriptors_;
  ring::Description one_;  // of one batch
  ring::Description all_;
  std::unique_ptr<Call> call_of_run_;
  MI_IPU_CHN channel_ = 0;
  Reached reached_ = Reached::kNothing;
};

}  // namespace mi
}  // namespace plumb
