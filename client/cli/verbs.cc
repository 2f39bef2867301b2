#include "client/cli/verbs.h"

#include <array>

namespace plumb::client {
namespace {

constexpr std::array kVerbs = {
    VerbEntry{"compare", MakeCompareVerb},
    VerbEntry{"compile", MakeCompileVerb},
    VerbEntry{"input make", MakeInputMakeVerb},
    VerbEntry{"completion", MakeCompletionVerb},
};

}  // namespace

std::span<const VerbEntry> AllVerbs() {
  return kVerbs;
}

}  // namespace plumb::client
