#include "server/metrics/exposition.h"

#include <algorithm>
#include <cmath>

#include "common/base/text.h"

namespace plumb::server {
namespace {

std::string Escaped(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      escaped += '\\';
    }
    escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return escaped;
}

std::string Number(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  return std::isinf(value) ? (value > 0 ? "+Inf" : "-Inf") : ShortestDouble(value);
}

}  // namespace

void Histogram::Observe(double value) {
  if (std::isnan(value)) {
    return;
  }
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  ++counts_[static_cast<size_t>(bucket - bounds_.begin())];
  sum_ += value;
}

void Exposition::Family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " +
           std::string(type) + "\n";
}

void Exposition::Line(std::string_view suffix,
                      const std::vector<Label>& labels,
                      const std::string& value) {
  text_ += name_ + std::string(suffix);
  for (size_t i = 0; i < labels.size(); ++i) {
    text_ += (i == 0 ? "{" : ",") + std::string(labels[i].first) + "=\"" +
             Escaped(labels[i].second) + "\"";
  }
  text_ += (labels.empty() ? " " : "} ") + value + "\n";
}

void Exposition::Sample(double value, const std::vector<Label>& labels) {
  Line("", labels, Number(value));
}

void Exposition::Sample(const Histogram& histogram) {
  uint64_t below = 0;
  for (size_t i = 0; i < histogram.counts().size(); ++i) {
    below += histogram.counts()[i];
    const bool last = i == histogram.bounds().size();
    Line("_bucket", {{"le", last ? "+Inf" : Number(histogram.bounds()[i])}}, std::to_string(below));
  }
  Line("_sum", {}, Number(histogram.sum()));
  Line("_count", {}, std::to_string(below));
}

}  // namespace plumb::server
