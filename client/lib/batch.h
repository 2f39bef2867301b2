// Many inputs of one model on many boards: given out in order, watched to their verdicts, run again
// when a board is lost.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/lib/run_types.h"
#include "client/lib/server_port.h"
#include "common/base/cancel.h"
#include "common/base/status.h"

namespace plumb::client {

constexpr size_t kMaxBatchInputs = 100'000;
constexpr size_t kMaxBatchBoards = 32;

// The outcome of one input; there is one for each input that was run to an end.
struct BatchOutcome {
  size_t index = 0;
  analysis::Verdict verdict = analysis::Verdict::kNotCompared;
  int exit_code = 0;
  Status error;             // why it could not be judged; OK: none
  std::string board;        // where it came to its end
  std::string run_id;       // empty: it never became a run
  uint32_t losses = 0;      // boards lost under it before
  std::string report_json;  // plumb.comparison/1; empty: it never became a run
};

enum class BatchStep {
  kBoardJoined,    // `board` takes inputs from now on
  kStarted,        // `index` goes to `board`
  kFinished,       // `outcome`
  kBoardLost,      // with `index` on it, which will be run again; `why`
  kBoardSetAside,  // too many failures in a row; `why`
  kTick,           // nothing new; several times a second
};

struct BatchEvent {
  BatchStep step = BatchStep::kTick;
  size_t index = 0;
  std::string board;
  Status why;
  BatchOutcome outcome;
};

struct BatchOptions {
  size_t count = 0;         // inputs
  std::vector<bool> known;  // of an earlier batch: not run again
  RunRequest base;  // `prepare` fills in what differs from input to input; board is set here
  // Makes input `index` ready: uploads its files and puts them into `request`. Called on several
  // threads at once. Its error is the input's outcome, unless it has reason server_lost.
  std::function<Status(size_t index, const CancelToken& cancel, RunRequest* request)> prepare;
  // Whether a board may be used; all those that are idle are, now or later, up to max_boards.
  std::function<bool(const BoardSummary& board)> wants;
  size_t max_boards = kMaxBatchBoards;
  bool fail_fast = false;   // ends at the first input that does not match
  bool keep_going = false;  // no board is set aside, and no row of failures ends the batch
  std::optional<std::chrono::milliseconds> deadline;  // of the whole batch
  std::chrono::milliseconds poll{500};                // between looks at the list of boards
  std::chrono::milliseconds patience{30'000};         // without any board, once there was one
};

// An input whose board was lost this often is not run again: it may be the reason.
constexpr uint32_t kMaxLosses = 3;
// Failures of exit code 4 in a row after which a board is set aside (refused inputs not counted).
constexpr uint32_t kBoardFailures = 3;
// Inputs in a row without a verdict after which the batch ends.
constexpr uint32_t kFailuresInARow = 10;

struct BatchEnd {
  // Why not all inputs have an outcome: cancelled, deadline, server or boards lost. OK although
  // some have none: fail_fast.
  Status error;
  size_t run_again = 0;  // inputs given out again, each time counted
};

// Gives the inputs out until each has an outcome or the batch ends. Two inputs are under way for
// each board: while one runs, the next is made ready and waits at the server. `on_event` is called
// on this thread. Memory does not grow with `count` but for a few bytes each. On cancellation all
// runs are cancelled and awaited, a few seconds at most.
BatchEnd RunBatch(ServerPort* port,
                  const BatchOptions& options,
                  const std::function<void(const BatchEvent& event)>& on_event,
                  const CancelToken& cancel);

}  // namespace plumb::client
