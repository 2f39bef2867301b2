// `plumb report`: a finished comparison, run or batch in other forms.
#include <filesystem>
#include <functional>

#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/report/junit.h"
#include "client/report/layers_html.h"
#include "client/report/tensor_csv.h"
#include "common/base/file.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

constexpr uint64_t kMaxReport = uint64_t{1} << 30U;

class ReportVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"report",
            "Write a finished result for CI, spreadsheets or people",
            "RESULT is the folder of a recorded run, or what --json of 'plumb run', 'compare' or\n"
            "'layers' wrote; of many inputs too. --junit makes a test case of each input of a\n"
            "batch, else of each tensor: what differs is a failure, what could not be compared\n"
            "(a board that died, an input that was refused) an error.\n"
            "Exit codes: 0 written, 2 usage or unreadable result.",
            "plumb report batch.json --junit plumb.xml"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("RESULT", source_, "Folder of a run, or a JSON file")->required();
    app.add_option("--junit", junit_, "Write JUnit XML")->type_name("F.xml");
    app.add_option("--csv", csv_, "Write a row for each tensor")->type_name("F.csv");
    app.add_option("--html", html_, "Write a page, of a result of 'plumb layers'")
        ->type_name("F.html");
  }

  Result<int> Run(VerbContext& context) override {
    if (junit_.empty() && csv_.empty() && html_.empty()) {
      return UsageError("nothing to write", "add --junit F.xml, --csv F.csv or --html F.html");
    }
    std::error_code error;
    const std::filesystem::path file = std::filesystem::is_directory(source_, error)
                                           ? std::filesystem::path(source_) / "report.json"
                                           : std::filesystem::path(source_);
    const auto json = ReadFile(file, kMaxReport);
    if (!json.ok()) {
      return UsageError("RESULT: " + json.status().message(),
                        "give the folder of a run, or a file that --json wrote");
    }
    nlohmann::ordered_json written = nlohmann::ordered_json::array();
    const auto write = [&](const std::string& path,
                           const std::function<Result<std::string>(std::string_view)>& form) {
      return Write(json->view(), path, form, context.console, written);
    };
    PLUMB_RETURN_IF_ERROR(write(junit_, JunitXml));
    PLUMB_RETURN_IF_ERROR(write(csv_, TensorCsv));
    PLUMB_RETURN_IF_ERROR(write(html_, LayersHtml));
    PLUMB_RETURN_IF_ERROR(context.json.Write(nlohmann::ordered_json({{"schema", "plumb.report/1"},
                                                                     {"exit_code", kExitMatch},
                                                                     {"error", nullptr},
                                                                     {"written", written}})
                                                 .dump(2)));
    return kExitMatch;
  }

 private:
  Status Write(std::string_view json,
               const std::string& path,
               const std::function<Result<std::string>(std::string_view)>& form,
               Console& console,
               nlohmann::ordered_json& written) const {
    if (path.empty()) {
      return OkStatus();
    }
    const auto text = form(json);
    if (!text.ok()) {
      return UsageError(EscapeForDisplay(source_) + " is " + text.status().message() + " for " +
                            EscapeForDisplay(path),
                        "give what --json of 'plumb run', 'compare' or 'layers' wrote");
    }
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(path, *text));
    written.push_back(path);
    console.Conclude({{"wrote " + path}});
    return OkStatus();
  }

  std::string source_;
  std::string junit_;
  std::string csv_;
  std::string html_;
};

}  // namespace

std::unique_ptr<Verb> MakeReportVerb() {
  return std::make_unique<ReportVerb>();
}

}  // namespace plumb::client
