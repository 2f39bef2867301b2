// A suite's YAML file (docs/suite.md).
#pragma once

#include <filesystem>
#include <string_view>

#include "client/cli/suite/suite.h"
#include "common/base/status.h"

namespace plumb::client {

constexpr uint64_t kMaxSuiteFile = uint64_t{1} << 20;

// Reads `text` of the file `path`; names in it are relative to the folder of `path`. The models and
// inputs that it names must be there. Usage errors begin with "PATH:LINE: " and say what to write
// instead: unknown or repeated keys, wrong types, numbers out of range, patterns that fit nothing,
// two models of one name, more than kMaxSuiteCases cases.
Result<Suite> ParseSuite(std::string_view text, const std::filesystem::path& path);

}  // namespace plumb::client
