// Runs as the server's core knows them: what was asked for and what is told to watchers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/analysis/report.h"
#include "common/analysis/tolerance.h"
#include "common/base/status.h"
#include "common/runner/runner.h"
#include "server/core/board.h"

namespace plumb::server {

enum class RunState { kQueued, kPreparing, kRunning, kJudging, kFinished };

enum class ReferenceKind { kBuiltin, kSgs, kCommand, kRecordedRun };

struct ReferenceChoice {
  ReferenceKind kind = ReferenceKind::kBuiltin;
  std::string run_id;  // of kRecordedRun: a finished run whose reference is replayed

  friend bool operator==(const ReferenceChoice&, const ReferenceChoice&) = default;
};

struct RunRequest {
  std::string request_id;  // drawn by the client; the same again means the same run
  Artifact model;          // paths are empty: found by digest
  std::string model_name;  // for people
  std::vector<Artifact> inputs;
  std::vector<std::string> input_names;
  BoardSelector board;
  uint32_t repetitions = 1;
  bool probe = true;
  std::chrono::milliseconds invoke_timeout{30'000};
  std::chrono::milliseconds deadline{600'000};
  ReferenceChoice reference;
  analysis::TolerancePolicy tolerance;
  std::string owner;          // fair share is between owners; never empty once it is taken
  int32_t priority = 0;       // -1000 to 1000, higher first
  uint32_t max_attempts = 1;  // 1 to 100: starts, should boards or servers be lost in the middle
  std::string pool;           // boards that the owner may use, as an expression; empty: all
  bool check_input = false;   // what the application on the board feeds comes first
  bool wait = false;          // also when no board that fits is connected
};

struct RunSummary {
  std::string run_id;
  RunState state = RunState::kQueued;
  std::string board;     // empty: none yet
  uint32_t attempt = 1;  // which start this is
  Artifact model;
  std::string model_name;
  int64_t created_unix_ms = 0;
  int64_t leased_unix_ms = 0;    // when a board was found; 0: not yet
  int64_t finished_unix_ms = 0;  // likewise
  analysis::Verdict verdict = analysis::Verdict::kNotCompared;
  int exit_code = 0;
  Status failure;
};

// A side said what the model is.
struct ModelLoaded {
  analysis::Role role = analysis::Role::kReference;
  ModelInfo model;
};

// Bytes of one output that arrived so far.
struct TensorBytes {
  analysis::Role role = analysis::Role::kReference;
  uint32_t index = 0;
  uint32_t repetition = 0;
  uint64_t received = 0;
  uint64_t total = 0;

  friend bool operator==(const TensorBytes&, const TensorBytes&) = default;
};

// One output compared; `report` is of the common prefix until `complete`.
struct TensorComparison {
  TensorDesc reference;
  TensorDesc target;
  uint64_t total = 0;  // valid values
  bool complete = false;
  analysis::TensorReport report;
};

struct RunNote {
  std::string text;
};

// What a session tells while it goes on.
using SessionEvent = std::variant<RunState, ModelLoaded, TensorBytes, TensorComparison, RunNote>;

}  // namespace plumb::server
