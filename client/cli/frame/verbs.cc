#include "client/cli/frame/verbs.h"

#include <array>

namespace plumb::client {
namespace {

constexpr std::array kVerbs = {
    VerbEntry{"run", MakeRunVerb},
    VerbEntry{"compare", MakeCompareVerb},
    VerbEntry{"layers", MakeLayersVerb},
    VerbEntry{"debug", MakeDebugVerb},
    VerbEntry{"quantize", MakeQuantizeVerb},
    VerbEntry{"compile", MakeCompileVerb},
    VerbEntry{"quant-params", MakeQuantParamsVerb},
    VerbEntry{"dump", MakeDumpVerb},
    VerbEntry{"tune", MakeTuneVerb},
    VerbEntry{"input make", MakeInputMakeVerb},
    VerbEntry{"input explain", MakeInputExplainVerb},
    VerbEntry{"input check", MakeInputCheckVerb},
    VerbEntry{"report", MakeReportVerb},
    VerbEntry{"bundle", MakeBundleVerb},
    VerbEntry{"inspect", MakeInspectVerb},
    VerbEntry{"boards", MakeBoardsVerb},
    VerbEntry{"reserve", MakeReserveVerb},
    VerbEntry{"release", MakeReleaseVerb},
    VerbEntry{"drain", MakeDrainVerb},
    VerbEntry{"undrain", MakeUndrainVerb},
    VerbEntry{"quarantine", MakeQuarantineVerb},
    VerbEntry{"audit", MakeAuditVerb},
    VerbEntry{"token add", MakeTokenAddVerb},
    VerbEntry{"token list", MakeTokenListVerb},
    VerbEntry{"token revoke", MakeTokenRevokeVerb},
    VerbEntry{"submit", MakeSubmitVerb},
    VerbEntry{"runs", MakeRunsVerb},
    VerbEntry{"watch", MakeWatchVerb},
    VerbEntry{"cancel", MakeCancelVerb},
    VerbEntry{"doctor", MakeDoctorVerb},
    VerbEntry{"completion", MakeCompletionVerb},
};

}  // namespace

std::span<const VerbEntry> AllVerbs() {
  return kVerbs;
}

}  // namespace plumb::client
