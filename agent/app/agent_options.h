// The command line of plumb-agent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/rpc/address.h"

namespace plumb::agent {

// `--virtual FAMILY[,fault=F[:N]]`.
struct VirtualBoard {
  std::string family;
  std::string fault;                 // empty: none
  std::optional<uint64_t> only_run;  // the fault shows in this run alone, counted from 1
};

Result<VirtualBoard> ParseVirtualBoard(std::string_view text);

struct AgentOptions {
  rpc::Address server;
  std::string name;
  std::vector<std::string> tags;
  std::filesystem::path cache_folder;
  uint64_t cache_size = 0;  // bytes
  std::string mi_library;   // empty: the SDK's own, or the virtual board's
  std::optional<VirtualBoard> virtual_board;
  std::vector<std::string> runner;  // empty: plumb-runner beside this program
  std::string abi;
  bool verbose = false;
};

// What parsing ends with: options, or a text to print and to stop with (help, version).
struct ParsedAgentOptions {
  AgentOptions options;
  std::optional<std::string> print;
};

// Errors are kInvalidArgument or kPermissionDenied with kReasonUsage; they name the flag and say
// what to write instead.
Result<ParsedAgentOptions> ParseAgentOptions(const std::vector<std::string>& arguments);

// An argument list from one text: words between spaces, 'quoted' or "quoted" where they hold
// spaces. No shell is involved.
Result<std::vector<std::string>> SplitArguments(std::string_view text);

}  // namespace plumb::agent
