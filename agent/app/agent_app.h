// The agent put together: cache, runner, link, state machine.
#pragma once

#include "agent/app/agent_options.h"
#include "common/base/cancel.h"
#include "common/base/status.h"

namespace plumb::agent {

// Serves the server until `stop`, then ends the current run and returns OK within seconds. An
// error: it could not begin (no runner program, cache folder not usable).
Status RunAgent(const AgentOptions& options, const CancelToken& stop);

}  // namespace plumb::agent
