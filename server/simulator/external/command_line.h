// A configured command as an argument array, with placeholders.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "server/simulator/external/produced.h"

namespace plumb::server {

// Splits like a shell does (spaces; '…', "…" and \ quote), but expands nothing: no variable, no
// pattern, no pipe. kInvalidArgument, reason usage: an open quote, nothing in it.
Result<std::vector<std::string>> SplitCommand(std::string_view command);

// Fills in {model}, {result}, {input} (the first), {input0}, {input1} … anywhere in a word, and
// {inputs} as a word of its own for all of them; {{ and }} stand for braces. kInvalidArgument,
// reason usage, names a placeholder that is not one of these, or an input the run has not.
Result<std::vector<std::string>> FillPlaceholders(const std::vector<std::string>& words,
                                                  const Job& job,
                                                  const std::filesystem::path& result);

}  // namespace plumb::server
