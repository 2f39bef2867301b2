// Pieces that several documents of web_json.h share.
#pragma once

#include <cstdint>
#include <string>

#include "server/core/run_types.h"

#include <nlohmann/json.hpp>

namespace plumb::server {

using WebJson = nlohmann::ordered_json;

WebJson RunToJson(const RunSummary& run);
// Null for 0.
WebJson TimeToJson(int64_t unix_ms);
// Null for OK.
WebJson StatusToJson(const Status& status);
std::string DumpJson(const WebJson& json);

}  // namespace plumb::server
