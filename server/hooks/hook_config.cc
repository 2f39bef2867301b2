#include "server/hooks/hook_config.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <optional>
#include <utility>

#include "common/archive/json_reader.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/suggest.h"
#include "common/base/text.h"

namespace plumb::server {
namespace {

using archive::JsonReader;

constexpr uint64_t kMaxConfig = uint64_t{1} << 20;
constexpr uint64_t kMostSeconds = 3600;
constexpr double kMostMinutes = 44'640;
constexpr const char* kHealth = "health";
constexpr std::array kHooks = {
    Hook::kBeforeLease, Hook::kAfterLease, Hook::kOnHang, Hook::kFlash, Hook::kPowerCycle};

std::string Quoted(std::string_view text) {
  return "'" + EscapeForDisplay(text) + "'";
}

Status DemandKnown(const JsonReader& object,
                   const std::string& where,
                   const std::vector<std::string>& known) {
  for (const std::string& key : object.Keys()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      const auto nearest = ClosestOf(key, known);
      return InvalidArgumentError(where + " has no key " + Quoted(key))
          .WithHint(nearest ? "did you mean " + Quoted(*nearest) + "?"
                            : "there are " + Join(known, ", "));
    }
  }
  return OkStatus();
}

Result<HookCommand> ReadCommand(const JsonReader& object, const std::string& where) {
  PLUMB_RETURN_IF_ERROR(DemandKnown(object, where, {"command", "timeout_seconds", "on_failure"}));
  HookCommand command;
  PLUMB_ASSIGN_OR_RETURN(command.argv, object.Strings("command"));
  if (command.argv.empty() || command.argv.front().empty()) {
    return object.Wrong("command", "a list of a program and its arguments");
  }
  const auto broken = [](const std::string& word) { return word.find('\0') != std::string::npos; };
  if (std::any_of(command.argv.begin(), command.argv.end(), broken)) {
    return object.Wrong("command", "without zero characters");
  }
  if (object.Has("timeout_seconds")) {
    PLUMB_ASSIGN_OR_RETURN(const uint64_t seconds, object.Uint("timeout_seconds", kMostSeconds));
    if (seconds == 0) {
      return object.Wrong("timeout_seconds", "between 1 and 3600");
    }
    command.timeout = std::chrono::seconds(seconds);
  }
  if (object.Has("on_failure")) {
    PLUMB_ASSIGN_OR_RETURN(const std::string policy, object.String("on_failure"));
    if (policy != "quarantine" && policy != "continue") {
      return object.Wrong("on_failure", "\"quarantine\" or \"continue\"");
    }
    command.quarantine = policy == "quarantine";
  }
  return command;
}

Result<HealthCheck> ReadHealth(const JsonReader& object, const std::string& where) {
  PLUMB_RETURN_IF_ERROR(
      DemandKnown(object, where, {"model", "inputs", "digest", "minutes", "after_failures"}));
  HealthCheck check;
  PLUMB_ASSIGN_OR_RETURN(check.model, object.String("model"));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<std::string> inputs, object.Strings("inputs"));
  check.inputs.assign(inputs.begin(), inputs.end());
  if (object.Has("digest")) {
    PLUMB_ASSIGN_OR_RETURN(check.digest, object.String("digest"));
    if (!IsSha256Hex(check.digest)) {
      return object.Wrong("digest", "64 lower-case hexadecimal digits");
    }
  }
  if (object.Has("minutes")) {
    PLUMB_ASSIGN_OR_RETURN(const double minutes, object.Number("minutes"));
    if (!(minutes > 0) || minutes > kMostMinutes) {
      return object.Wrong("minutes", "above 0, at most 44640 (31 days)");
    }
    check.every = std::chrono::milliseconds(std::max<int64_t>(1, std::llround(minutes * 60'000)));
  }
  if (object.Has("after_failures")) {
    PLUMB_ASSIGN_OR_RETURN(const uint64_t failures, object.Uint("after_failures", 1000));
    check.after_failures = static_cast<uint32_t>(failures);
  }
  return check;
}

Status Usage(const Status& status) {
  return Status(status).WithReason("usage");
}

Status FindFile(const std::filesystem::path& folder, std::filesystem::path* file) {
  *file = folder / *file;
  const auto size = FileSize(*file);
  return size.ok() ? OkStatus() : Usage(size.status().Annotate("the health check's file"));
}

}  // namespace

std::string_view HookName(Hook hook) {
  switch (hook) {
    case Hook::kBeforeLease:
      return "before_lease";
    case Hook::kAfterLease:
      return "after_lease";
    case Hook::kOnHang:
      return "on_hang";
    case Hook::kFlash:
      return "flash";
    case Hook::kPowerCycle:
      return "power_cycle";
  }
  return "unknown";
}

Result<HookConfig> HookConfig::Parse(std::string_view json) {
  const auto read = [&]() -> Result<HookConfig> {
    std::vector<std::string> names = {kHealth};
    for (const Hook hook : kHooks) {
      names.emplace_back(HookName(hook));
    }
    PLUMB_ASSIGN_OR_RETURN(const JsonReader all, JsonReader::Parse(json));
    HookConfig config;
    for (const std::string& pattern : all.Keys()) {
      PLUMB_ASSIGN_OR_RETURN(const JsonReader object, all.Object(pattern));
      PLUMB_RETURN_IF_ERROR(DemandKnown(object, "boards " + Quoted(pattern), names));
      Boards boards;
      boards.pattern = pattern;
      for (const Hook hook : kHooks) {
        const std::string name(HookName(hook));
        if (object.Has(name)) {
          PLUMB_ASSIGN_OR_RETURN(const JsonReader text, object.Object(name));
          PLUMB_ASSIGN_OR_RETURN(boards.hooks[hook],
                                 ReadCommand(text, "hook " + name + " of " + Quoted(pattern)));
        }
      }
      if (object.Has(kHealth)) {
        PLUMB_ASSIGN_OR_RETURN(const JsonReader text, object.Object(kHealth));
        PLUMB_ASSIGN_OR_RETURN(boards.health,
                               ReadHealth(text, "the health check of " + Quoted(pattern)));
      }
      config.boards_.push_back(std::move(boards));
    }
    return config;
  };
  auto config = read();
  return config.ok() ? std::move(config) : Result<HookConfig>(Usage(config.status()));
}

Result<HookConfig> HookConfig::Read(const std::filesystem::path& file) {
  struct stat info {};

  if (::stat(file.c_str(), &info) != 0) {
    return Usage(ErrnoError(errno, "--hooks " + Quoted(file.string())));
  }
  if ((info.st_mode & S_IWOTH) != 0) {
    return PermissionDeniedError("--hooks " + Quoted(file.string()) +
                                 ": everybody may write this file, and what is in it is run")
        .WithReason("usage")
        .WithHint("chmod o-w it");
  }
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(file, kMaxConfig));
  auto config = Parse(text.view());
  if (!config.ok()) {
    return config.status().Annotate("--hooks " + Quoted(file.string()));
  }
  for (Boards& boards : config->boards_) {
    if (boards.health) {
      PLUMB_RETURN_IF_ERROR(FindFile(file.parent_path(), &boards.health->model));
      for (std::filesystem::path& input : boards.health->inputs) {
        PLUMB_RETURN_IF_ERROR(FindFile(file.parent_path(), &input));
      }
    }
  }
  return config;
}

const HookConfig::Boards* HookConfig::Fitting(const std::string& board) const {
  const auto found = std::find_if(boards_.begin(), boards_.end(), [&](const Boards& boards) {
    return ::fnmatch(boards.pattern.c_str(), board.c_str(), 0) == 0;
  });
  return found == boards_.end() ? nullptr : &*found;
}

const HookCommand* HookConfig::Find(const std::string& board, Hook hook) const {
  const Boards* boards = Fitting(board);
  if (boards == nullptr) {
    return nullptr;
  }
  const auto found = boards->hooks.find(hook);
  return found == boards->hooks.end() ? nullptr : &found->second;
}

const HealthCheck* HookConfig::FindHealth(const std::string& board) const {
  const Boards* boards = Fitting(board);
  return boards != nullptr && boards->health ? &*boards->health : nullptr;
}

}  // namespace plumb::server
