#include "common/archive/report_json.h"

#include "common/archive/json_reader.h"
#include "common/tensor/element_type.h"

#include <nlohmann/json.hpp>

namespace plumb::archive {
namespace {

using analysis::ComparisonReport;
using analysis::TensorReport;
using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "plumb.comparison/1";

Json Number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json Position(const TensorReport& report, const std::optional<uint64_t>& index) {
  return index ? Json(PositionOf(report, *index)) : Json(nullptr);
}

Json Texts(const std::vector<std::string>& texts) {
  Json json = Json::array();
  for (const auto& text : texts) {
    json.push_back(JsonText(text));
  }
  return json;
}

Json ErrorToJson(const Status& error) {
  if (error.ok()) {
    return nullptr;
  }
  const std::string code =
      error.reason().empty() ? std::string(StatusCodeName(error.code())) : error.reason();
  return {{"code", JsonText(code)},
          {"message", JsonText(error.message())},
          {"hint", JsonText(error.hint())}};
}

Json HistogramToJson(const std::optional<analysis::LsbHistogram>& histogram) {
  if (!histogram) {
    return nullptr;
  }
  return {{"below", histogram->below}, {"steps", histogram->steps}, {"above", histogram->above}};
}

void AddMetrics(const TensorReport& tensor, Json& json) {
  json["mse"] = Number(tensor.mse);
  json["rmse"] = Number(tensor.rmse);
  json["nrmse"] = Number(tensor.nrmse);
  json["rel_l1"] = Number(tensor.relative_l1);
  json["rel_l2"] = Number(tensor.relative_l2);
  json["cosine"] = Number(tensor.cosine);
  json["sqnr_db"] = Number(tensor.sqnr_db);
  json["max_abs_error"] = Number(tensor.max_abs_error);
  json["max_abs_error_index"] = Position(tensor, tensor.max_abs_error_index);
  json["max_lsb_error"] = Number(tensor.max_lsb_error);
}

void AddCounts(const TensorReport& tensor, Json& json) {
  json["nan_reference"] = tensor.nan_reference;
  json["nan_target"] = tensor.nan_target;
  json["inf_reference"] = tensor.inf_reference;
  json["inf_target"] = tensor.inf_target;
  json["first_nonfinite_mismatch_index"] = Position(tensor, tensor.first_nonfinite_mismatch_index);
  json["first_difference_index"] = Position(tensor, tensor.first_difference_index);
  json["first_difference_reference"] = Number(tensor.first_difference_reference);
  json["first_difference_target"] = Number(tensor.first_difference_target);
  json["over_tolerance"] = tensor.over_tolerance;
  json["reference_min"] = Number(tensor.reference_min);
  json["reference_max"] = Number(tensor.reference_max);
  json["target_min"] = Number(tensor.target_min);
  json["target_max"] = Number(tensor.target_max);
  json["saturated_reference"] = tensor.saturated_reference;
  json["saturated_target"] = tensor.saturated_target;
  json["lsb_histogram"] = HistogramToJson(tensor.lsb_histogram);
}

Json TensorToJson(const TensorReport& tensor) {
  Json json;
  json["name"] = JsonText(tensor.name);
  json["vendor_name"] = JsonText(tensor.vendor_name);
  json["op"] = JsonText(tensor.op);
  json["index"] = tensor.index;
  json["element_type"] = ElementTypeName(tensor.element_type);
  json["shape"] = Json::array();
  for (const int64_t dim : tensor.shape.dims()) {
    json["shape"].push_back(dim);
  }
  json["count"] = tensor.count;
  json["equal"] = tensor.equal;
  json["different_elements"] = tensor.different_elements;
  AddMetrics(tensor, json);
  AddCounts(tensor, json);
  json["verdict"] = VerdictName(tensor.verdict);
  json["rule"] = tensor.rule.empty() ? Json(nullptr) : Json(JsonText(tensor.rule));
  json["reason"] = JsonText(tensor.reason);
  return json;
}

Json OperandToJson(const analysis::Operand& operand) {
  return {{"source", JsonText(operand.source)}, {"sha256", JsonText(operand.sha256)}};
}

Json CoverageToJson(const analysis::Coverage& coverage) {
  return {{"matched", coverage.matched},
          {"missing_in_target", Texts(coverage.missing_in_target)},
          {"missing_in_reference", Texts(coverage.missing_in_reference)},
          {"fused", Texts(coverage.fused)},
          {"constant", coverage.constant},
          {"duplicate", Texts(coverage.duplicate)}};
}

Json DiagnosisToJson(const std::vector<analysis::Diagnosis>& list) {
  Json json = Json::array();
  for (const auto& found : list) {
    json.push_back({{"cause", JsonText(found.cause)},
                    {"tensor", JsonText(found.tensor)},
                    {"evidence", JsonText(found.evidence)},
                    {"confidence", found.confidence},
                    {"advice", JsonText(found.advice)}});
  }
  return json;
}

Json TimingToJson(const analysis::Timing& timing) {
  return {{"board_ms", Number(timing.board_ms)},
          {"simulator_ms", Number(timing.simulator_ms)},
          {"transfer_ms", Number(timing.transfer_ms)},
          {"compare_ms", Number(timing.compare_ms)},
          {"verdict_after_last_byte_ms", Number(timing.verdict_after_last_byte_ms)},
          {"ipu_ms", Number(timing.ipu_ms)},
          {"ipu_bandwidth", Number(timing.bandwidth)},
          {"ipu_bandwidth_read", Number(timing.bandwidth_read)},
          {"ipu_bandwidth_write", Number(timing.bandwidth_write)}};
}

Json IdentityToJson(const analysis::Identity& identity) {
  return {{"model_sha256", JsonText(identity.model_sha256)},
          {"input_sha256", Texts(identity.input_sha256)},
          {"board", JsonText(identity.board)},
          {"sdk", JsonText(identity.sdk)},
          {"plumb", JsonText(identity.plumb)}};
}

}  // namespace

std::string ReportToJson(const ComparisonReport& report) {
  Json json;
  json["schema"] = kSchema;
  json["verdict"] = VerdictName(report.verdict);
  json["exit_code"] = report.exit_code;
  json["error"] = ErrorToJson(report.error);
  json["reference"] = OperandToJson(report.reference);
  json["target"] = OperandToJson(report.target);
  json["coverage"] = CoverageToJson(report.coverage);
  json["tensors"] = Json::array();
  for (const auto& tensor : report.tensors) {
    json["tensors"].push_back(TensorToJson(tensor));
  }
  json["first_divergence"] = nullptr;
  if (report.first_divergence) {
    json["first_divergence"] = {{"name", JsonText(report.first_divergence->name)},
                                {"index", report.first_divergence->index},
                                {"rule", JsonText(report.first_divergence->rule)}};
  }
  json["diagnosis"] = DiagnosisToJson(report.diagnosis);
  json["notes"] = Json::array();
  for (const std::string& note : report.notes) {
    json["notes"].push_back(JsonText(note));
  }
  json["timing"] = TimingToJson(report.timing);
  json["identity"] = IdentityToJson(report.identity);
  return json.dump(2) + "\n";
}

}  // namespace plumb::archive
