#include "agent/app/agent_options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/app/agent_config.h"
#include "agent/core/input_tap.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"
#include "common/tensor/family.h"

#include <CLI/CLI.hpp>

namespace plumb::agent {
namespace {

constexpr std::array<std::string_view, 10> kFaults = {"rounding",
                                                      "stale",
                                                      "unwritten",
                                                      "noise",
                                                      "format",
                                                      "padding",
                                                      "hang",
                                                      "ipu_hang",
                                                      "crash",
                                                      "nomem"};

constexpr uint32_t kMaxTapAgeSeconds = 10 * 365 * 86'400;

constexpr const char* kHelp =
    "Offers this board to a plumb-server: dials it, waits for runs, executes them in "
    "plumb-runner.\n"
    "It opens no port and keeps trying while the server is away.";

constexpr const char* kExample =
    "Example, a board:         plumb-agent --server lab-pc:7070 --tls-ca ca.pem --tls-cert "
    "camera-7.pem "
    "--tls-key camera-7.key --name camera-7 --tag s6 --cache /mnt/cache --mi-library "
    "/config/lib/libmi_ipu.so\n"
    "Example, a virtual board: plumb-agent --server 127.0.0.1:7070 --name demo --cache /tmp/demo "
    "--virtual S6\n"
    "Example, installing:      bin/plumb-agent --install --prefix /mnt/sd/plumbline --name "
    "camera-7 "
    "--server 192.168.1.10:7070\n"
    "--config takes a file of KEY = VALUE lines, the keys being these flags; without it "
    "../etc/plumbline/agent.conf beside the program or /etc/plumbline/agent.conf is read if "
    "there.\n"
    "--virtual takes FAMILY[,fault=F[:N]]: families 1.x Q S1 S3 S6; faults rounding stale "
    "unwritten noise format padding hang ipu_hang crash nomem, with :N only in the N-th run.";

// Options as CLI11 fills them in, before they are checked.
struct RawOptions {
  std::string server;
  std::string virtual_board;
  std::string runner;
  std::string config;
  std::string log = "stderr";
  std::optional<int> core;
  std::optional<int> priority;
  uint32_t tap_age_seconds = static_cast<uint32_t>(kDefaultTapAge.count());
  bool insecure = false;
  bool version = false;
  bool install = false;
  bool uninstall = false;
};

Status Usage(std::string message, std::string_view hint) {
  return InvalidArgumentError(std::move(message)).WithReason(kReasonUsage).WithHint(hint);
}

void DeclareInstalling(CLI::App& app, InstallOptions& install, RawOptions& raw) {
  app.add_flag("--install", raw.install, "put this unpacked package on the board");
  app.add_flag("--uninstall", raw.uninstall, "take it away again")->excludes("--install");
  app.add_option("--prefix", install.prefix, "folder to install below (default /usr/local)");
  app.add_option(
      "--root", install.root, "the board's root, where it is not /: an NFS root on a PC");
  app.add_flag_callback(
      "--no-startup",
      [&install] { install.startup = false; },
      "with --install: nothing in /etc/init.d or /etc/systemd");
  app.add_flag("--dry-run", install.dry_run, "say what would be done, and do nothing");
  app.add_flag("--purge", install.purge, "with --uninstall: the changed configuration, too");
}

void Declare(CLI::App& app, AgentOptions& options, RawOptions& raw) {
  app.footer(kExample);
  app.add_option("--config", raw.config, "file with these settings");
  app.add_option("--log", raw.log, "where messages go: stderr (default) or syslog")
      ->check(CLI::IsMember({"stderr", "syslog"}));
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
  app.add_option("--core", raw.core, "core of the IPU, 0 or 1; default: the library decides")
      ->check(CLI::Range(0, 1));
  app.add_option("--priority", raw.priority, "of its tasks: real time -10 to -1, normal 0 to 39")
      ->check(CLI::Range(-10, 39));
  app.add_option("--tap-input",
                 options.tap_inputs,
                 "where the application on this board captures its input (plumb_capture_input.h), "
                 "for 'plumb run --check-input'; once per input, or {} for the input's number")
      ->expected(1)
      ->take_all();
  app.add_option("--tap-age",
                 raw.tap_age_seconds,
                 "seconds until a capture counts as one of before (default 600)")
      ->check(CLI::Range(1U, kMaxTapAgeSeconds));
  app.add_option(
      "--tls-ca", options.tls.ca, "certificate of the authority that signed the server's");
  app.add_option("--tls-cert", options.tls.certificate, "this agent's certificate");
  app.add_option("--tls-key", options.tls.key, "its private key (mode 600)");
  app.add_option("--tls-server-name",
                 options.tls.server_name,
                 "the name in the server's certificate, if it is not the host of --server");
  app.add_flag("--insecure", raw.insecure, "allow a server on another machine without TLS");
  app.add_flag("--verbose", options.verbose, "say more");
  app.add_flag("--version", raw.version, "print the version");
}

// Flags that say what to do rather than how.
constexpr std::array<std::string_view, 10> kNoSettings = {"help",
                                                          "version",
                                                          "config",
                                                          "install",
                                                          "uninstall",
                                                          "prefix",
                                                          "root",
                                                          "no-startup",
                                                          "dry-run",
                                                          "purge"};

std::vector<ConfigKey> ConfigKeys(const CLI::App& app) {
  std::vector<ConfigKey> keys;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (std::find(kNoSettings.begin(), kNoSettings.end(), name) == kNoSettings.end()) {
        keys.push_back({name, option->get_type_size() > 0, name == "tag" || name == "tap-input"});
      }
    }
  }
  return keys;
}

Result<std::vector<std::string>> AddConfig(const std::vector<ConfigKey>& keys,
                                           const std::vector<std::string>& arguments) {
  const std::filesystem::path file = FindAgentConfig(arguments);
  if (file.empty()) {
    return arguments;
  }
  const auto text = ReadFile(file, kMaxConfigSize);
  if (!text.ok()) {
    return Usage("--config: " + text.status().message(), "give a file of KEY = VALUE lines");
  }
  const std::string_view view(reinterpret_cast<const char*>(text->data()), text->size());
  PLUMB_ASSIGN_OR_RETURN(const auto settings, ParseAgentConfig(view, file.string(), keys));
  return AddSettings(settings, keys, arguments);
}

// What was given beside --install, as lines for the configuration.
std::string SettingsGiven(const CLI::App& app) {
  std::string lines;
  for (const ConfigKey& key : ConfigKeys(app)) {
    const CLI::Option* option = app.get_option("--" + key.name);
    for (const std::string& value : option->results()) {
      lines += key.name + " = " + (key.takes_value ? value : "true") + "\n";
    }
  }
  return lines.empty() ? "" : "\n# Given to --install.\n" + lines;
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
  if (options.tap_inputs.size() > static_cast<size_t>(rpc::kMaxTensors)) {
    return Usage("--tap-input: more paths than a model has inputs",
                 "write one path with {} for the input's number");
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
  auto server = rpc::CheckDialAddress(raw.server, raw.insecure || options.tls.given());
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
  options.tap_age = std::chrono::seconds(raw.tap_age_seconds);
  if (raw.core) {
    options.runner_flags.insert(options.runner_flags.end(), {"--core", std::to_string(*raw.core)});
  }
  if (raw.priority) {
    options.runner_flags.insert(options.runner_flags.end(),
                                {"--priority", std::to_string(*raw.priority)});
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
                 "noise format padding hang ipu_hang crash nomem");
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
  DeclareInstalling(app, parsed.install, raw);
  const bool installs =
      std::any_of(arguments.begin(), arguments.end(), [](const std::string& argument) {
        return argument == "--install" || argument == "--uninstall";
      });
  std::vector<std::string> all = arguments;
  if (!installs) {
    PLUMB_ASSIGN_OR_RETURN(all, AddConfig(ConfigKeys(app), arguments));
  }
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(all.rbegin(), all.rend()));
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
  if (installs) {
    parsed.action = raw.install ? InstallAction::kInstall : InstallAction::kUninstall;
    parsed.install.settings = SettingsGiven(app);
    return parsed;
  }
  parsed.options.log = raw.log == "syslog" ? LogTarget::kSyslog : LogTarget::kStderr;
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
