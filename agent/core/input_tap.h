// Gives the server what the application on this board feeds, from the files that it captured.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/core/uploader.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/rpc/messages.h"

namespace plumb::agent {

// An application captures one frame and goes on: a frame of before is no longer this run's.
constexpr std::chrono::seconds kDefaultTapAge{600};

struct InputTap {
  std::vector<std::string> paths;  // as CapturedInputPath takes them; empty: no tap
  std::chrono::seconds max_age = kDefaultTapAge;

  // Sends the inputs of `command` in index order, on the calling thread. Errors:
  // kFailedPrecondition with kReasonNoCapture for a file that cannot be used (captured_input.h says
  // which), those of Uploader::OnInput otherwise; the server's own no may be that the input is
  // another one than the PC's.
  Status Send(const rpc::RunCommand& command, Uploader& uploader, const CancelToken& cancel) const;
};

}  // namespace plumb::agent
