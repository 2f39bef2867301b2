// One model on the IPU, for any generation of the interface. C++14.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "agent/runner/mi_library.h"
#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// The interface in the vendor's order, the structs hidden. Open once; Close undoes what was done.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  // `firmware` empty: the library's default. Fills in the tensors of `description`.
  virtual ring::Outcome Open(const std::string& model_path,
                             const std::string& firmware,
                             ring::Description* description) = 0;
  virtual uint8_t* InputData(uint32_t index) = 0;
  virtual uint8_t* OutputData(uint32_t index) = 0;
  virtual ring::Outcome Invoke(uint64_t* duration_ns) = 0;
};

// Of the library's generation. `library` must outlive it.
std::unique_ptr<Session> MakeSession(const Library& library);

}  // namespace mi
}  // namespace plumb
