// Seeds of fuzz_agent.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace plumb::fuzz {

// Name and bytes: scripts of commands, then as many bytes of what the server does.
std::vector<std::pair<std::string, std::string>> AgentSeeds();

}  // namespace plumb::fuzz
