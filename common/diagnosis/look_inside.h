// What happened inside a tensor that is out of bounds: each cause is undone and the error that is
// left says whether it was that (docs/layer-report.md). For real values with noise on them; the
// causes that explain a board's bytes element by element are common/analysis/diagnose.h.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/cancel.h"
#include "common/tensor/shape.h"

namespace plumb::diagnosis {

// Both spans hold the shape's elements, row-major, and outlive the look.
struct Subject {
  std::span<const float> reference;
  std::span<const float> target;
  Shape shape;                  // rank 3 and 4: rows, columns and channels; below: columns
  bool channels_first = false;  // [N,C,H,W] rather than [N,H,W,C]
  // What the target's type can hold and its step, where that is known.
  std::optional<double> low;
  std::optional<double> high;
  std::optional<double> step;
};

struct Finding {
  std::string cause;     // a word of docs/cli.md
  std::string evidence;  // one sentence
  double before = 0;     // rel_l1 of what the cause covers, as it is
  double residual = 0;   // rel_l1 of the same, the cause undone
  bool located = false;  // the cause says where, not what: the residual is that of the rest
};

// A cause is accepted when the error that is left is at most this part of what was there.
constexpr double kClearly = 0.5;
// And at most this: of unrelated tensors any correction can leave less.
constexpr double kRelated = 0.5;
// A place is accepted when the rest of the tensor has at most this part of the error.
constexpr double kClean = 0.25;
constexpr size_t kMaxFindings = 3;
// Elements of one side; memory besides the spans: some 100 KiB and 24 bytes a row, column, channel.
constexpr uint64_t kMaxElements = uint64_t{1} << 24U;

// Best first: lowest residual, one that says what before one that says where. Empty when nothing
// fits, when a value is not finite, for fewer than 32 or more than kMaxElements elements, for a
// shape that is not the spans', and once `cancel` is cancelled.
std::vector<Finding> LookInside(const Subject& subject, const CancelToken& cancel);

}  // namespace plumb::diagnosis
