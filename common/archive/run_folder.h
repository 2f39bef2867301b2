// A run on disk: run.json, report.json and the legs reference/ and target/
// (docs/formats/run-archive.md). It appears under its name whole, or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "common/analysis/report.h"
#include "common/archive/recording.h"
#include "common/base/status.h"

namespace plumb::archive {

// What run.json says of a run besides its legs.
struct RunLabel {
  std::string run_id;
  std::string model_name;  // for people; may be empty
  int64_t created_unix_ms = 0;
  int64_t finished_unix_ms = 0;
};

// Writes into `<path>.XXXXXX.part` beside the final name; without Commit the folder is removed.
// Not thread-safe.
class RunFolderWriter {
 public:
  // kAlreadyExists when `path` exists.
  static Result<RunFolderWriter> Create(const std::filesystem::path& path);
  RunFolderWriter(RunFolderWriter&& other) noexcept;
  RunFolderWriter& operator=(RunFolderWriter&&) = delete;
  RunFolderWriter(const RunFolderWriter&) = delete;
  RunFolderWriter& operator=(const RunFolderWriter&) = delete;
  ~RunFolderWriter();

  // The folder as long as it is unfinished; what else lies in there comes along.
  [[nodiscard]] const std::filesystem::path& path() const { return temporary_; }

  // Where to create the leg's RecordingWriter.
  [[nodiscard]] std::filesystem::path LegFolder(analysis::Role role) const;

  // Writes run.json and report.json, syncs, renames. Legs without recording.json (the run failed
  // before they were whole) are removed first, so that nothing half-written is taken for a result.
  Status Commit(const RunLabel& label, const analysis::ComparisonReport& report);

 private:
  RunFolderWriter(std::filesystem::path path, std::filesystem::path temporary);

  std::filesystem::path path_;
  std::filesystem::path temporary_;
};

struct RunFolder {
  RunLabel label;
  analysis::ComparisonReport report;
  bool has_reference = false;
  bool has_target = false;
};

// True when `path` holds a run.json, respectively a recording.json.
bool IsRunFolder(const std::filesystem::path& path);
bool IsRecordingFolder(const std::filesystem::path& path);

Result<RunFolder> ReadRunFolder(const std::filesystem::path& path);

// The leg's folder: `path` itself when it is a leg, its part for `role` when it is a run.
Result<std::filesystem::path> FindLeg(const std::filesystem::path& path, analysis::Role role);

// Removes what crashed writers left below `folder` ("*.part"); for the start of a server that owns
// the folder.
Status RemoveUnfinishedRuns(const std::filesystem::path& folder);

}  // namespace plumb::archive
