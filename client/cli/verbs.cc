#include "client/cli/verbs.h"

#include <array>

namespace plumb::client {
namespace {

constexpr std::array kVerbs = {
    VerbEntry{"run", MakeRunVerb},
    VerbEntry{"compare", MakeCompareVerb},
    VerbEntry{"layers", MakeLayersVerb},
    VerbEntry{"quantize", MakeQuantizeVerb},
    VerbEntry{"compile", MakeCompileVerb},
    VerbEntry{"quant-params", MakeQuantParamsVerb},
    VerbEntry{"dump", MakeDumpVerb},
    VerbEntry{"tune", MakeTuneVerb},
    VerbEntry{"input make", MakeInputMakeVerb},
    VerbEntry{"input explain", MakeInputExplainVerb},
    VerbEntry{"input check", MakeInputCheckVerb},
    VerbEntry{"inspect", MakeInspectVerb},
    VerbEntry{"boards", MakeBoardsVerb},
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
