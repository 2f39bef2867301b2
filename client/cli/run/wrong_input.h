// What `plumb run --check-input` says of an input that is not the PC's.
#pragma once

#include <string>
#include <vector>

#include "client/cli/frame/verb.h"
#include "client/lib/client.h"
#include "common/base/status.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace plumb::client {

struct InputCheckFlags {
  bool wanted = false;
  std::string captured;           // folder for the board's bytes; empty: not kept
  std::vector<std::string> taps;  // of a virtual board
};

// Adds --check-input, --captured and --tap-input; the last needs `of_virtual`.
void AddInputCheckFlags(CLI::App& app, CLI::Option* of_virtual, InputCheckFlags& flags);

struct WrongInput {
  Client* client = nullptr;
  std::string run_id;            // finished
  std::string model;             // the offline model's file
  std::vector<Artifact> inputs;  // the PC's files, in the model's order
  std::string captured;          // folder to keep the board's in; empty: not kept
};

// Fetches the inputs that the run kept, if it kept any, and says what turns the PC's bytes into the
// board's, as `plumb input explain` does without a picture. Blocks for seconds.
Status ExplainWrongInput(const WrongInput& wrong, VerbContext& context);

}  // namespace plumb::client
