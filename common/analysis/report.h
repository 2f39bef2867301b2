// The result of a comparison as plain values: what docs/cli.md writes as plumb.comparison/1.
//
// A number that does not exist is an empty optional, and a `reason` beside it says why.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/tensor/element_type.h"
#include "common/tensor/shape.h"

namespace plumb::analysis {

enum class Role { kReference, kTarget };
enum class Verdict { kMatch, kMismatch, kNotCompared };

// "reference", "target".
std::string_view RoleName(Role role);
// "match", "mismatch", "not_compared".
std::string_view VerdictName(Verdict verdict);
std::optional<Verdict> ParseVerdict(std::string_view name);

// Differences t − r in steps of the output scale, rounded: how many were −8 … +8 steps, and how
// many beyond. Only for integer tensors with a scale.
struct LsbHistogram {
  static constexpr int kReach = 8;
  std::array<uint64_t, 2 * kReach + 1> steps{};  // steps[kReach + n]: n steps
  uint64_t below = 0;
  uint64_t above = 0;

  friend bool operator==(const LsbHistogram&, const LsbHistogram&) = default;
};

// One tensor. Formulas: docs/metrics.md. Indexes are flat, row-major over the valid elements.
struct TensorReport {
  std::string name;
  std::string vendor_name;  // empty: none known
  std::string op;           // empty: none known
  uint32_t index = 0;
  ElementType element_type = ElementType::kUnknown;  // the target's
  Shape shape;                                       // the target's
  uint64_t count = 0;                                // valid pairs that were looked at
  bool equal = false;
  uint64_t different_elements = 0;
  uint64_t over_tolerance = 0;  // elements beyond atol + rtol·|r|; 0 where that rule is not given
  std::optional<double> mse;
  std::optional<double> rmse;
  std::optional<double> nrmse;
  std::optional<double> relative_l1;
  std::optional<double> relative_l2;
  std::optional<double> cosine;
  std::optional<double> sqnr_db;
  std::optional<double> max_abs_error;
  std::optional<uint64_t> max_abs_error_index;
  std::optional<double> max_lsb_error;
  uint64_t nan_reference = 0;
  uint64_t nan_target = 0;
  uint64_t inf_reference = 0;
  uint64_t inf_target = 0;
  std::optional<uint64_t> first_nonfinite_mismatch_index;
  std::optional<uint64_t> first_difference_index;
  std::optional<double> first_difference_reference;  // values there; empty when not finite
  std::optional<double> first_difference_target;
  std::optional<double> reference_min;
  std::optional<double> reference_max;
  std::optional<double> target_min;
  std::optional<double> target_max;
  uint64_t saturated_reference = 0;  // elements at the limits of an integer type
  uint64_t saturated_target = 0;
  std::optional<LsbHistogram> lsb_histogram;
  Verdict verdict = Verdict::kNotCompared;
  std::string rule;  // what a mismatch breaks first: "different_elements > 0", "rel_l1 > 0.1"
  std::string reason;
};

// A flat index as a position in the shape; just the index where the buffer is not laid out as the
// shape says (pictures).
std::vector<int64_t> PositionOf(const TensorReport& report, uint64_t flat_index);

struct Operand {
  std::string source;  // "builtin", "board camera-7", a file
  std::string sha256;  // of what was compared; empty: unknown
};

// Which tensors were compared at all. `matched` counts pairs that were found, whatever their
// verdict.
struct Coverage {
  uint64_t matched = 0;
  std::vector<std::string> missing_in_target;
  std::vector<std::string> missing_in_reference;
  std::vector<std::string> fused;
  uint64_t constant = 0;
  std::vector<std::string> duplicate;

  // matched / (matched + missing), in percent; 0 when there is nothing.
  [[nodiscard]] double percent() const;
};

struct FirstDivergence {
  std::string name;
  uint32_t index = 0;
  std::string rule;
};

// A cause that was found, one of docs/cli.md's words.
struct Diagnosis {
  std::string cause;
  std::string tensor;  // empty: the whole run
  std::string evidence;
  double confidence = 0;  // 0…1; 1: the correction reproduces every element
  std::string advice;
};

// Milliseconds; empty: not measured.
struct Timing {
  std::optional<double> board_ms;
  // What the board's chip tells of the same Invoke; the bandwidths in the chip's own unit.
  std::optional<double> ipu_ms;
  std::optional<double> bandwidth;
  std::optional<double> bandwidth_read;
  std::optional<double> bandwidth_write;
  std::optional<double> simulator_ms;
  std::optional<double> transfer_ms;
  std::optional<double> compare_ms;
  std::optional<double> verdict_after_last_byte_ms;
};

struct Identity {
  std::string model_sha256;
  std::vector<std::string> input_sha256;
  std::string board;
  std::string sdk;
  std::string plumb;
};

struct ComparisonReport {
  Verdict verdict = Verdict::kNotCompared;
  int exit_code = 0;
  Status error;  // OK: none
  Operand reference;
  Operand target;
  Coverage coverage;
  std::vector<TensorReport> tensors;
  std::optional<FirstDivergence> first_divergence;
  std::vector<Diagnosis> diagnosis;  // best first
  std::vector<std::string> notes;    // what limits the statement, for people
  Timing timing;
  Identity identity;
};

}  // namespace plumb::analysis
