// The child's side of the ring protocol: a serve loop over an Engine. C++14 without dependencies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/ring/protocol.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace ring {

// Success, or why not and what to do about it.
struct Outcome {
  bool ok = true;
  ErrorKind kind = ErrorKind::kInternal;
  uint32_t code = 0;  // the runtime's own number, for scripts
  std::string message;
  std::string hint;
};

Outcome Failure(ErrorKind kind, const std::string& message, const std::string& hint = "");

struct LoadRequest {
  std::string model_path;
  std::string rounding_profile;  // "": the model's own
};

// What Load found: descriptors in order (role and index are set by the loop) and the SDK's name.
struct Description {
  std::vector<TensorRecord> inputs;
  std::vector<TensorRecord> outputs;
  std::string sdk;
};

// Something that runs one model. All calls come from one thread, Load once and first. The buffers
// have aligned_size bytes and stay where they are until the engine is destroyed.
class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  virtual Outcome Load(const LoadRequest& request, Description* description) = 0;
  virtual uint8_t* InputData(uint32_t index) = 0;
  virtual uint8_t* OutputData(uint32_t index) = 0;
  // The inputs were written: every cache in between is flushed, then the network runs.
  // `invoked` is zero before; its duration is of the run alone.
  virtual Outcome Invoke(Invoked* invoked) = 0;
};

// Serves kControlFd until the host closes it; returns the exit code of the process: 0, or 2 when
// the two descriptors are not what the protocol says (the program was started by hand).
int ServeChild(Engine* engine, const std::string& program);

// The same over given descriptors, for tests.
int Serve(Engine* engine, const std::string& program, int control_fd, int ring_fd);

}  // namespace ring
}  // namespace plumb
