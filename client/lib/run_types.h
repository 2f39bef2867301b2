// What a client asks for and what it is told: plain values, nothing of the wire.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/analysis/report.h"
#include "common/analysis/tolerance.h"
#include "common/base/status.h"
#include "common/runner/runner.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::client {

// The connection to the server broke or never came to be: exit code 3.
constexpr std::string_view kReasonServerLost = "server_lost";

struct RunRequest {
  Artifact model;                // as EnsureArtifact returned them
  std::vector<Artifact> inputs;  // in the model's order
  std::string owner;             // for whom, where no certificate says it; empty: DefaultOwner()
  int32_t priority = 0;          // -1000 to 1000, higher first
  uint32_t max_attempts = 1;     // starts, should boards or servers be lost in the middle
  bool wait = false;             // also while no board that fits is connected
  bool check_input = false;      // compare what the application on the board feeds first
  std::string model_name;        // file names, for people reading lists and reports
  std::vector<std::string> input_names;
  std::vector<std::string> board;     // a name, or tags that must all fit; empty: any board
  std::string simulator = "builtin";  // "builtin", "sgs", "command"
  std::string reference_run;          // a finished run whose recorded reference is replayed
  uint32_t repetitions = 1;
  bool probe = true;
  std::chrono::milliseconds invoke_timeout{30'000};
  std::chrono::milliseconds deadline{600'000};  // of the whole run, waiting for a board included
  analysis::TolerancePolicy tolerance;
};

enum class RunState { kQueued, kPreparing, kRunning, kJudging, kFinished };

// "queued", "preparing", "running", "judging", "finished".
std::string_view RunStateName(RunState state);

// A run in one line.
struct RunSummary {
  std::string run_id;
  RunState state = RunState::kQueued;
  std::string board;  // empty: none yet
  std::string model_name;
  std::string model_sha256;
  int64_t created_unix_ms = 0;
  int64_t finished_unix_ms = 0;                                 // 0: not yet
  analysis::Verdict verdict = analysis::Verdict::kNotCompared;  // meaningful once finished
  int exit_code = 0;                                            // likewise
  Status error;  // why the run could not be judged; OK: none
};

// One output, both roles side by side. `report` is of the compared prefix while the run goes on.
struct TensorProgress {
  uint32_t index = 0;
  std::string name;
  std::optional<TensorDesc> reference;  // empty: not known yet
  std::optional<TensorDesc> target;
  uint64_t reference_bytes = 0;  // arrived so far, of reference->aligned_size
  uint64_t target_bytes = 0;
  uint32_t target_repetition = 0;  // the one target_bytes counts
  uint64_t compared = 0;           // valid elements
  uint64_t total = 0;
  uint64_t different_elements = 0;
  std::optional<double> cosine;  // metrics that do not exist (yet) are empty
  std::optional<double> relative_l1;
  std::optional<double> rmse;
  std::optional<double> max_abs_error;
  std::optional<double> max_lsb_error;
  std::optional<uint64_t> first_difference_index;
  std::optional<analysis::Verdict> verdict;  // empty until compared to the end
  std::string reason;
};

// Everything known of a run at one moment.
struct RunEvent {
  RunSummary run;
  std::optional<ModelInfo> reference_model;
  std::optional<ModelInfo> target_model;
  std::vector<TensorProgress> tensors;  // by index
  std::string note;                     // the latest remark for people; empty: none
  std::string report_json;              // plumb.comparison/1, only in the last event
};

enum class BoardState { kOffline, kIdle, kPreparing, kLeased, kQuarantined, kDraining };

// "idle", "leased", …
std::string_view ToString(BoardState state);

struct BoardSummary {
  std::string name;
  std::vector<std::string> tags;
  std::string family;  // of a virtual board; may be empty
  std::string abi;     // may be empty
  std::string agent_version;
  std::string run_id;  // the run it is at; empty: none
  int64_t connected_unix_ms = 0;
  BoardState state = BoardState::kIdle;
  std::string reason;         // why it is out of service
  int64_t since_unix_ms = 0;  // when it was put in or out of service
  int64_t seen_unix_ms = 0;
  std::string owner;  // of the run it is at
  int64_t lease_expires_unix_ms = 0;
  std::string reserved_by;  // empty: nobody
  int64_t reserved_until_unix_ms = 0;
  std::string server;  // that reaches it
};

}  // namespace plumb::client
