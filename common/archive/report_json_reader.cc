#include <algorithm>
#include <limits>

#include "common/archive/json_reader.h"
#include "common/archive/report_json.h"
#include "common/tensor/element_type.h"

namespace plumb::archive {
namespace {

using analysis::ComparisonReport;
using analysis::TensorReport;

constexpr std::string_view kSchema = "plumb.comparison/1";

Status ReadVerdict(const JsonReader& json, analysis::Verdict& verdict) {
  PLUMB_ASSIGN_OR_RETURN(const std::string name, json.String("verdict"));
  const auto parsed = analysis::ParseVerdict(name);
  if (!parsed) {
    return json.Wrong("verdict", "match, mismatch or not_compared");
  }
  verdict = *parsed;
  return OkStatus();
}

Status ReadIndex(const JsonReader& json, uint32_t& index) {
  PLUMB_ASSIGN_OR_RETURN(const uint64_t value,
                         json.Uint("index", std::numeric_limits<uint32_t>::max()));
  index = static_cast<uint32_t>(value);
  return OkStatus();
}

StatusCode CodeNamed(std::string_view name) {
  for (int code = 1; code <= static_cast<int>(StatusCode::kUnauthenticated); ++code) {
    if (StatusCodeName(static_cast<StatusCode>(code)) == name) {
      return static_cast<StatusCode>(code);
    }
  }
  return StatusCode::kOk;
}

// `code` is the name of a status code, or else a reason.
Status ReadError(const JsonReader& json, Status& error) {
  if (json.IsNull("error")) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const auto object, json.Object("error"));
  PLUMB_ASSIGN_OR_RETURN(const std::string name, object.String("code"));
  PLUMB_ASSIGN_OR_RETURN(std::string message, object.String("message"));
  PLUMB_ASSIGN_OR_RETURN(const std::string hint, object.String("hint"));
  const StatusCode code = CodeNamed(name);
  error = code == StatusCode::kOk
              ? Status(StatusCode::kUnknown, std::move(message)).WithReason(name).WithHint(hint)
              : Status(code, std::move(message)).WithHint(hint);
  return OkStatus();
}

Status ReadOperand(const JsonReader& json, std::string_view key, analysis::Operand& operand) {
  PLUMB_ASSIGN_OR_RETURN(const auto object, json.Object(key));
  PLUMB_ASSIGN_OR_RETURN(operand.source, object.String("source"));
  PLUMB_ASSIGN_OR_RETURN(operand.sha256, object.String("sha256"));
  return OkStatus();
}

Status ReadCoverage(const JsonReader& json, analysis::Coverage& coverage) {
  PLUMB_ASSIGN_OR_RETURN(const auto object, json.Object("coverage"));
  PLUMB_ASSIGN_OR_RETURN(coverage.matched, object.Uint("matched"));
  PLUMB_ASSIGN_OR_RETURN(coverage.missing_in_target, object.Strings("missing_in_target"));
  PLUMB_ASSIGN_OR_RETURN(coverage.missing_in_reference, object.Strings("missing_in_reference"));
  PLUMB_ASSIGN_OR_RETURN(coverage.fused, object.Strings("fused"));
  PLUMB_ASSIGN_OR_RETURN(coverage.constant, object.Uint("constant"));
  PLUMB_ASSIGN_OR_RETURN(coverage.duplicate, object.Strings("duplicate"));
  return OkStatus();
}

bool InShape(const Shape& shape, const std::vector<int64_t>& position) {
  bool inside = position.size() == shape.rank();
  for (size_t axis = 0; inside && axis < position.size(); ++axis) {
    inside = position[axis] >= 0 && position[axis] < shape[axis];
  }
  return inside;
}

// The flat index of a position that PositionOf made.
Status ReadPosition(const JsonReader& json,
                    std::string_view key,
                    const TensorReport& tensor,
                    std::optional<uint64_t>& index) {
  if (json.IsNull(key)) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const auto position, json.Ints(key));
  const bool flat = position.size() == 1 && position[0] >= 0;
  if (IsPicture(tensor.element_type) || !InShape(tensor.shape, position)) {
    if (!flat) {
      return json.Wrong(key, "a position in the shape");
    }
    index = static_cast<uint64_t>(position[0]);
    return OkStatus();
  }
  uint64_t element = 0;
  for (size_t axis = 0; axis < position.size(); ++axis) {
    element =
        element * static_cast<uint64_t>(tensor.shape[axis]) + static_cast<uint64_t>(position[axis]);
  }
  index = tensor.element_type == ElementType::kComplex64 ? 2 * element : element;
  return OkStatus();
}

Status ReadHistogram(const JsonReader& json, TensorReport& tensor) {
  if (json.IsNull("lsb_histogram")) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const auto object, json.Object("lsb_histogram"));
  analysis::LsbHistogram histogram;
  PLUMB_ASSIGN_OR_RETURN(histogram.below, object.Uint("below"));
  PLUMB_ASSIGN_OR_RETURN(histogram.above, object.Uint("above"));
  PLUMB_ASSIGN_OR_RETURN(const auto steps, object.Ints("steps"));
  if (steps.size() != histogram.steps.size()) {
    return object.Wrong("steps", "a list of " + std::to_string(histogram.steps.size()));
  }
  std::transform(steps.begin(), steps.end(), histogram.steps.begin(), [](int64_t count) {
    return static_cast<uint64_t>(std::max<int64_t>(count, 0));
  });
  tensor.lsb_histogram = histogram;
  return OkStatus();
}

Status ReadMetrics(const JsonReader& json, TensorReport& tensor) {
  PLUMB_ASSIGN_OR_RETURN(tensor.mse, json.OptionalNumber("mse"));
  PLUMB_ASSIGN_OR_RETURN(tensor.rmse, json.OptionalNumber("rmse"));
  PLUMB_ASSIGN_OR_RETURN(tensor.nrmse, json.OptionalNumber("nrmse"));
  PLUMB_ASSIGN_OR_RETURN(tensor.relative_l1, json.OptionalNumber("rel_l1"));
  PLUMB_ASSIGN_OR_RETURN(tensor.relative_l2, json.OptionalNumber("rel_l2"));
  PLUMB_ASSIGN_OR_RETURN(tensor.cosine, json.OptionalNumber("cosine"));
  PLUMB_ASSIGN_OR_RETURN(tensor.sqnr_db, json.OptionalNumber("sqnr_db"));
  PLUMB_ASSIGN_OR_RETURN(tensor.max_abs_error, json.OptionalNumber("max_abs_error"));
  PLUMB_ASSIGN_OR_RETURN(tensor.max_lsb_error, json.OptionalNumber("max_lsb_error"));
  PLUMB_RETURN_IF_ERROR(
      ReadPosition(json, "max_abs_error_index", tensor, tensor.max_abs_error_index));
  PLUMB_RETURN_IF_ERROR(
      ReadPosition(json, "first_difference_index", tensor, tensor.first_difference_index));
  return ReadPosition(
      json, "first_nonfinite_mismatch_index", tensor, tensor.first_nonfinite_mismatch_index);
}

// Keys that readers of the contract in docs/cli.md may lack.
Status ReadExtras(const JsonReader& json, TensorReport& tensor) {
  PLUMB_ASSIGN_OR_RETURN(tensor.first_difference_reference,
                         json.OptionalNumber("first_difference_reference"));
  PLUMB_ASSIGN_OR_RETURN(tensor.first_difference_target,
                         json.OptionalNumber("first_difference_target"));
  PLUMB_ASSIGN_OR_RETURN(tensor.reference_min, json.OptionalNumber("reference_min"));
  PLUMB_ASSIGN_OR_RETURN(tensor.reference_max, json.OptionalNumber("reference_max"));
  PLUMB_ASSIGN_OR_RETURN(tensor.target_min, json.OptionalNumber("target_min"));
  PLUMB_ASSIGN_OR_RETURN(tensor.target_max, json.OptionalNumber("target_max"));
  for (const auto& [key, member] :
       {std::pair{"over_tolerance", &TensorReport::over_tolerance},
        std::pair{"saturated_reference", &TensorReport::saturated_reference},
        std::pair{"saturated_target", &TensorReport::saturated_target}}) {
    if (json.Has(key)) {
      PLUMB_ASSIGN_OR_RETURN(tensor.*member, json.Uint(key));
    }
  }
  if (!json.IsNull("rule")) {
    PLUMB_ASSIGN_OR_RETURN(tensor.rule, json.String("rule"));
  }
  return ReadHistogram(json, tensor);
}

Result<TensorReport> ReadTensor(const JsonReader& json) {
  TensorReport tensor;
  PLUMB_ASSIGN_OR_RETURN(tensor.name, json.String("name"));
  PLUMB_ASSIGN_OR_RETURN(tensor.vendor_name, json.String("vendor_name"));
  PLUMB_ASSIGN_OR_RETURN(tensor.op, json.String("op"));
  PLUMB_RETURN_IF_ERROR(ReadIndex(json, tensor.index));
  PLUMB_ASSIGN_OR_RETURN(const std::string type, json.String("element_type"));
  tensor.element_type = ParseElementType(type).value_or(ElementType::kUnknown);
  PLUMB_ASSIGN_OR_RETURN(const auto dims, json.Ints("shape"));
  PLUMB_ASSIGN_OR_RETURN(tensor.shape, Shape::Create(dims));
  PLUMB_ASSIGN_OR_RETURN(tensor.count, json.Uint("count"));
  PLUMB_ASSIGN_OR_RETURN(tensor.equal, json.Bool("equal"));
  PLUMB_ASSIGN_OR_RETURN(tensor.different_elements, json.Uint("different_elements"));
  PLUMB_ASSIGN_OR_RETURN(tensor.nan_reference, json.Uint("nan_reference"));
  PLUMB_ASSIGN_OR_RETURN(tensor.nan_target, json.Uint("nan_target"));
  PLUMB_ASSIGN_OR_RETURN(tensor.inf_reference, json.Uint("inf_reference"));
  PLUMB_ASSIGN_OR_RETURN(tensor.inf_target, json.Uint("inf_target"));
  PLUMB_RETURN_IF_ERROR(ReadMetrics(json, tensor));
  PLUMB_RETURN_IF_ERROR(ReadExtras(json, tensor));
  PLUMB_RETURN_IF_ERROR(ReadVerdict(json, tensor.verdict));
  PLUMB_ASSIGN_OR_RETURN(tensor.reason, json.String("reason"));
  return tensor;
}

Status ReadDivergence(const JsonReader& json, ComparisonReport& report) {
  if (json.IsNull("first_divergence")) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const auto object, json.Object("first_divergence"));
  analysis::FirstDivergence divergence;
  PLUMB_ASSIGN_OR_RETURN(divergence.name, object.String("name"));
  PLUMB_RETURN_IF_ERROR(ReadIndex(object, divergence.index));
  PLUMB_ASSIGN_OR_RETURN(divergence.rule, object.String("rule"));
  report.first_divergence = std::move(divergence);
  return OkStatus();
}

Status ReadDiagnosis(const JsonReader& json, std::vector<analysis::Diagnosis>& list) {
  PLUMB_ASSIGN_OR_RETURN(const auto objects, json.Objects("diagnosis"));
  for (const auto& object : objects) {
    analysis::Diagnosis found;
    PLUMB_ASSIGN_OR_RETURN(found.cause, object.String("cause"));
    PLUMB_ASSIGN_OR_RETURN(found.tensor, object.String("tensor"));
    PLUMB_ASSIGN_OR_RETURN(found.evidence, object.String("evidence"));
    PLUMB_ASSIGN_OR_RETURN(found.confidence, object.Number("confidence"));
    PLUMB_ASSIGN_OR_RETURN(found.advice, object.String("advice"));
    list.push_back(std::move(found));
  }
  return OkStatus();
}

// Reports of earlier versions lack them.
Status ReadIpuCosts(const JsonReader& json, analysis::Timing& timing) {
  if (!json.Has("ipu_ms")) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(timing.ipu_ms, json.OptionalNumber("ipu_ms"));
  PLUMB_ASSIGN_OR_RETURN(timing.bandwidth, json.OptionalNumber("ipu_bandwidth"));
  PLUMB_ASSIGN_OR_RETURN(timing.bandwidth_read, json.OptionalNumber("ipu_bandwidth_read"));
  PLUMB_ASSIGN_OR_RETURN(timing.bandwidth_write, json.OptionalNumber("ipu_bandwidth_write"));
  return OkStatus();
}

Status ReadTiming(const JsonReader& json, analysis::Timing& timing) {
  PLUMB_ASSIGN_OR_RETURN(const auto object, json.Object("timing"));
  PLUMB_ASSIGN_OR_RETURN(timing.board_ms, object.OptionalNumber("board_ms"));
  PLUMB_ASSIGN_OR_RETURN(timing.simulator_ms, object.OptionalNumber("simulator_ms"));
  PLUMB_ASSIGN_OR_RETURN(timing.transfer_ms, object.OptionalNumber("transfer_ms"));
  PLUMB_ASSIGN_OR_RETURN(timing.compare_ms, object.OptionalNumber("compare_ms"));
  PLUMB_ASSIGN_OR_RETURN(timing.verdict_after_last_byte_ms,
                         object.OptionalNumber("verdict_after_last_byte_ms"));
  return ReadIpuCosts(object, timing);
}

Status ReadIdentity(const JsonReader& json, analysis::Identity& identity) {
  PLUMB_ASSIGN_OR_RETURN(const auto object, json.Object("identity"));
  PLUMB_ASSIGN_OR_RETURN(identity.model_sha256, object.String("model_sha256"));
  PLUMB_ASSIGN_OR_RETURN(identity.input_sha256, object.Strings("input_sha256"));
  PLUMB_ASSIGN_OR_RETURN(identity.board, object.String("board"));
  PLUMB_ASSIGN_OR_RETURN(identity.sdk, object.String("sdk"));
  PLUMB_ASSIGN_OR_RETURN(identity.plumb, object.String("plumb"));
  return OkStatus();
}

}  // namespace

Result<ComparisonReport> ReportFromJson(std::string_view text) {
  PLUMB_ASSIGN_OR_RETURN(const auto json, JsonReader::Parse(text));
  PLUMB_ASSIGN_OR_RETURN(const std::string schema, json.String("schema"));
  if (schema != kSchema) {
    return json.Wrong("schema", std::string(kSchema));
  }
  ComparisonReport report;
  PLUMB_RETURN_IF_ERROR(ReadVerdict(json, report.verdict));
  PLUMB_ASSIGN_OR_RETURN(const int64_t exit_code, json.Int("exit_code", 0, 255));
  report.exit_code = static_cast<int>(exit_code);
  PLUMB_RETURN_IF_ERROR(ReadError(json, report.error));
  PLUMB_RETURN_IF_ERROR(ReadOperand(json, "reference", report.reference));
  PLUMB_RETURN_IF_ERROR(ReadOperand(json, "target", report.target));
  PLUMB_RETURN_IF_ERROR(ReadCoverage(json, report.coverage));
  PLUMB_ASSIGN_OR_RETURN(const auto tensors, json.Objects("tensors"));
  for (const auto& item : tensors) {
    PLUMB_ASSIGN_OR_RETURN(TensorReport tensor, ReadTensor(item));
    report.tensors.push_back(std::move(tensor));
  }
  PLUMB_RETURN_IF_ERROR(ReadDivergence(json, report));
  PLUMB_RETURN_IF_ERROR(ReadDiagnosis(json, report.diagnosis));
  if (json.Has("notes")) {
    PLUMB_ASSIGN_OR_RETURN(report.notes, json.Strings("notes"));
  }
  PLUMB_RETURN_IF_ERROR(ReadTiming(json, report.timing));
  PLUMB_RETURN_IF_ERROR(ReadIdentity(json, report.identity));
  return report;
}

}  // namespace plumb::archive
