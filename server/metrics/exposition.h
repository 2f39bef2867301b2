// Prometheus' text format 0.0.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plumb::server {

// Observations counted in buckets with fixed upper bounds. Not thread-safe.
class Histogram {
 public:
  // `bounds` ascend; what is above the last goes to +Inf.
  explicit Histogram(std::vector<double> bounds)
      : bounds_(std::move(bounds)),
        counts_(bounds_.size() + 1) {}

  void Observe(double value);

  [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }

  // One more than there are bounds; of each bucket alone, not cumulated.
  [[nodiscard]] const std::vector<uint64_t>& counts() const { return counts_; }

  [[nodiscard]] double sum() const { return sum_; }

 private:
  std::vector<double> bounds_;
  std::vector<uint64_t> counts_;
  double sum_ = 0;
};

// A label of a sample: name and value. Values are escaped.
using Label = std::pair<std::string_view, std::string>;

// Collects families one after the other. Not thread-safe.
class Exposition {
 public:
  // Begins a family; `type` is "counter", "gauge" or "histogram".
  void Family(std::string_view name, std::string_view type, std::string_view help);
  void Sample(double value, const std::vector<Label>& labels = {});
  void Sample(const Histogram& histogram);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void Line(std::string_view suffix, const std::vector<Label>& labels, const std::string& value);

  std::string name_;
  std::string text_;
};

}  // namespace plumb::server
