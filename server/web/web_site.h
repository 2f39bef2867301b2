// The web page and its JSON: which path is answered with what.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "server/core/server_core.h"
#include "server/http/http_server.h"
#include "server/web/farm_view.h"

namespace plumb::server {

// On one thread, never the strand's, which it waits for, two seconds at most. `core` must outlive
// it.
class WebSite {
 public:
  WebSite(std::string version, ServerCore* core) : version_(std::move(version)), core_(core) {}

  // "/", the page's files and all of "/api/"; nullopt for other paths. Paths are taken as they
  // are: none needs percent-encoding, so none is decoded. Errors are JSON with a code, for the API.
  std::optional<HttpReply> Answer(const HttpRequest& request);

 private:
  using Clock = std::chrono::steady_clock;

  Result<std::string> Document(const HttpRequest& request);
  Result<std::string> Run(const std::string& run_id);
  Result<std::string> Report(const std::string& run_id);
  Result<std::string> History(const std::string& sha256);
  // At most half a second old, so that many pages ask the store as often as one.
  Result<FarmView> Farm();
  Result<std::vector<RunSummary>> Runs(size_t max_count);
  HistoryView FactsOf(const RunSummary& run);

  std::string version_;
  ServerCore* core_;
  FarmView farm_;
  Clock::time_point farm_until_;
  std::map<std::string, HistoryView> facts_;  // of finished runs, which do not change
};

}  // namespace plumb::server
