#include "agent/runner/mi_session.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>

#include "agent/runner/abi/gen_0.h"
#include "agent/runner/abi/gen_b.h"
#include "agent/runner/abi/gen_c.h"
#include "agent/runner/abi/roomy.h"
#include "agent/runner/mi_sys.h"

namespace plumb {
namespace mi {
namespace {

using ring::ErrorKind;
using ring::Outcome;

// The functions of one generation, bound from the library.
template <class Abi>
struct Functions {
  using TensorVector = typename Abi::TensorVector;

  MI_S32 (*static_info)(SerializedReadFunc, char*, typename Abi::StaticInfo*) = nullptr;
  MI_S32 (*create_device)(typename Abi::DevAttr*, SerializedReadFunc, char*, MI_U32) = nullptr;
  MI_S32 (*destroy_device)() = nullptr;
  MI_S32(*create_channel)
  (MI_IPU_CHN*, typename Abi::ChnAttr*, SerializedReadFunc, char*) = nullptr;
  MI_S32 (*destroy_channel)(MI_IPU_CHN) = nullptr;
  MI_S32 (*get_desc)(MI_IPU_CHN, typename Abi::SubNetDesc*) = nullptr;
  MI_S32 (*get_inputs)(MI_IPU_CHN, TensorVector*) = nullptr;
  MI_S32 (*put_inputs)(MI_IPU_CHN, TensorVector*) = nullptr;
  MI_S32 (*get_outputs)(MI_IPU_CHN, TensorVector*) = nullptr;
  MI_S32 (*put_outputs)(MI_IPU_CHN, TensorVector*) = nullptr;
  MI_S32 (*invoke)(MI_IPU_CHN, TensorVector*, TensorVector*) = nullptr;

  Outcome Bind(const Library& library) {
    std::string missing;
    if (Abi::kHasStaticInfo) {
      library.Bind("MI_IPU_GetOfflineModeStaticInfo", &static_info, &missing);
    }
    library.Bind("MI_IPU_CreateDevice", &create_device, &missing);
    library.Bind("MI_IPU_DestroyDevice", &destroy_device, &missing);
    library.Bind("MI_IPU_CreateCHN", &create_channel, &missing);
    library.Bind("MI_IPU_DestroyCHN", &destroy_channel, &missing);
    library.Bind("MI_IPU_GetInOutTensorDesc", &get_desc, &missing);
    library.Bind("MI_IPU_GetInputTensors", &get_inputs, &missing);
    library.Bind("MI_IPU_PutInputTensors", &put_inputs, &missing);
    library.Bind("MI_IPU_GetOutputTensors", &get_outputs, &missing);
    library.Bind("MI_IPU_PutOutputTensors", &put_outputs, &missing);
    library.Bind("MI_IPU_Invoke", &invoke, &missing);
    return missing.empty() ? Outcome() : library.Lacks(missing);
  }
};

template <class Abi>
class TypedSession : public Session {
 public:
  explicit TypedSession(const Library& library) : library_(library) {}

  TypedSession(const TypedSession&) = delete;
  TypedSession& operator=(const TypedSession&) = delete;

  ~TypedSession() override { Close(); }

  Outcome Open(const std::string& model_path,
               const std::string& firmware,
               ring::Description* description) override {
    Outcome outcome = call_.Bind(library_);
    outcome = outcome.ok ? CheckFile(model_path) : outcome;
    outcome = outcome.ok ? sys_.Open(library_) : outcome;
    outcome = outcome.ok ? OpenDevice(model_path, firmware) : outcome;
    outcome = outcome.ok ? OpenChannel(model_path) : outcome;
    outcome = outcome.ok ? TakeTensors() : outcome;
    if (outcome.ok) {
      Describe(description);
    }
    return outcome;
  }

  uint8_t* InputData(uint32_t index) override {
    return static_cast<uint8_t*>(inputs_->astArrayTensors[index].ptTensorData[0]);
  }

  uint8_t* OutputData(uint32_t index) override {
    return static_cast<uint8_t*>(outputs_->astArrayTensors[index].ptTensorData[0]);
  }

  Outcome Invoke(uint64_t* duration_ns) override {
    // Outputs too: dirty lines of the canary must not be written back over the chip's results.
    const bool flushed =
        Flush(*inputs_, desc_->astMI_InputTensorDescs, desc_->u32InputTensorCount) &&
        Flush(*outputs_, desc_->astMI_OutputTensorDescs, desc_->u32OutputTensorCount);
    if (!flushed) {
      return ring::Failure(ErrorKind::kInvokeFailed, "MI_SYS_FlushInvCache failed");
    }
    const auto start = std::chrono::steady_clock::now();
    const MI_S32 number = call_.invoke(channel_, inputs_.get(), outputs_.get());
    const auto end = std::chrono::steady_clock::now();
    *duration_ns = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(end - start).count());
    return Checked(Stage::kInvoke, "MI_IPU_Invoke", number);
  }

 private:
  using TensorVector = typename Abi::TensorVector;
  using TensorDesc = typename Abi::TensorDesc;

  static Outcome Checked(Stage stage, const char* call, MI_S32 number) {
    return number == MI_SUCCESS ? Outcome() : CallFailed(Abi::kGeneration, stage, call, number);
  }

  static Outcome CheckFile(const std::string& path) {
    if (::access(path.c_str(), R_OK) == 0) {
      return {};
    }
    const char* why = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): one thread
    return ring::Failure(ErrorKind::kModelRefused,
                         "the model '" + path + "' cannot be read: " + why);
  }

  // Generation 0 cannot be asked: 0 lets its library decide.
  Outcome AskVariableSize(const std::string& model_path, MI_U32* size) {
    if (!Abi::kHasStaticInfo) {
      return {};
    }
    Roomy<typename Abi::StaticInfo> info;
    const MI_S32 number =
        call_.static_info(nullptr, const_cast<char*>(model_path.c_str()), info.get());
    *size = info->u32VariableBufferSize;
    return Checked(Stage::kModel, "MI_IPU_GetOfflineModeStaticInfo", number);
  }

  Outcome OpenDevice(const std::string& model_path, const std::string& firmware) {
    typename Abi::DevAttr attributes;
    std::memset(&attributes, 0, sizeof attributes);
    Outcome outcome = AskVariableSize(model_path, &attributes.u32MaxVariableBufSize);
    if (!outcome.ok) {
      return outcome;
    }
    char* path = firmware.empty() ? nullptr : const_cast<char*>(firmware.c_str());
    outcome = Checked(
        Stage::kDevice, "MI_IPU_CreateDevice", call_.create_device(&attributes, nullptr, path, 0));
    device_open_ = outcome.ok;
    return outcome;
  }

  Outcome OpenChannel(const std::string& model_path) {
    typename Abi::ChnAttr attributes;
    std::memset(&attributes, 0, sizeof attributes);
    attributes.u32InputBufDepth = 1;
    attributes.u32OutputBufDepth = 1;
    Abi::PrepareChannel(&attributes);
    Outcome outcome =
        Checked(Stage::kModel,
                "MI_IPU_CreateCHN",
                call_.create_channel(
                    &channel_, &attributes, nullptr, const_cast<char*>(model_path.c_str())));
    if (!outcome.ok) {
      return outcome;
    }
    channel_open_ = true;
    outcome =
        Checked(Stage::kModel, "MI_IPU_GetInOutTensorDesc", call_.get_desc(channel_, desc_.get()));
    if (outcome.ok && (desc_->u32InputTensorCount > Abi::kMaxTensors ||
                       desc_->u32OutputTensorCount > Abi::kMaxTensors)) {
      return ring::Failure(ErrorKind::kModelRefused,
                           "the library reports more tensors than its interface holds",
                           "the library is of another generation: see --abi");
    }
    return outcome.ok ? CheckOverrun(desc_.overrun(), "MI_IPU_GetInOutTensorDesc") : outcome;
  }

  static Outcome CheckOverrun(bool overrun, const char* call) {
    return overrun ? ring::Failure(ErrorKind::kRuntimeUnavailable,
                                   std::string(call) + " wrote more than " +
                                       GenerationName(Abi::kGeneration) + " holds",
                                   "the library is of another generation: see --abi")
                   : Outcome();
  }

  Outcome TakeTensors() {
    Outcome outcome =
        Checked(Stage::kModel, "MI_IPU_GetInputTensors", call_.get_inputs(channel_, inputs_.get()));
    inputs_taken_ = outcome.ok;
    if (outcome.ok) {
      outcome = Checked(
          Stage::kModel, "MI_IPU_GetOutputTensors", call_.get_outputs(channel_, outputs_.get()));
      outputs_taken_ = outcome.ok;
    }
    if (!outcome.ok) {
      return outcome;
    }
    outcome = CheckOverrun(inputs_.overrun() || outputs_.overrun(), "MI_IPU_Get…Tensors");
    if (!outcome.ok) {
      return outcome;
    }
    const bool usable = Usable(*inputs_, desc_->u32InputTensorCount) &&
                        Usable(*outputs_, desc_->u32OutputTensorCount);
    return usable ? outcome
                  : ring::Failure(ErrorKind::kModelRefused,
                                  "the library gave other buffers than the model has tensors",
                                  "the library is of another generation: see --abi");
  }

  static bool Usable(const TensorVector& tensors, MI_U32 count) {
    bool usable = tensors.u32TensorCount == count;
    for (MI_U32 i = 0; usable && i < count; ++i) {
      usable = tensors.astArrayTensors[i].ptTensorData[0] != nullptr;
    }
    return usable;
  }

  bool Flush(const TensorVector& tensors, const TensorDesc* descs, MI_U32 count) {
    bool flushed = true;
    for (MI_U32 i = 0; i < count; ++i) {
      const uint64_t size = Abi::Record(descs[i]).aligned_size;
      flushed = sys_.Flush(tensors.astArrayTensors[i].ptTensorData[0], size) && flushed;
    }
    return flushed;
  }

  void Describe(ring::Description* description) const {
    for (MI_U32 i = 0; i < desc_->u32InputTensorCount; ++i) {
      description->inputs.push_back(Abi::Record(desc_->astMI_InputTensorDescs[i]));
    }
    for (MI_U32 i = 0; i < desc_->u32OutputTensorCount; ++i) {
      description->outputs.push_back(Abi::Record(desc_->astMI_OutputTensorDescs[i]));
    }
  }

  void Close() {
    if (outputs_taken_) {
      call_.put_outputs(channel_, outputs_.get());
    }
    if (inputs_taken_) {
      call_.put_inputs(channel_, inputs_.get());
    }
    if (channel_open_) {
      call_.destroy_channel(channel_);
    }
    if (device_open_) {
      call_.destroy_device();
    }
  }

  const Library& library_;
  Functions<Abi> call_;
  Sys sys_;
  Roomy<typename Abi::SubNetDesc> desc_;
  Roomy<TensorVector> inputs_;
  Roomy<TensorVector> outputs_;
  MI_IPU_CHN channel_ = 0;
  bool device_open_ = false;
  bool channel_open_ = false;
  bool inputs_taken_ = false;
  bool outputs_taken_ = false;
};

}  // namespace

std::unique_ptr<Session> MakeSession(const Library& library) {
  switch (library.generation()) {
    case Generation::k0:
      return std::unique_ptr<Session>(new TypedSession<Gen0>(library));
    case Generation::kB13:
      return std::unique_ptr<Session>(new TypedSession<GenB13>(library));
    case Generation::kB61:
      return std::unique_ptr<Session>(new TypedSession<GenB61>(library));
    case Generation::kC:
      break;
  }
  return std::unique_ptr<Session>(new TypedSession<GenC>(library));
}

}  // namespace mi
}  // namespace plumb
