// The table of verbs.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "client/cli/frame/verb.h"

namespace plumb::client {

using VerbFactory = std::unique_ptr<Verb> (*)();

struct VerbEntry {
  std::string_view name;  // equals info().name of what the factory makes
  VerbFactory make;
};

// All verbs, in the order of `plumb --help`.
std::span<const VerbEntry> AllVerbs();

std::unique_ptr<Verb> MakeAuditVerb();
std::unique_ptr<Verb> MakeBoardsVerb();
std::unique_ptr<Verb> MakeDrainVerb();
std::unique_ptr<Verb> MakeQuarantineVerb();
std::unique_ptr<Verb> MakeReleaseVerb();
std::unique_ptr<Verb> MakeReserveVerb();
std::unique_ptr<Verb> MakeTokenAddVerb();
std::unique_ptr<Verb> MakeTokenListVerb();
std::unique_ptr<Verb> MakeTokenRevokeVerb();
std::unique_ptr<Verb> MakeUndrainVerb();
std::unique_ptr<Verb> MakeBundleVerb();
std::unique_ptr<Verb> MakeCancelVerb();
std::unique_ptr<Verb> MakeCompareVerb();
std::unique_ptr<Verb> MakeCompileVerb();
std::unique_ptr<Verb> MakeCompletionVerb();
std::unique_ptr<Verb> MakeDebugVerb();
std::unique_ptr<Verb> MakeDoctorVerb();
std::unique_ptr<Verb> MakeDumpVerb();
std::unique_ptr<Verb> MakeInputCheckVerb();
std::unique_ptr<Verb> MakeInputExplainVerb();
std::unique_ptr<Verb> MakeInputMakeVerb();
std::unique_ptr<Verb> MakeInspectVerb();
std::unique_ptr<Verb> MakeLayersVerb();
std::unique_ptr<Verb> MakeQuantParamsVerb();
std::unique_ptr<Verb> MakeQuantizeVerb();
std::unique_ptr<Verb> MakeReportVerb();
std::unique_ptr<Verb> MakeRunVerb();
std::unique_ptr<Verb> MakeSubmitVerb();
std::unique_ptr<Verb> MakeRunsVerb();
std::unique_ptr<Verb> MakeTuneVerb();
std::unique_ptr<Verb> MakeWatchVerb();

}  // namespace plumb::client
