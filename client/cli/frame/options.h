// Option kinds that several verbs share. Each refuses a bad value with a text that says what a good
// one looks like.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/tensor/family.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace plumb::client {

// "30s", "250ms", "10m"; in milliseconds, above 0.
CLI::Option* AddDuration(CLI::App& app,
                         const std::string& flag,
                         int64_t& milliseconds,
                         const std::string& description);

// "1.x", "Q", "S1", "S3", "S6".
CLI::Option* AddFamily(CLI::App& app,
                       const std::string& flag,
                       std::optional<Family>& family,
                       const std::string& description);

}  // namespace plumb::client
