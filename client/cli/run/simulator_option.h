// --simulator and what belongs to it: which program computes the reference of `plumb run`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "server/app/simulator_flags.h"
#include "server/app/simulators.h"

namespace CLI {
class App;
}  // namespace CLI

namespace plumb::client {

class SimulatorOption {
 public:
  void Declare(CLI::App& app);

  // "builtin", "sgs" or "command".
  [[nodiscard]] const std::string& name() const { return name_; }

  // True when the input comes from simulator.py's dump of --sdk-image.
  [[nodiscard]] bool makes_inputs() const { return !flags_.images.empty(); }

  // Usage errors. Which program a server runs is the server's own configuration: with `remote` none
  // of the flags but --simulator may be given.
  [[nodiscard]] Status Check(bool remote, bool inputs_given) const;

  // For the server inside this command. Call once, after Check.
  Result<std::shared_ptr<server::Simulators>> Make();

  // The board's inputs: `inputs` themselves, or what simulator.py dumps of --sdk-image where there
  // are none.
  Result<std::vector<std::string>> Inputs(const std::vector<std::string>& inputs,
                                          const std::string& model,
                                          const CancelToken& cancel) const;

 private:
  std::string name_ = "builtin";
  server::SimulatorFlags flags_;
  std::shared_ptr<server::Simulators> simulators_;
};

}  // namespace plumb::client
