// A run's request and outcome as the store keeps them: JSON that only servers read.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "server/core/run_types.h"
#include "server/store/records.h"

namespace plumb::server {

// Everything but request_id, owner, priority and max_attempts: those have columns of their own. The
// same request gives the same text.
std::string RequestToJson(const RunRequest& request);
// kDataLoss for what RequestToJson did not write. Digests, counts and times are checked again: the
// store is written by other servers, of other versions too.
Result<RunRequest> RequestFromJson(std::string_view text);

// What the run's board must be, as an expression: what was asked for, within the owner's pool.
std::string TagsOf(const RunRequest& request);

// The word that names how a run ended: the verdict, or the failure's reason.
std::string OutcomeOf(const RunSummary& run);
std::string ResultToJson(const RunSummary& run);

// What people and programs are told of a board that another server reaches.
struct BoardDescription {
  std::string family;
  std::string abi;
  std::string agent_version;
  int64_t connected_unix_ms = 0;
};

std::string DescriptionToJson(const BoardDescription& board);
// What cannot be read is empty.
BoardDescription ReadDescription(std::string_view text);

// A run as the store tells it: what a server says of a run that it does not have itself.
RunSummary SummaryFrom(const store::RunRecord& record);

}  // namespace plumb::server
