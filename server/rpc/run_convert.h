// The run service's messages to and from the core's values, checked as common/rpc/convert.h says.
#pragma once

#include "plumb/v1/run.pb.h"
#include "plumb/v1/run_service.pb.h"

#include "common/base/status.h"
#include "server/core/run_journal.h"
#include "server/core/run_types.h"
#include "server/store/records.h"

namespace plumb::server {

Result<RunRequest> FromProto(const v1::StartRunRequest& request);

v1::RunSummary ToProto(const RunSummary& run);
v1::RunEvent ToProto(const JournalEvent& event);
v1::BoardSummary ToProto(const store::BoardRecord& board);

}  // namespace plumb::server
