// `plumb layers` as JSON.
#include "client/cli/analyse/layers_report.h"
#include "common/analysis/diagnose.h"
#include "common/archive/report_json.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

Json CurveToJson(const LayersReport& report) {
  const layers::Curve& curve = report.curve;
  const auto name_at = [&report](const std::optional<size_t>& place) -> Json {
    for (size_t i = 0; place && i < report.notes.size(); ++i) {
      if (report.notes[i].place == *place) {
        return report.comparison.tensors[i].name;
      }
    }
    return nullptr;
  };
  const bool drift = curve.kind == layers::CurveClass::kDrift;
  return {{"class", layers::CurveClassName(curve.kind)},
          {"early_crossing", curve.early_crossing},
          {"first_bad", name_at(curve.first_bad)},
          {"change_point", name_at(curve.change_point)},
          {"factor", curve.factor},
          {"depth_exponent", drift ? Json(curve.exponent) : nullptr},
          {"follows_root_of_depth", drift ? Json(curve.follows_root_law) : nullptr},
          {"swing", curve.swing},
          {"crossings", curve.crossings},
          {"evidence", curve.evidence},
          {"advice", layers::CurveAdvice(curve)}};
}

// Without the empty bins at both ends; `first` counts from the middle one, which is 0.
Json HistogramToJson(const layers::SignedHistogram& histogram) {
  const auto& counts = histogram.counts;
  size_t begin = 0;
  size_t end = counts.size();
  while (begin < end && counts.at(begin) == 0) {
    ++begin;
  }
  while (end > begin && counts.at(end - 1) == 0) {
    --end;
  }
  return {{"top", histogram.top},
          {"first", static_cast<int>(begin) - layers::SignedHistogram::kPerSide},
          {"counts",
           std::vector<uint64_t>(counts.begin() + static_cast<std::ptrdiff_t>(begin),
                                 counts.begin() + static_cast<std::ptrdiff_t>(end))}};
}

Json ChannelToJson(const std::optional<layers::ChannelError>& channel) {
  if (!channel) {
    return nullptr;
  }
  return {
      {"index", channel->index}, {"rel_l1", channel->relative_l1}, {"error_share", channel->share}};
}

Json RangeToJson(const layers::QuantRange& range, const layers::LayerProfile& profile) {
  return {{"low", range.low},
          {"high", range.high},
          {"scale", range.scale},
          {"zero_point", range.zero_point},
          {"bits", range.bits},
          {"reference_below", profile.below_range},
          {"reference_above", profile.above_range},
          {"target_at_low", profile.at_low},
          {"target_at_high", profile.at_high}};
}

Json StatisticsToJson(const LayerNote& note) {
  if (!note.profile) {
    return nullptr;
  }
  const layers::LayerProfile& profile = *note.profile;
  Json magnitudes = Json::array();
  for (const layers::MagnitudeBin& bin : profile.by_magnitude) {
    magnitudes.push_back(
        {{"from", bin.from}, {"to", bin.to}, {"count", bin.count}, {"mean_error", bin.mean_error}});
  }
  return {{"finite", profile.count},
          {"reference", HistogramToJson(profile.reference)},
          {"target", HistogramToJson(profile.target)},
          {"error", HistogramToJson(profile.error)},
          {"error_by_magnitude", std::move(magnitudes)},
          {"channels", profile.channels},
          {"worst_channel", ChannelToJson(profile.worst)},
          {"heaviest_channel", ChannelToJson(profile.heaviest)},
          {"quantised", note.range ? RangeToJson(*note.range, profile) : Json()}};
}

Json FindingsToJson(const LayerNote& note) {
  Json list = Json::array();
  for (const diagnosis::Finding& finding : note.findings) {
    list.push_back({{"cause", finding.cause},
                    {"evidence", finding.evidence},
                    {"rel_l1_before", finding.before},
                    {"rel_l1_after", finding.residual},
                    {"located", finding.located},
                    {"advice", analysis::AdviceFor(finding.cause)}});
  }
  return list;
}

Json LimitsToJson(const analysis::Tolerance& limits) {
  const auto number = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json();
  };
  return {{"min_cosine", number(limits.min_cosine)},
          {"max_rel_l1", number(limits.max_relative_l1)},
          {"atol", number(limits.atol)},
          {"rtol", number(limits.rtol)}};
}

Json AdviceToJson(const std::vector<advice::Advice>& all) {
  Json list = Json::array();
  for (const advice::Advice& advice : all) {
    Json evidence = Json::array();
    for (const advice::Evidence& item : advice.evidence) {
      evidence.push_back(
          {{"layer", item.layer.empty() ? Json() : Json(item.layer)}, {"text", item.text}});
    }
    list.push_back({{"rule", advice.rule},
                    {"sop", advice.section.empty() ? Json() : Json(advice.section)},
                    {"what", advice.what},
                    {"commands", advice.commands},
                    {"ini", advice.ini.empty() ? Json() : Json(advice.ini)},
                    {"evidence", std::move(evidence)},
                    {"evidence_left_out", advice.evidence_left_out}});
  }
  return list;
}

}  // namespace

std::string LayersToJson(const LayersReport& report) {
  auto json = Json::parse(archive::ReportToJson(report.comparison));
  json["schema"] = "plumb.layers/1";
  for (size_t i = 0; i < report.notes.size(); ++i) {
    const LayerNote& note = report.notes[i];
    auto& tensor = json["tensors"][i];
    tensor["type"] = note.type;
    tensor["reference_name"] =
        note.reference_name.empty() ? tensor["name"] : Json(note.reference_name);
    tensor["matched_by"] = note.matched_by;
    tensor["layout"] = note.layout;
    tensor["statistics"] = StatisticsToJson(note);
    tensor["findings"] = FindingsToJson(note);
    tensor["too_large_to_look_inside"] = note.too_large_to_look_inside;
    if (report.blame) {
      tensor["isolated"] =
          Json::parse(IsolatedToJson(*report.blame, report.comparison.tensors[i].name));
    }
  }
  json["map"] = report.map.empty() ? Json() : Json(report.map);
  json["curve"] = report.comparison.error.ok() ? CurveToJson(report) : nullptr;
  json["limits"] = LimitsToJson(report.limits);
  json["advice"] = AdviceToJson(report.advice);
  json["mode"] = report.blame ? "isolated" : "cumulative";
  json["blame"] = report.blame ? Json::parse(BlameToJson(*report.blame)) : Json();
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace plumb::client
