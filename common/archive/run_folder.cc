#include "common/archive/run_folder.h"

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "common/archive/json_reader.h"
#include "common/archive/report_json.h"
#include "common/base/file.h"
#include "common/base/ids.h"
#include "common/base/text.h"

#include <nlohmann/json.hpp>

namespace plumb::archive {
namespace {

namespace fs = std::filesystem;
using analysis::Role;

constexpr std::string_view kSchema = "plumb.run/1";
constexpr const char* kRunFile = "run.json";
constexpr const char* kReportFile = "report.json";
constexpr std::string_view kPartSuffix = ".part";
constexpr uint64_t kMaxRunText = uint64_t{64} << 20;

std::string Quoted(const fs::path& path) {
  return "'" + EscapeForDisplay(path.string()) + "'";
}

bool IsPlainFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(fs::symlink_status(path, error));
}

fs::path Leg(const fs::path& run, Role role) {
  return run / std::string(analysis::RoleName(role));
}

std::string RunToJson(const RunLabel& label, const fs::path& folder) {
  nlohmann::ordered_json json;
  json["schema"] = kSchema;
  json["run_id"] = JsonText(label.run_id);
  json["model_name"] = JsonText(label.model_name);
  json["created_unix_ms"] = label.created_unix_ms;
  json["finished_unix_ms"] = label.finished_unix_ms;
  json["legs"] = nlohmann::ordered_json::array();
  for (const Role role : {Role::kReference, Role::kTarget}) {
    if (IsRecordingFolder(Leg(folder, role))) {
      json["legs"].push_back(analysis::RoleName(role));
    }
  }
  return json.dump(2) + "\n";
}

Result<JsonReader> ReadObject(const fs::path& path) {
  if (!IsPlainFile(path)) {
    return NotFoundError(Quoted(path) + " is not a plain file");
  }
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(path, kMaxRunText));
  auto json = JsonReader::Parse(text.view());
  if (!json.ok()) {
    return json.status().Annotate(Quoted(path));
  }
  return json;
}

}  // namespace

RunFolderWriter::RunFolderWriter(fs::path path, fs::path temporary)
    : path_(std::move(path)),
      temporary_(std::move(temporary)) {}

RunFolderWriter::RunFolderWriter(RunFolderWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

RunFolderWriter::~RunFolderWriter() {
  if (!temporary_.empty()) {
    std::error_code error;
    fs::remove_all(temporary_, error);
  }
}

Result<RunFolderWriter> RunFolderWriter::Create(const fs::path& path) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) {
    return AlreadyExistsError(Quoted(path) + " exists already");
  }
  if (path.has_parent_path()) {
    PLUMB_RETURN_IF_ERROR(MakeFolders(path.parent_path()));
  }
  const fs::path temporary =
      path.string() + "." + RandomId().substr(0, 12) + std::string(kPartSuffix);
  if (!fs::create_directory(temporary, error)) {
    return ErrnoError(error ? error.value() : EEXIST, "cannot make " + Quoted(temporary));
  }
  return RunFolderWriter(path, temporary);
}

fs::path RunFolderWriter::LegFolder(Role role) const {
  return Leg(temporary_, role);
}

Status RunFolderWriter::Commit(const RunLabel& label, const analysis::ComparisonReport& report) {
  if (temporary_.empty()) {
    return FailedPreconditionError("the run was committed already");
  }
  for (const Role role : {Role::kReference, Role::kTarget}) {
    std::error_code error;
    if (!IsRecordingFolder(LegFolder(role))) {
      fs::remove_all(LegFolder(role), error);
    }
  }
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(temporary_ / kReportFile, ReportToJson(report)));
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(temporary_ / kRunFile, RunToJson(label, temporary_)));
  // rename() replaces an empty folder in silence; whoever made it meanwhile is not overwritten.
  if (fs::exists(path_)) {
    return AlreadyExistsError(Quoted(path_) + " exists already");
  }
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return ErrnoError(errno, "cannot finish " + Quoted(path_));
  }
  temporary_.clear();
  return SyncFolder(path_.parent_path());
}

bool IsRunFolder(const fs::path& path) {
  return IsPlainFile(path / kRunFile);
}

bool IsRecordingFolder(const fs::path& path) {
  return IsPlainFile(path / kRecordingFile);
}

Result<RunFolder> ReadRunFolder(const fs::path& path) {
  PLUMB_ASSIGN_OR_RETURN(const auto json, ReadObject(path / kRunFile));
  PLUMB_ASSIGN_OR_RETURN(const std::string schema, json.String("schema"));
  if (schema != kSchema) {
    return json.Wrong("schema", std::string(kSchema)).Annotate(Quoted(path / kRunFile));
  }
  RunFolder run;
  PLUMB_ASSIGN_OR_RETURN(run.label.run_id, json.String("run_id"));
  PLUMB_ASSIGN_OR_RETURN(run.label.model_name, json.String("model_name"));
  PLUMB_ASSIGN_OR_RETURN(run.label.created_unix_ms, json.Int("created_unix_ms", 0, INT64_MAX));
  PLUMB_ASSIGN_OR_RETURN(run.label.finished_unix_ms, json.Int("finished_unix_ms", 0, INT64_MAX));
  if (!IsPlainFile(path / kReportFile)) {
    return NotFoundError(Quoted(path / kReportFile) + " is not a plain file");
  }
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(path / kReportFile, kMaxRunText));
  auto report = ReportFromJson(text.view());
  if (!report.ok()) {
    return report.status().Annotate(Quoted(path / kReportFile));
  }
  run.report = *std::move(report);
  run.has_reference = IsRecordingFolder(Leg(path, Role::kReference));
  run.has_target = IsRecordingFolder(Leg(path, Role::kTarget));
  return run;
}

Result<fs::path> FindLeg(const fs::path& path, Role role) {
  if (IsRecordingFolder(path)) {
    return path;
  }
  if (!IsRunFolder(path)) {
    return NotFoundError(Quoted(path) + " is neither a recorded run nor one of its legs")
        .WithHint("name a folder with run.json or recording.json in it");
  }
  if (!IsRecordingFolder(Leg(path, role))) {
    return NotFoundError("the run " + Quoted(path) + " has no " +
                         std::string(analysis::RoleName(role)) +
                         " leg: that side failed before its outputs were whole")
        .WithHint("see its report.json for the error");
  }
  return Leg(path, role);
}

Status RemoveUnfinishedRuns(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) {
    return ErrnoError(error.value(), "cannot list " + Quoted(folder));
  }
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (entries->path().extension() == kPartSuffix) {
      std::error_code failure;
      fs::remove_all(entries->path(), failure);
      if (failure) {
        return ErrnoError(failure.value(), "cannot remove " + Quoted(entries->path()));
      }
    }
  }
  return error ? ErrnoError(error.value(), "cannot list " + Quoted(folder)) : OkStatus();
}

}  // namespace plumb::archive
