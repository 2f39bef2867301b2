// One input of a batch on one board: started, watched, and what its end means to the batch.
#pragma once

#include "client/lib/batch.h"

namespace plumb::client {

enum class Ending {
  kOutcome,     // judged, or failed on its own account
  kBoardLost,   // its board was lost while it may have been running
  kBoardGone,   // its board went before it was started
  kStopped,     // the batch ended first
  kServerLost,  // nothing more can be had
};

struct OneRun {
  Ending ending = Ending::kOutcome;
  Status why;            // of everything but kOutcome
  BatchOutcome outcome;  // of kOutcome and kBoardLost; index, board and losses are the caller's
};

// Blocks. When `stop` is cancelled the run is too, and its end awaited until `grace` is cancelled.
// A server that takes no more runs just now is asked again until `stop`.
OneRun RunOne(ServerPort* port,
              const RunRequest& request,
              const CancelToken& stop,
              const CancelToken& grace);

// The ending that an error of an input means, wherever it comes from.
Ending EndingOf(const Status& error);

}  // namespace plumb::client
