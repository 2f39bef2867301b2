// The documents under /api/v1/ (docs/web-page.md). Compact JSON in UTF-8; text from elsewhere that
// is not UTF-8 is escaped; a number or time that does not exist is null.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/core/run_journal.h"
#include "server/web/farm_view.h"

namespace plumb::server {

std::string FarmJson(const FarmView& farm,
                     const std::vector<RunSummary>& runs,
                     const std::string& version);
std::string BoardsJson(const FarmView& farm);
std::string RunsJson(const std::vector<RunSummary>& runs);
// `note`: what the session said last; `report`: the report's JSON once there is one, empty before.
std::string RunJson(const RunSnapshot& snapshot,
                    const std::string& note,
                    const std::string& report);
// `history`: newest first.
std::string HistoryJson(const std::string& model_sha256, const std::vector<HistoryView>& history);
std::string ErrorJson(const Status& error);

}  // namespace plumb::server
