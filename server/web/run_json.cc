#include "common/archive/json_reader.h"
#include "common/tensor/element_type.h"
#include "server/web/summary_json.h"
#include "server/web/web_json.h"

namespace plumb::server {
namespace {

using archive::JsonText;

WebJson Number(const std::optional<double>& value) {
  return value ? WebJson(*value) : WebJson(nullptr);
}

WebJson ModelToJson(const std::optional<ModelInfo>& model) {
  if (!model) {
    return nullptr;
  }
  WebJson outputs = WebJson::array();
  for (const TensorDesc& output : model->outputs) {
    outputs.push_back({{"name", JsonText(output.name)},
                       {"element_type", ElementTypeName(output.element_type)},
                       {"shape", output.shape.dims()}});
  }
  return {{"sdk", JsonText(model->sdk)}, {"outputs", std::move(outputs)}};
}

WebJson ProgressToJson(const TensorBytes& bytes) {
  return {{"role", analysis::RoleName(bytes.role)},
          {"index", bytes.index},
          {"repetition", bytes.repetition},
          {"received", bytes.received},
          {"total", bytes.total}};
}

WebJson ComparisonToJson(const TensorComparison& tensor) {
  const analysis::TensorReport& report = tensor.report;
  return {{"name", JsonText(report.name)},
          {"index", report.index},
          {"element_type", ElementTypeName(report.element_type)},
          {"shape", report.shape.dims()},
          {"count", report.count},
          {"total", tensor.total},
          {"complete", tensor.complete},
          {"equal", report.equal},
          {"different_elements", report.different_elements},
          {"rel_l1", Number(report.relative_l1)},
          {"cosine", Number(report.cosine)},
          {"max_abs_error", Number(report.max_abs_error)},
          {"verdict", analysis::VerdictName(report.verdict)},
          {"rule", JsonText(report.rule)},
          {"reason", JsonText(report.reason)}};
}

// What is copied from the report as it stands there.
void AddReport(const std::string& text, WebJson* json) {
  const WebJson report = WebJson::parse(text, nullptr, false);
  const bool usable = report.is_object();
  for (const char* key : {"reference", "target", "first_divergence", "diagnosis", "notes"}) {
    (*json)[key] = usable && report.contains(key) ? report[key] : WebJson(nullptr);
  }
}

}  // namespace

std::string RunJson(const RunSnapshot& snapshot,
                    const std::string& note,
                    const std::string& report) {
  WebJson json = RunToJson(snapshot.run);
  json["note"] = JsonText(note);
  json["reference_model"] = ModelToJson(snapshot.reference_model);
  json["target_model"] = ModelToJson(snapshot.target_model);
  json["progress"] = WebJson::array();
  for (const TensorBytes& bytes : snapshot.progress) {
    json["progress"].push_back(ProgressToJson(bytes));
  }
  json["tensors"] = WebJson::array();
  for (const TensorComparison& tensor : snapshot.tensors) {
    json["tensors"].push_back(ComparisonToJson(tensor));
  }
  json["report"] = report.empty()
                       ? WebJson(nullptr)
                       : WebJson("/api/v1/runs/" + JsonText(snapshot.run.run_id) + "/report");
  if (!report.empty()) {
    AddReport(report, &json);
  }
  return DumpJson(json);
}

}  // namespace plumb::server
