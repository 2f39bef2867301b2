// The command line of plumb-agent.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/install/install.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/rpc/address.h"
#include "common/rpc/tls_files.h"

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
  rpc::TlsFiles tls;  // nothing given: not encrypted
  std::string name;
  std::vector<std::string> tags;
  std::filesystem::path cache_folder;
  uint64_t cache_size = 0;  // bytes
  std::string mi_library;   // empty: the SDK's own, or the virtual board's
  std::optional<VirtualBoard> virtual_board;
  std::vector<std::string> runner;  // empty: plumb-runner beside this program
  std::string abi;
  LogTarget log = LogTarget::kStderr;
  std::vector<std::string> tap_inputs;  // where the application captures its inputs; empty: no tap
  std::chrono::seconds tap_age{};       // how old a capture may be
  std::vector<std::string> runner_flags;  // --core and --priority as plumb-runner takes them
  bool verbose = false;
};

enum class InstallAction { kInstall, kUninstall };

// What parsing ends with: options, a text to print and to stop with (help, version), or something
// to install.
struct ParsedAgentOptions {
  AgentOptions options;
  std::optional<std::string> print;
  std::optional<InstallAction> action;
  InstallOptions install;  // without the package
};

// What the configuration file says (agent_config.h) counts where no flag says otherwise. Errors are
// kInvalidArgument or kPermissionDenied with kReasonUsage; they name the flag, or the file and its
// line, and say what to write instead.
Result<ParsedAgentOptions> ParseAgentOptions(const std::vector<std::string>& arguments);

// An argument list from one text: words between spaces, 'quoted' or "quoted" where they hold
// spaces. No shell is involved.
Result<std::vector<std::string>> SplitArguments(std::string_view text);

}  // namespace plumb::agent
