// A listed board from the wire.
#pragma once

#include "plumb/v1/run.pb.h"

#include "client/lib/run_types.h"

namespace plumb::client {

// What a server lists is shown, whatever it is; made harmless, so that --json is as well.
BoardSummary FromWire(const v1::BoardSummary& wire);

}  // namespace plumb::client
