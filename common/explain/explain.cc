#include "common/explain/explain.h"

#include <algorithm>

#include "common/explain/difference.h"
#include "common/explain/hypothesis.h"
#include "common/explain/search.h"

namespace plumb::explain {
namespace {

constexpr size_t kMostRejected = 5;

// The device rounds whole buffers up to 64 bytes; zeros there are nobody's fault.
std::span<const uint8_t> WithoutRounding(std::span<const uint8_t> target, size_t wanted) {
  constexpr size_t kRounding = 64;
  const bool longer = target.size() > wanted && target.size() - wanted < kRounding &&
                      target.size() % kRounding == 0;
  const auto tail = target.subspan(std::min(wanted, target.size()));
  const bool zero = std::all_of(tail.begin(), tail.end(), [](uint8_t byte) { return byte == 0; });
  return longer && zero ? target.first(wanted) : target;
}

std::string SizesTold(const Request& request) {
  const size_t common = std::min(request.reference.size(), request.target.size());
  const auto apart = std::mismatch(request.reference.begin(),
                                   request.reference.begin() + static_cast<ptrdiff_t>(common),
                                   request.target.begin());
  const bool cut = apart.first == request.reference.begin() + static_cast<ptrdiff_t>(common);
  return "the board's buffer has " + std::to_string(request.target.size()) + " bytes, the PC's " +
         std::to_string(request.reference.size()) +
         (cut ? "; what both have is equal: one file is cut short" : "");
}

bool SameWords(const Finding& a, const Finding& b) {
  return std::equal(a.causes.begin(),
                    a.causes.end(),
                    b.causes.begin(),
                    b.causes.end(),
                    [](const Cause& x, const Cause& y) { return x.word == y.word; });
}

// Exact before residual, one cause before two, then the smaller residual; the order in which they
// were tried decides the rest.
bool Better(const Finding& a, const Finding& b) {
  if (a.accepted != b.accepted) {
    return a.accepted;
  }
  const bool exact_a = a.residual.differing == 0;
  const bool exact_b = b.residual.differing == 0;
  if (a.accepted && exact_a != exact_b) {
    return exact_a;
  }
  if (a.accepted && a.causes.size() != b.causes.size()) {
    return a.causes.size() < b.causes.size();
  }
  return a.accepted ? a.residual.differing < b.residual.differing
                    : a.residual.mean < b.residual.mean;
}

std::vector<Finding> Ranked(std::vector<Finding> findings) {
  std::stable_sort(findings.begin(), findings.end(), Better);
  std::vector<Finding> kept;
  size_t rejected = 0;
  for (Finding& finding : findings) {
    const bool again = std::any_of(kept.begin(), kept.end(), [&finding](const Finding& other) {
      return SameWords(finding, other);
    });
    rejected += finding.accepted ? 0 : 1;
    if (!again && rejected <= kMostRejected) {
      kept.push_back(std::move(finding));
    }
  }
  return kept;
}

}  // namespace

Result<Explanation> Explain(const Request& given) {
  Request request = given;
  Explanation explanation;
  explanation.element_type = ElementOf(request.recipe.buffer.format);
  request.target = WithoutRounding(given.target, given.reference.size());
  if (request.target.size() != given.target.size()) {
    explanation.notes.push_back("the board's buffer is rounded up to 64 bytes with zeros");
  }
  explanation.difference = Measure(request.reference, request.target, explanation.element_type);
  explanation.histogram = HistogramOf(request.reference, request.target, explanation.element_type);
  if (request.target.size() != request.reference.size()) {
    explanation.notes.push_back(SizesTold(request));
  }
  if (std::equal(request.reference.begin(),
                 request.reference.end(),
                 request.target.begin(),
                 request.target.end())) {
    return explanation;
  }
  PLUMB_ASSIGN_OR_RETURN(Search search, Search::Create(request));
  search.Run();
  explanation.findings = Ranked(search.TakeFindings());
  explanation.tried = search.tried();
  for (const std::string& note : search.notes()) {
    explanation.notes.push_back(note);
  }
  return explanation;
}

}  // namespace plumb::explain
