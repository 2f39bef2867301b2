// Runs the cases of a suite: many at once, each where the farm's queue puts it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/suite/suite.h"
#include "client/lib/batch.h"
#include "client/lib/server_port.h"
#include "common/base/cancel.h"
#include "common/base/status.h"

namespace plumb::client {

struct SuitePlan {
  ServerPort* port = nullptr;
  const Suite* suite = nullptr;
  const std::vector<SuiteCase>* cases = nullptr;
  std::vector<bool> known;                            // of an earlier command: not run again
  size_t jobs = 1;                                    // runs that wait or run at a time
  bool fail_fast = false;                             // ends at the first case that does not match
  std::optional<std::chrono::milliseconds> deadline;  // of the whole suite
};

struct SuiteEvent {
  enum class Kind { kStarted, kFinished, kTick } kind = Kind::kTick;
  size_t index = 0;                  // of the case
  BatchOutcome outcome;              // of kFinished
  std::vector<std::string> sources;  // likewise: SHA-256 of the input's files
};

// The next case is the first of the column of boards that has the fewest under way (of equals, the
// first in the suite): boards that are busy, or waited for, keep no others idle. Each file is
// uploaded once.
//
// Blocks until every case has come to its end, or the first of these: `cancel`, the server is lost,
// `deadline`, `fail_fast`. `on_event` is called on this thread, several times a second. Runs under
// way are then cancelled and awaited for some seconds. The error: why not every case has an
// outcome; OK after fail_fast.
Status RunSuite(const SuitePlan& plan,
                const std::function<void(const SuiteEvent& event)>& on_event,
                const CancelToken& cancel);

}  // namespace plumb::client
