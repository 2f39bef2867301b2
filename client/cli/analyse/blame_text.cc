// `plumb layers --mode isolated` for people.
#include <algorithm>

#include "client/cli/analyse/layers_blame.h"
#include "client/cli/frame/figures.h"
#include "client/cli/frame/table.h"

namespace plumb::client {
namespace {

using blame::Blame;
using blame::LayerBlame;

Style StyleOf(Blame blame) {
  return blame::IsBlamed(blame)       ? Style::kBad
         : blame == Blame::kUnknown   ? Style::kWarning
         : blame == Blame::kInherited ? Style::kDim
                                      : Style::kGood;
}

std::string ShownName(const Console& console, const BlameFindings& findings, uint32_t tensor) {
  const std::string& name = findings.tensors.at(tensor);
  const auto found = findings.vendor_names.find(name);
  const std::string& whole = found == findings.vendor_names.end() ? name : found->second;
  return console.verbose() ? whole : ShortName(whole, 44);
}

std::string OpOf(const BlameFindings& findings, uint32_t tensor) {
  const auto found = findings.ops.find(findings.tensors.at(tensor));
  return found == findings.ops.end() ? "" : found->second;
}

std::string Said(const LayerBlame& layer) {
  switch (layer.blame) {
    case Blame::kNone:
      return "-";
    case Blame::kInherited:
      return "innocent: inherited";
    case Blame::kCoarse:
      return "BLAMED: coarse";
    case Blame::kBroken:
      return "BLAMED: broken";
    case Blame::kUnknown:
      break;
  }
  return "not run alone: " + layer.reason;
}

std::optional<double> RelativeL1(const std::optional<blame::LayerError>& error) {
  return error ? error->relative_l1 : std::nullopt;
}

const blame::OutputError* Worst(const std::vector<blame::OutputError>& outputs) {
  const auto error_of = [](const blame::OutputError& output) {
    return std::pair(!output.error.within, output.error.relative_l1.value_or(1e300));
  };
  const auto worst =
      std::max_element(outputs.begin(), outputs.end(), [&](const auto& a, const auto& b) {
        return error_of(a) < error_of(b);
      });
  return worst == outputs.end() ? nullptr : &*worst;
}

std::string WorstText(const BlameFindings& findings,
                      const std::vector<blame::OutputError>& outputs) {
  const blame::OutputError* worst = Worst(outputs);
  if (worst == nullptr) {
    return "no output could be compared";
  }
  return "worst output " + ShortName(findings.tensors.at(worst->tensor), 44) + ": cosine " +
         SixDecimals(worst->error.cosine) + ", rel_l1 " + SixDecimals(worst->error.relative_l1) +
         (worst->error.within ? ", within bounds" : ", out of bounds");
}

std::string WhyBlamed(const LayerBlame& layer) {
  const std::string error = "alone rel_l1 " + SixDecimals(RelativeL1(layer.local)) + ", rel_l2 " +
                            FourDigits(layer.local ? layer.local->relative_l2 : std::nullopt) +
                            " where rounding explains " + FourDigits(layer.expected);
  return error + (layer.blame == Blame::kBroken
                      ? ": it computes something else; look at its weights"
                      : ": too few bits for it, or a wrong range; raise its input to INT16");
}

size_t Count(const BlameFindings& findings, Blame blame) {
  return static_cast<size_t>(
      std::count_if(findings.layers.begin(), findings.layers.end(), [blame](const auto& layer) {
        return layer.blame == blame;
      }));
}

void SayRest(Console& console, const BlameFindings& findings) {
  const blame::Excuses& excuses = findings.excuses;
  const bool within = excuses.culprits.empty() ? excuses.within : excuses.culprits.back().within;
  const std::string who = excuses.culprits.empty() ? "no layer is blamed" : "all of them excused";
  if (!within) {
    console.Say({{"           " + who +
                      " and the outputs are out of bounds: what is left is the sum of all layers' "
                      "roundings. Try ALL_INT16, or 'plumb tune'",
                  Style::kBold}});
  }
  if (excuses.unlike > 0) {
    console.Say({{"note: ", Style::kWarning},
                 {std::to_string(excuses.unlike) + " of " + std::to_string(excuses.compared) +
                  " layers of TARGET are not what " + findings.model + " computes, the first is '" +
                  findings.tensors.at(*excuses.first_unlike) +
                  "': is it the model that TARGET was dumped from?"}});
  }
}

}  // namespace

void SayBlameTable(Console& console, const BlameFindings& findings) {
  Table table({{"layer"},
               {"op"},
               {"local cos", Align::kRight},
               {"local rel_l1", Align::kRight},
               {"floor", Align::kRight},
               {"cumulative", Align::kRight},
               {"1e-4 .. 1"},
               {"out/in", Align::kRight},
               {"blame"}});
  for (const LayerBlame& layer : findings.layers) {
    const Style style = StyleOf(layer.blame);
    table.AddRow({{ShownName(console, findings, layer.tensor),
                   blame::IsBlamed(layer.blame) ? Style::kBold : Style::kPlain},
                  {OpOf(findings, layer.tensor)},
                  {SixDecimals(layer.local ? layer.local->cosine : std::nullopt)},
                  {SixDecimals(RelativeL1(layer.local))},
                  {FourDigits(layer.floor)},
                  {SixDecimals(RelativeL1(layer.cumulative))},
                  {ErrorBar(RelativeL1(layer.cumulative), 12), style},
                  {FourDigits(layer.amplification)},
                  {Said(layer), style}});
  }
  console.Say("");
  table.PrintTo(console);
}

void SayCulprits(Console& console, const BlameFindings& findings) {
  const size_t blamed = Count(findings, Blame::kBroken) + Count(findings, Blame::kCoarse);
  const size_t unknown = Count(findings, Blame::kUnknown);
  console.Say({{"blame      ", Style::kDim},
               {std::to_string(blamed) +
                    (blamed == 1 ? " layer adds error itself" : " layers add error themselves"),
                Style::kBold},
               {", " + std::to_string(Count(findings, Blame::kInherited)) + " inherit it" +
                (unknown == 0 ? "" : ", " + std::to_string(unknown) + " could not be run alone")}});
  const blame::Excuses& excuses = findings.excuses;
  if (!excuses.impossible.empty()) {
    console.Say("           nobody was excused: " + excuses.impossible);
    return;
  }
  console.Say("           " + WorstText(findings, excuses.before));
  for (size_t i = 0; i < excuses.culprits.size(); ++i) {
    const blame::Excused& culprit = excuses.culprits[i];
    const LayerBlame* layer = findings.Find(findings.tensors.at(culprit.tensor));
    console.Say({{"culprit " + std::to_string(i + 1) + "  ", Style::kDim},
                 {ShownName(console, findings, culprit.tensor), Style::kBad},
                 {"  " + OpOf(findings, culprit.tensor)}});
    if (layer != nullptr) {
      console.Say("           " + WhyBlamed(*layer));
    }
    console.Say("           excused: " + WorstText(findings, culprit.outputs));
  }
  if (blamed > excuses.culprits.size()) {
    console.Say("           and " + std::to_string(blamed - excuses.culprits.size()) +
                " more that were not excused, see the table");
  }
  SayRest(console, findings);
}

}  // namespace plumb::client
