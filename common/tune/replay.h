// What was judged so far, kept in a file so that a search that was interrupted goes on where it
// was.
//
// JSON lines: first {"schema": "plumb.tune-replay/1", "problem": SHA-256}, then one line for each
// judgement: {"on": [names…], "judgement": "meets|misses|unknown"}. A last line without its end,
// left by a crash, is dropped.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/base/unique_fd.h"
#include "common/tune/minimal_set.h"

namespace plumb::tune {

// Not thread-safe.
class Replay {
 public:
  // `problem` says what is searched, so that another search's file is refused: kFailedPrecondition.
  // Made where it is missing. kInvalidArgument with the line for what cannot be read.
  static Result<Replay> Open(const std::filesystem::path& path,
                             const std::string& problem,
                             std::span<const Candidate> candidates);

  // Judgements that were there when it was opened.
  [[nodiscard]] size_t loaded() const { return loaded_; }

  // A judge that asks `judge` only for what is not in the file, and writes each answer, synced,
  // before it is given. Refers to this object and to `judge`.
  [[nodiscard]] Judge Wrap(Judge judge);

 private:
  Replay() = default;

  Status Load(const std::string& text, const std::string& problem);
  Status LoadLine(const std::string& line);
  Status Append(const std::string& line);

  UniqueFd file_;
  std::filesystem::path path_;
  std::vector<std::string> names_;  // of the candidates
  std::map<std::string, size_t> indices_;
  std::map<std::vector<size_t>, Judgement> known_;
  size_t loaded_ = 0;
};

}  // namespace plumb::tune
