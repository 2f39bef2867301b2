#include "client/cli/verbs.h"

#include <array>

namespace plumb::client {
namespace {

constexpr std::array kVerbs = {
    VerbEntry{"compare", MakeCompareVerb},
    VerbEntry{"quantize", MakeQuantizeVerb},
    VerbEntry{"compile", MakeCompileVerb},
    VerbEntry{"input make", MakeInputMakeVerb},
    VerbEntry{"dump", MakeDumpVerb},
    VerbEntry{"completion", MakeCompletionVerb},
};

}  // namespace

std::span<const VerbEntry> AllVerbs() {
  return kVerbs;
}

}  // namespace plumb::client
