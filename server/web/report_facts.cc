#include "server/web/report_facts.h"

#include "common/archive/report_json.h"
#include "common/base/file.h"

namespace plumb::server {

Result<std::string> ReadReport(const std::string& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path, kMaxShownReport));
  return std::string(bytes.view());
}

Status AddReportFacts(const std::string& text, HistoryView* view) {
  PLUMB_ASSIGN_OR_RETURN(const analysis::ComparisonReport report, archive::ReportFromJson(text));
  view->sdk = report.identity.sdk;
  view->first_divergence = report.first_divergence ? report.first_divergence->name : "";
  for (const analysis::TensorReport& tensor : report.tensors) {
    if (tensor.relative_l1 &&
        (view->worst.empty() || *tensor.relative_l1 > view->worst_relative_l1)) {
      view->worst = tensor.name;
      view->worst_relative_l1 = *tensor.relative_l1;
    }
  }
  return OkStatus();
}

}  // namespace plumb::server
