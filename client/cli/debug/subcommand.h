// A verb run by another verb, as if it were typed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/cancel.h"

#include <nlohmann/json_fwd.hpp>

namespace plumb::client {

struct Finished {
  int exit_code = 0;
  std::string out;    // of stdout; with --json - the document alone
  std::string error;  // of stderr
};

// Runs "VERB FLAG…" off a terminal and waits for it. Nothing comes from the environment: what the
// person set there has reached the outer verb, which passes it on.
Finished RunSubcommand(const std::vector<std::string>& arguments, const CancelToken& cancel);

// The document that a subcommand with --json - printed; null when there is none.
nlohmann::ordered_json DocumentOf(const Finished& finished);

// "plumb VERB FLAG…" as a shell takes it.
std::string ShellLine(std::span<const std::string> arguments);

}  // namespace plumb::client
