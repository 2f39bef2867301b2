// The simulators this process may run, as its owner configured them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "server/core/simulator.h"
#include "server/simulator/external/options.h"

namespace plumb::server {

struct SimulatorsOptions {
  std::filesystem::path builtin;  // plumb-simulator; empty: beside the running program
  ExternalOptions external;
};

// Thread-safe.
class Simulators {
 public:
  explicit Simulators(SimulatorsOptions options);
  Simulators(const Simulators&) = delete;
  Simulators& operator=(const Simulators&) = delete;
  ~Simulators();

  // Quick: whether the SDK is there shows in the run. kInvalidArgument, reason usage: no command is
  // configured.
  [[nodiscard]] Result<Simulator> Make(ReferenceKind kind) const;

  // Runs the SDK's simulator.py on the configured pictures; its dumps are the board's inputs. They
  // live as long as this object.
  Result<std::vector<std::filesystem::path>> DumpInputs(const std::filesystem::path& model,
                                                        const CancelToken& cancel) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One line of `plumb doctor` about the SDK.
struct SdkFinding {
  enum class State { kGood, kNote, kMissing };
  std::string what;
  State state = State::kGood;
  std::string detail;
  std::string mend;  // the command or flag that mends it; empty: nothing to mend
};

// Looks for the SDK as a run would, tries its environment and loads its modules. An SDK that is
// neither named nor found is a note, because nothing else needs it.
std::vector<SdkFinding> ExamineSdk(const SgsOptions& options);

}  // namespace plumb::server
