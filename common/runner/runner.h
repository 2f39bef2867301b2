// Whatever can run a model is a Runner; whatever receives tensors is a TensorSink.
//
// The board is a Runner that happens to be far away. The built-in simulator, a recorded run and a
// child process that speaks the ring protocol are Runners too, and all pass tests/conformance.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/tensor/tensor_desc.h"

namespace plumb {

// A file named by what it holds. `path` is where the bytes are on this machine.
struct Artifact {
  std::filesystem::path path;
  std::string sha256;  // 64 lower-case hexadecimal digits
  uint64_t size = 0;
};

// What to run and how often.
struct RunSpec {
  Artifact model;
  std::vector<Artifact> inputs;  // one per model input, in the model's order, in the bytes of
                                 // the model's input format (DUMP_RAWDATA)
  uint32_t repetitions = 1;      // ≥ 1; inputs are filled anew before each
  bool probe = false;            // one Invoke on zeros first, to tell stale outputs
  std::chrono::milliseconds invoke_timeout{30'000};
  std::string rounding_profile;  // "" = the model's own; only simulators obey it
};

// What the runner says of the model once it is loaded.
struct ModelInfo {
  std::vector<TensorDesc> inputs;
  std::vector<TensorDesc> outputs;
  std::string sdk;  // "virtual IPU S6, generation C", "builtin simulator"; for `identity`
  // The outputs were printed as text with this many digits after the point before they came here,
  // so that they are known to half a unit of the last one; 0: they are exact.
  uint32_t text_decimals = 0;
};

// A complete output of one repetition, told after its last byte.
struct TensorEnd {
  uint32_t repetition = 0;
  uint32_t index = 0;
  uint64_t valid_digest = 0;  // XXH3-64 of the valid bytes in order (padding left out)
  uint64_t canary_size = 0;   // valid bytes that still hold the pattern written before Invoke
};

// What the chip itself tells of an Invoke. The interface gives no unit for the bandwidths.
struct IpuCosts {
  uint64_t time_us = 0;
  uint64_t bandwidth = 0;
  uint64_t bandwidth_read = 0;
  uint64_t bandwidth_write = 0;

  friend bool operator==(const IpuCosts&, const IpuCosts&) = default;
};

// One Invoke, told after it.
struct InvokeInfo {
  uint32_t repetition = 0;
  double invoke_ms = 0;
  std::optional<IpuCosts> ipu = std::nullopt;  // only chips of generation C tell it
};

// Receives what a runner produces, on the runner's thread, in this order: OnModel once;
// OnProbe at most once; per repetition OnInvoke, then per output in index order its chunks by
// ascending offset and OnTensorEnd. An error returned stops the run with that error.
class TensorSink {
 public:
  TensorSink() = default;
  TensorSink(const TensorSink&) = delete;
  TensorSink& operator=(const TensorSink&) = delete;
  virtual ~TensorSink() = default;

  virtual Status OnModel(const ModelInfo& info) = 0;
  // Digests of the valid bytes of every output of the probe on zeros. `input_was_zero`: the run's
  // own input is all zeros too, so that equal outputs prove nothing.
  virtual Status OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) = 0;
  virtual Status OnInvoke(const InvokeInfo& info) = 0;
  // Raw bytes of output `index`, padding included. Repetition 0 is always delivered whole; a later
  // one only where its digest differs from repetition 0's (evidence), else just its OnTensorEnd.
  // Returns the offset wanted next: normally offset + bytes.size(); less to have bytes again (an
  // uploader after a broken link), which only runners that hold the whole output allow.
  virtual Result<uint64_t> OnChunk(uint32_t repetition,
                                   uint32_t index,
                                   uint64_t offset,
                                   const Buffer& bytes) = 0;
  // Like OnChunk may return an offset below the end to go back there; the tensor's size otherwise.
  virtual Result<uint64_t> OnTensorEnd(const TensorEnd& end) = 0;
};

// Runs offline models. One Run at a time per object; Run may be called from any thread and blocks.
// Errors carry a reason of failure.h. After an error the next Run starts fresh and may succeed.
class Runner {
 public:
  Runner() = default;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  virtual ~Runner() = default;

  // A short name for messages and `source` in reports, e.g. "builtin", "board camera-7".
  [[nodiscard]] virtual std::string name() const = 0;
  // Returns within about a second of cancel.Cancel(), with its status.
  virtual Status Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) = 0;
};

}  // namespace plumb
