#include "agent/app/agent_options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"
#include "common/tensor/family.h"

#include <CLI/CLI.hpp>

namespace plumb::agent {
namespace {

constexpr std::array<std::string_view, 9> kFaults = {
    "rounding", "stale", "unwritten", "noise", "format", "padding", "hang", "crash", "nomem"};

constexpr const char* kHelp =
    "Offers this board to a plumb-server: dials it, waits for runs, executes them in "
    "plumb-runner.\n"
    "It opens no port and keeps trying while the server is away.";

constexpr const char* kExample =
    "Example, a board:         plumb-agent --server 192.168.1.10:7070 --insecure --name camera-7 "
    "--tag s6 --cache /mnt/cache --mi-library /config/lib/libmi_ipu.so\n"
    "Example, a virtual board: plumb-agent --server 127.0.0.1:7070 --name demo --cache /tmp/demo "
    "--virtual S6\n"
    "--virtual takes FAMILY[,fault=F[:N]]: families 1.x Q S1 S3 S6; faults rounding stale "
    "unwritten noise format padding hang crash nomem, with :N only in the N-th run.";

// Options as CLI11 fills them in, before they are checked.
struct RawOptions {
  std::string server;
  std::string virtual_board;
  std::string runner;
  bool insecure = false;
  bool version = false;
};

Status Usage(std::string message, std::string_view hint) {
  return InvalidArgumentError(std::move(message)).WithReason(kReasonUsage).WithHint(hint);
}

void Declare(CLI::App& app, AgentOptions& options, RawOptions& raw) {
  app.footer(kExample);
  app.add_option("--server", raw.server, "where plumb-server listens: HOST:PORT or unix:PATH");
  app.add_option("--name", options.name, "the board's name, unique on its server");
  app.add_option("--tag", options.tags, "words to choose the board by (repeat the flag)")
      ->expected(1)
      ->take_all();
  app.add_option("--cache", options.cache_folder, "folder for models and inputs");
  app.add_option("--cache-size", options.cache_size, "its limit, e.g. 64MiB (default 256MiB)")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--mi-library", options.mi_library, "the vendor's libmi_ipu.so");
  app.add_option("--virtual", raw.virtual_board, "a virtual IPU instead: FAMILY[,fault=F[:N]]");
  app.add_option("--runner",
                 raw.runner,
                 "program and arguments to start the runner with, e.g. 'qemu-arm ./plumb-runner'");
  app.add_option("--abi", options.abi, "struct generation of the library, e.g. gen-c");
  app.add_flag("--insecure", raw.insecure, "allow a server on another machine (not encrypted)");
  app.add_flag("--verbose", options.verbose, "say more");
  app.add_flag("--version", raw.version, "print the version");
}

Status CheckNames(const AgentOptions& options) {
  if (!IsSafeName(options.name)) {
    return Usage("--name is missing or not usable", "write --name camera-7 (1 to 255 characters)");
  }
  if (options.tags.size() > static_cast<size_t>(rpc::kMaxTags) ||
      !std::all_of(options.tags.begin(), options.tags.end(), IsSafeName)) {
    return Usage("--tag: at most 32 tags of 1 to 255 characters", "write --tag s6 --tag lab-2");
  }
  if (!options.abi.empty() && !IsSafeName(options.abi)) {
    return Usage("--abi is not usable", "write gen0, gen-b13, gen-b61 or gen-c");
  }
  return OkStatus();
}

Status CheckBoard(const AgentOptions& options) {
  if (!options.mi_library.empty() && options.virtual_board) {
    return Usage("--mi-library and --virtual exclude each other", "give one of them");
  }
  if (options.mi_library.empty() && !options.virtual_board && options.runner.empty()) {
    return Usage("neither --mi-library nor --virtual was given",
                 "write --mi-library /config/lib/libmi_ipu.so on a board, --virtual S6 elsewhere");
  }
  if (options.cache_folder.empty()) {
    return Usage("--cache is missing", "write --cache DIR, a folder for models and inputs");
  }
  if (options.cache_size == 0) {
    return Usage("--cache-size 0 leaves no room", "write --cache-size 256MiB");
  }
  return OkStatus();
}

Status Check(AgentOptions& options, const RawOptions& raw) {
  if (raw.server.empty()) {
    return Usage("--server is missing", "write --server HOST:PORT or --server unix:PATH");
  }
  auto server = rpc::CheckDialAddress(raw.server, raw.insecure);
  if (!server.ok()) {
    return server.status().Annotate("--server");
  }
  options.server = std::move(server).value();
  PLUMB_RETURN_IF_ERROR(CheckNames(options));
  if (!raw.virtual_board.empty()) {
    PLUMB_ASSIGN_OR_RETURN(options.virtual_board, ParseVirtualBoard(raw.virtual_board));
  }
  if (!raw.runner.empty()) {
    PLUMB_ASSIGN_OR_RETURN(options.runner, SplitArguments(raw.runner));
  }
  return CheckBoard(options);
}

// Words between spaces; quotes keep spaces and may make an empty word.
class WordSplitter {
 public:
  void Take(char c) {
    if (quote_) {
      c == *quote_ ? quote_.reset() : Append(c);
    } else if (c == '\'' || c == '"') {
      quote_ = c;
      Open();
    } else if (c == ' ') {
      open_ = false;
    } else {
      Append(c);
    }
  }

  [[nodiscard]] bool complete() const { return !quote_; }

  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

 private:
  void Open() {
    if (!open_) {
      words_.emplace_back();
      open_ = true;
    }
  }

  void Append(char c) {
    Open();
    words_.back().push_back(c);
  }

  std::vector<std::string> words_;
  std::optional<char> quote_;
  bool open_ = false;  // the last word goes on
};

}  // namespace

Result<VirtualBoard> ParseVirtualBoard(std::string_view text) {
  constexpr std::string_view kFaultKey = "fault=";
  const std::vector<std::string> parts = Split(text, ',');
  const auto family = ParseFamily(parts.front());
  if (!family) {
    return Usage("--virtual: '" + EscapeForDisplay(parts.front()) + "' is not a family",
                 "write one of " + KnownFamilies());
  }
  VirtualBoard board;
  board.family = FamilyName(*family);
  if (parts.size() == 1) {
    return board;
  }
  const std::string& second = parts.at(1);
  const std::vector<std::string> fault =
      Split(second.substr(std::min(kFaultKey.size(), second.size())), ':');
  const bool known = std::find(kFaults.begin(), kFaults.end(), fault.front()) != kFaults.end();
  if (parts.size() != 2 || second.rfind(kFaultKey, 0) != 0 || !known || fault.size() > 2) {
    return Usage("--virtual: '" + EscapeForDisplay(text) + "' names no known fault",
                 "write FAMILY,fault=F or FAMILY,fault=F:N with F of rounding stale unwritten "
                 "noise format padding hang crash nomem");
  }
  board.fault = fault.front();
  if (fault.size() == 2) {
    board.only_run = ParseUint(fault.at(1));
    if (!board.only_run || *board.only_run == 0) {
      return Usage("--virtual: '" + EscapeForDisplay(fault.at(1)) + "' is not the number of a run",
                   "write fault=" + board.fault + ":2 for the second run");
    }
  }
  return board;
}

Result<ParsedAgentOptions> ParseAgentOptions(const std::vector<std::string>& arguments) {
  ParsedAgentOptions parsed;
  parsed.options.cache_size = uint64_t{256} << 20;
  RawOptions raw;
  CLI::App app(kHelp, "plumb-agent");
  Declare(app, parsed.options, raw);
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    parsed.print = app.help();
    return parsed;
  } catch (const CLI::ParseError& error) {
    return Usage(error.what(), "see plumb-agent --help");
  }
  if (raw.version) {
    parsed.print = std::string("plumb-agent ") + PLUMB_VERSION + "\n";
    return parsed;
  }
  PLUMB_RETURN_IF_ERROR(Check(parsed.options, raw));
  return parsed;
}

Result<std::vector<std::string>> SplitArguments(std::string_view text) {
  WordSplitter splitter;
  for (const char c : text) {
    splitter.Take(c);
  }
  if (!splitter.complete() || splitter.words().empty() || splitter.words().front().empty()) {
    return Usage("--runner '" + EscapeForDisplay(text) + "' is no command",
                 "write --runner 'PROGRAM ARGUMENT…', quotes closed");
  }
  return splitter.words();
}

}  // namespace plumb::agent
