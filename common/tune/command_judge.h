// A judge that is a command of the user's, with the exit codes of `git bisect run`.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/tune/minimal_set.h"

namespace plumb::tune {

struct CommandJudgeOptions {
  // For /bin/sh. Every "{ini}" becomes the path of the file that `write` makes, quoted.
  std::string command;
  // Writes the configuration in which exactly these tensors are raised.
  std::function<Status(std::span<const size_t> on, const std::filesystem::path& path)> write;
  std::filesystem::path folder;  // exists; holds the configuration and what the command prints
  std::chrono::milliseconds timeout{600'000};  // of one judgement
};

// Exit 0: meets. 1…124, 126, 127: misses. 125: cannot be judged. Everything else (128 and above, a
// signal), a time-out and a command that cannot be started end the search: kUnavailable or
// kDeadlineExceeded, with the end of what the command printed.
Result<Judge> MakeCommandJudge(CommandJudgeOptions options, const CancelToken& cancel);

}  // namespace plumb::tune
