// Tries hypotheses, alone and in pairs.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/explain/hypothesis.h"
#include "common/preprocess/synthesize.h"

namespace plumb::explain {

// One request's work. The request's spans outlive it. Not thread-safe.
class Search {
 public:
  // Decodes the picture and finds out whether the description gives the reference.
  static Result<Search> Create(const Request& request);

  void Run();

  [[nodiscard]] uint64_t tried() const { return tried_; }

  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  std::vector<Finding> TakeFindings() { return std::move(findings_); }

 private:
  using Way = std::vector<const Hypothesis*>;  // in the order of their stages

  explicit Search(const Request& request);

  Status Prepare();
  // Adopts the one change of the description that gives the reference, where there is one.
  void AdoptDescription();
  void MakeHypotheses();
  void TryAll();
  void TryPairs();
  // A crop found by descent, alone or together with another hypothesis.
  void TryCrop(const Hypothesis* partner);
  [[nodiscard]] PictureSize SizeWith(const Hypothesis* partner) const;
  void TryCropPairs(const std::vector<double>& means);
  void Try(const Way& way);
  void Record(const Way& way, const Bytes& candidate);

  // The bytes of a way; empty where a step does not apply.
  std::optional<Bytes> BytesOf(const Way& way);
  std::optional<Bytes> Synthesized(const preprocess::Recipe& recipe, const std::string& key);
  [[nodiscard]] bool Late() const;
  [[nodiscard]] bool Accepts(const Difference& residual, const Way& way) const;

  Request request_;
  Geometry geometry_;
  Difference before_;
  Bytes reference_;
  Bytes target_;
  std::optional<image::Image> picture_;
  PictureSize size_;
  bool described_ = false;  // the picture and the recipe give the reference
  std::vector<Hypothesis> hypotheses_;
  Hypothesis crop_;                                                      // that is being tried
  std::map<std::string, std::optional<preprocess::Prepared>> prepared_;  // by the changes made
  std::map<std::string, std::optional<image::Image>> decoded_;
  std::vector<Finding> findings_;
  std::vector<std::string> notes_;
  bool exact_ = false;
  uint64_t tried_ = 0;
  std::chrono::steady_clock::time_point until_;
};

}  // namespace plumb::explain
