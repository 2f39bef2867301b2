// `plumb completion SHELL`: prints a script that completes verbs and flags.
#include "client/cli/frame/command_line.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

// One `case` line a verb: its flags.
std::string FlagCases() {
  std::string text;
  for (const VerbEntry& entry : AllVerbs()) {
    const std::unique_ptr<Verb> verb = entry.make();
    CommonOptions common;
    const std::unique_ptr<CLI::App> app = MakeApp(*verb, common);
    text +=
        "    '" + std::string(entry.name) + "') words='" + Join(FlagNames(*app), " ") + "' ;;\n";
  }
  return text;
}

std::string FirstWords() {
  std::vector<std::string> words;
  for (const VerbEntry& entry : AllVerbs()) {
    const std::string first = Split(entry.name, ' ').front();
    if (words.empty() || words.back() != first) {
      words.push_back(first);
    }
  }
  return Join(words, " ");
}

// `case` lines for the first words of verbs of two words.
std::string GroupCases() {
  std::map<std::string, std::vector<std::string>> groups;
  for (const VerbEntry& entry : AllVerbs()) {
    const std::vector<std::string> words = Split(entry.name, ' ');
    if (words.size() == 2) {
      groups[words[0]].push_back(words[1]);
    }
  }
  std::string text;
  for (const auto& [first, seconds] : groups) {
    text += "    '" + first + "') seconds='" + Join(seconds, " ") + "' ;;\n";
  }
  return text;
}

std::string BashScript() {
  return "# Completion of plumb for bash:  eval \"$(plumb completion bash)\"\n"
         "_plumb() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]-} words='' seconds=''\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W '" +
         FirstWords() +
         " --help --version' -- \"$current\"))\n"
         "    return\n"
         "  fi\n"
         "  case $verb in\n" +
         GroupCases() +
         "    *) ;;\n"
         "  esac\n"
         "  if [ -n \"$seconds\" ]; then\n"
         "    if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
         "      COMPREPLY=($(compgen -W \"$seconds\" -- \"$current\"))\n"
         "      return\n"
         "    fi\n"
         "    verb=\"$verb ${COMP_WORDS[2]}\"\n"
         "  fi\n"
         "  case $verb in\n" +
         FlagCases() +
         "    *) ;;\n"
         "  esac\n"
         "  case $current in\n"
         "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$current\")) ;;\n"
         "    *) COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _plumb plumb\n";
}

class CompletionVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"completion",
            "Print a script that completes verbs and flags in a shell",
            "The shell is bash or zsh. For every new shell, put the example's line into ~/.bashrc\n"
            "or ~/.zshrc.",
            "eval \"$(plumb completion bash)\""};
  }

  void Declare(CLI::App& app) override {
    app.add_option("SHELL", shell_, "bash or zsh")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}));
  }

  Result<int> Run(VerbContext& context) override {
    const bool zsh = shell_ == "zsh";
    context.console.Raw(zsh ? "autoload -U +X bashcompinit && bashcompinit\n" + BashScript()
                            : BashScript());
    return kExitMatch;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Verb> MakeCompletionVerb() {
  return std::make_unique<CompletionVerb>();
}

}  // namespace plumb::client
