#include "agent/install/install.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "agent/install/writable_places.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::agent {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxProgram = uint64_t{256} << 20;
constexpr uint64_t kMaxText = uint64_t{1} << 20;
constexpr std::string_view kList = "share/plumbline/installed";
constexpr std::string_view kConfig = "etc/plumbline/agent.conf";
constexpr std::string_view kInitScript = "share/plumbline/plumb-agent.init";
constexpr std::string_view kPrefixMark = "@PREFIX@";

struct File {
  fs::path path;  // on the board, from its root on
  std::string bytes;
  bool program = false;
  bool keep = false;  // what is there already is the user's
};

// `path` of the board as this process sees it.
fs::path Seen(const InstallOptions& options, const fs::path& path) {
  return options.root / path.relative_path();
}

Status CheckPlaces(const InstallOptions& options) {
  const fs::path prefix = options.prefix.lexically_normal();
  if (!prefix.is_absolute() || prefix == "/" || !options.root.is_absolute()) {
    return InvalidArgumentError("--prefix and --root must be absolute folders, and --prefix not /")
        .WithReason(kReasonUsage)
        .WithHint("write --prefix /usr/local or --prefix /mnt/sd/plumbline");
  }
  return OkStatus();
}

Result<std::string> Read(const fs::path& path, uint64_t most) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path, most));
  return std::string(bytes.span().begin(), bytes.span().end());
}

Result<std::string> FromPackage(const InstallOptions& options, const char* name, uint64_t most) {
  auto bytes = Read(options.package / name, most);
  if (!bytes.ok()) {
    return NotFoundError("the package is not complete: " + bytes.status().message())
        .WithReason(kReasonUsage)
        .WithHint(
            "unpack plumbline-agent-VERSION-ARCH.tar.gz and run its bin/plumb-agent --install");
  }
  return bytes;
}

std::string WithPrefix(std::string text, const fs::path& prefix) {
  for (size_t at = text.find(kPrefixMark); at != std::string::npos;
       at = text.find(kPrefixMark, at)) {
    text.replace(at, kPrefixMark.size(), prefix.string());
    at += prefix.string().size();
  }
  return text;
}

std::string KeyOf(std::string_view line) {
  const size_t equals = line.find('=');
  return equals == std::string_view::npos ? "" : std::string(Trim(line.substr(0, equals)));
}

// The example, without the lines that `settings` replace, and `settings`.
std::string WithSettings(std::string_view example, std::string_view settings) {
  std::set<std::string> keys = {};
  for (const std::string& line : Split(settings, '\n')) {
    keys.insert(KeyOf(line));
  }
  keys.erase("");
  std::string text;
  for (const std::string& line : Split(example, '\n')) {
    text += keys.count(KeyOf(line)) > 0 ? "" : line + "\n";
  }
  text.pop_back();  // Split gives an empty piece after the last newline
  return text + std::string(settings);
}

// The start-up script and where this board wants it; an empty path: nowhere.
fs::path StartupPath(const InstallOptions& options) {
  std::error_code ignored;
  if (!options.startup) {
    return {};
  }
  if (fs::is_directory(Seen(options, "/etc/systemd/system"), ignored)) {
    return "/etc/systemd/system/plumb-agent.service";
  }
  const fs::path init = Seen(options, "/etc/init.d");
  if (fs::is_directory(init, ignored) && ::access(init.c_str(), W_OK) == 0) {
    return "/etc/init.d/S90plumbline";
  }
  return {};
}

Result<std::vector<File>> PlanFiles(const InstallOptions& options) {
  const fs::path& prefix = options.prefix;
  std::vector<File> files;
  for (const char* name : {"bin/plumb-agent", "bin/plumb-runner"}) {
    PLUMB_ASSIGN_OR_RETURN(std::string bytes, FromPackage(options, name, kMaxProgram));
    files.push_back({prefix / name, std::move(bytes), true, false});
  }
  PLUMB_ASSIGN_OR_RETURN(std::string config,
                         FromPackage(options, "share/plumbline/agent.conf", kMaxText));
  PLUMB_ASSIGN_OR_RETURN(std::string init,
                         FromPackage(options, "share/plumbline/plumb-agent.init", kMaxText));
  PLUMB_ASSIGN_OR_RETURN(std::string unit,
                         FromPackage(options, "share/plumbline/plumb-agent.service", kMaxText));
  init = WithPrefix(std::move(init), prefix);
  files.push_back({prefix / kInitScript, init, true, false});
  files.push_back({prefix / kConfig, WithSettings(config, options.settings), false, true});
  const fs::path startup = StartupPath(options);
  if (startup.extension() == ".service") {
    files.push_back({startup, WithPrefix(std::move(unit), prefix), false, false});
  } else if (!startup.empty()) {
    files.push_back({startup, std::move(init), true, false});
  }
  return files;
}

bool IsThere(const InstallOptions& options, const File& file) {
  std::error_code ignored;
  if (file.keep && fs::exists(Seen(options, file.path), ignored)) {
    return true;
  }
  const auto there = Read(Seen(options, file.path), kMaxProgram);
  return there.ok() && *there == file.bytes;
}

Status CheckRoom(const InstallOptions& options, const std::vector<File>& files) {
  uint64_t bytes = 0;
  for (const File& file : files) {
    bytes += IsThere(options, file) ? 0 : file.bytes.size();
  }
  PLUMB_ASSIGN_OR_RETURN(const Place place, PlaceOf(Seen(options, options.prefix)));
  if (bytes == 0 || (!place.read_only && place.free_bytes >= bytes)) {
    return OkStatus();
  }
  const auto mounts = Read("/proc/mounts", kMaxText);
  const std::string places = mounts.ok() ? WritablePlaces(*mounts, bytes) : "";
  return FailedPreconditionError("'" + options.prefix.string() +
                                 "' cannot take the agent: it needs " + HumanBytes(bytes) +
                                 (place.read_only
                                      ? ", and the file system is read-only"
                                      : ", and " + HumanBytes(place.free_bytes) + " are free"))
      .WithReason(kReasonUsage)
      .WithHint("--prefix DIR puts everything elsewhere" +
                (places.empty() ? ": an SD card, NFS or tmpfs" : "; there is room in " + places));
}

Status Write(const InstallOptions& options, const File& file) {
  const fs::path path = Seen(options, file.path);
  PLUMB_RETURN_IF_ERROR(MakeFolders(path.parent_path()));
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(path, file.bytes));
  std::error_code error;
  fs::permissions(path, static_cast<fs::perms>(file.program ? 0755 : 0644), error);
  return error ? ErrnoError(error.value(), "chmod '" + path.string() + "'") : OkStatus();
}

// A line for each file: the digest of what Install would write, and its path. A configuration that
// was there before therefore counts as changed.
std::string ListOf(const std::vector<File>& files) {
  std::string list;
  for (const File& file : files) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(file.bytes.data());
    list += Sha256Hex({bytes, file.bytes.size()}) + " " + file.path.string() + "\n";
  }
  return list;
}

std::string NextStep(const InstallOptions& options) {
  const std::string config = (options.prefix / kConfig).string();
  const fs::path startup = StartupPath(options);
  const std::string edit = "next: set server and name in " + config + ", then ";
  if (startup.extension() == ".service") {
    return edit + "systemctl enable --now plumb-agent";
  }
  if (!startup.empty()) {
    return edit + startup.string() + " start";
  }
  return edit + (options.prefix / kInitScript).string() +
         " start, from the board's own start-up script if it shall start by itself";
}

struct Listed {
  std::string digest;
  fs::path path;
};

Result<std::vector<Listed>> ReadList(const InstallOptions& options) {
  const fs::path path = Seen(options, options.prefix / kList);
  const auto text = Read(path, kMaxText);
  if (!text.ok()) {
    return NotFoundError("nothing is installed below '" + options.prefix.string() + "'")
        .WithReason(kReasonUsage)
        .WithHint("give the --prefix that --install was given");
  }
  std::vector<Listed> listed;
  for (const std::string& line : Split(*text, '\n')) {
    const size_t space = line.find(' ');
    if (line.empty()) {
      continue;
    }
    const fs::path file = space == std::string::npos ? "" : line.substr(space + 1);
    if (!file.is_absolute() || file != file.lexically_normal()) {
      return DataLossError("'" + path.string() + "' is damaged: " + EscapeForDisplay(line))
          .WithReason(kReasonUsage)
          .WithHint("remove the files by hand");
    }
    listed.push_back({line.substr(0, space), file});
  }
  return listed;
}

bool IsChangedConfig(const InstallOptions& options, const Listed& listed) {
  if (listed.path != options.prefix / kConfig) {
    return false;
  }
  const auto there = ReadFile(Seen(options, listed.path), kMaxText);
  return there.ok() && Sha256Hex(there->span()) != listed.digest;
}

// Folders of ours that nothing is left in, up to the prefix.
void RemoveEmptyFolders(const InstallOptions& options) {
  for (const char* folder : {"bin", "share/plumbline", "share", "etc/plumbline", "etc", ""}) {
    std::error_code ignored;
    const fs::path path = Seen(options, options.prefix / folder);
    if (fs::is_directory(path, ignored) && fs::is_empty(path, ignored)) {
      fs::remove(path, ignored);
    }
  }
}

}  // namespace

Result<std::vector<std::string>> Install(const InstallOptions& options) {
  PLUMB_RETURN_IF_ERROR(CheckPlaces(options));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<File> files, PlanFiles(options));
  PLUMB_RETURN_IF_ERROR(CheckRoom(options, files));
  std::vector<std::string> lines;
  for (const File& file : files) {
    const bool there = IsThere(options, file);
    lines.push_back((there             ? "there already "
                     : options.dry_run ? "would write   "
                                       : "wrote         ") +
                    file.path.string() + " (" + HumanBytes(file.bytes.size()) + ")");
    if (!there && !options.dry_run) {
      PLUMB_RETURN_IF_ERROR(Write(options, file));
    }
  }
  if (!options.dry_run) {
    PLUMB_RETURN_IF_ERROR(Write(options, {options.prefix / kList, ListOf(files), false, false}));
  }
  lines.push_back(NextStep(options));
  return lines;
}

Result<std::vector<std::string>> Uninstall(const InstallOptions& options) {
  PLUMB_RETURN_IF_ERROR(CheckPlaces(options));
  PLUMB_ASSIGN_OR_RETURN(std::vector<Listed> listed, ReadList(options));
  listed.push_back({"", options.prefix / kList});
  std::vector<std::string> lines;
  for (const Listed& one : listed) {
    const fs::path path = Seen(options, one.path);
    std::error_code error;
    if (!options.purge && IsChangedConfig(options, one)) {
      lines.push_back("kept          " + one.path.string() + " (changed; --purge removes it)");
      continue;
    }
    if (!options.dry_run) {
      fs::remove(path, error);
    }
    if (error) {
      return ErrnoError(error.value(), "remove '" + path.string() + "'");
    }
    lines.push_back((options.dry_run ? "would remove  " : "removed       ") + one.path.string());
  }
  if (!options.dry_run) {
    RemoveEmptyFolders(options);
  }
  return lines;
}

}  // namespace plumb::agent
