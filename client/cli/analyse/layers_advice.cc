// The advice of `plumb layers`, for people.
#include <algorithm>
#include <string_view>

#include "client/cli/analyse/layers_report.h"
#include "client/cli/frame/figures.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

constexpr size_t kTextWidth = 88;
constexpr size_t kShownEvidence = 4;
constexpr std::string_view kIndent = "     ";

// Words in lines of kTextWidth, each behind `indent`.
void SayWrapped(Console& console, const std::string& text, const std::string& indent, Style style) {
  std::string line;
  for (const std::string& word : Split(text, ' ')) {
    if (!line.empty() && line.size() + 1 + word.size() > kTextWidth) {
      console.Say({{indent + line, style}});
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  console.Say({{indent + line, style}});
}

// Names as the table shows them; --verbose has them whole.
void SayEvidence(Console& console, const advice::Evidence& evidence) {
  std::string text(kIndent);
  text += "-";
  const std::string whole =
      evidence.layer.empty() ? evidence.text : evidence.layer + ": " + evidence.text;
  for (const std::string& word : Split(whole, ' ')) {
    text += " ";
    text += console.verbose() ? word : ShortName(word);
  }
  console.Say({{text, Style::kDim}});
}

void SayOne(Console& console, size_t number, const advice::Advice& advice) {
  const std::string indent(kIndent);
  console.Say({{"  " + std::to_string(number) + "  "},
               {advice.rule, Style::kBold},
               {advice.section.empty() ? "" : "  SOP " + advice.section, Style::kDim}});
  SayWrapped(console, advice.what, indent, Style::kPlain);
  const size_t shown = console.verbose() ? advice.evidence.size() : kShownEvidence;
  for (size_t i = 0; i < std::min(shown, advice.evidence.size()); ++i) {
    SayEvidence(console, advice.evidence[i]);
  }
  const uint64_t more =
      advice.evidence_left_out + (advice.evidence.size() - std::min(shown, advice.evidence.size()));
  if (more > 0) {
    console.Say({{indent + "- and " + std::to_string(more) + " more", Style::kDim}});
  }
  for (const std::string& line : Split(advice.ini, '\n')) {
    if (!line.empty()) {
      console.Say(Line{{indent}, {"  "}, {line}});
    }
  }
  for (const std::string& command : advice.commands) {
    console.Say(Line{{indent}, {"$ "}, {command}});
  }
}

}  // namespace

void SayAdvice(Console& console, const std::vector<advice::Advice>& advice) {
  if (advice.empty()) {
    return;
  }
  console.Say("");
  console.Say({{"what to do, in this order", Style::kBold}});
  for (size_t i = 0; i < advice.size(); ++i) {
    SayOne(console, i + 1, advice[i]);
  }
  console.Say("");
}

}  // namespace plumb::client
