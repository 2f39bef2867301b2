// `plumb layers`: two runs of a network, layer by layer.
#include <chrono>

#include "client/cli/analyse/layers_input.h"
#include "client/cli/analyse/layers_report.h"
#include "client/cli/analyse/report_text.h"
#include "client/cli/frame/live.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/legs/run_legs.h"
#include "client/cli/option/tolerance_option.h"
#include "client/report/layers_html.h"
#include "common/analysis/outcome.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

using analysis::Role;

// The SOP's experience (2.1.5).
constexpr double kMinCosine = 0.99;
constexpr double kMaxRelativeL1 = 0.1;
constexpr uint64_t kMaxLog = uint64_t{256} << 20U;

class LayersVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "layers",
        "Compare two runs of a network layer by layer",
        "REFERENCE and TARGET are DumpDebug files (the vendor's or of 'plumb dump'), recorded\n"
        "runs or folders of .npy files; --log reads what auto_dump_debug.sh wrote instead.\n"
        "Layers are matched by name, by a fusion map (F.map beside F.bin, or --map), then by\n"
        "shape and position with a warning. A layer is out of bounds below cosine 0.99 or\n"
        "above rel_l1 0.1 (the vendor calls it RMSE), unless limits are given. --live runs the\n"
        "network on --input now: framework, float, fixed, simulator and virtual board in one\n"
        "table, and names the two between which the gap opens. --mode isolated runs each layer\n"
        "of the fixed model --model alone and blames those that add error themselves.\n"
        "Exit codes: 0 match, 1 a layer is out of bounds, 2 usage or unreadable file, 5 layers\n"
        "missing.",
        "plumb layers float.bin fixed.bin"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("REFERENCE", reference_, "What the target should be, e.g. the float dump");
    app.add_option("TARGET", target_, "What is judged, e.g. the fixed dump");
    app.add_option("--log", log_, "Lines of auto_dump_debug.sh, in place of the two dumps")
        ->type_name("FILE");
    app.add_option("--map", map_, "Fusion map; default: F.map beside a dump F.bin")
        ->type_name("FILE");
    app.add_option("--format", format_, "A table for people, or the vendor's lines")
        ->type_name("table|vendor")
        ->check(CLI::IsMember({"table", "vendor"}))
        ->capture_default_str();
    app.add_option("--csv", csv_, "Write the layers as CSV")->type_name("FILE");
    app.add_option(
           "--html", html_, "Write the layers as a page for a browser, needing nothing else")
        ->type_name("FILE");
    app.add_option("--min-coverage",
                   min_coverage_,
                   "Percentage of layers that must be found on both sides; exit 5 below it")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    AddTolerance(app, tolerance_);
    AddBlameOptions(app, blame_);
    AddLegsOptions(app, legs_);
  }

  Result<int> Run(VerbContext& context) override;
  [[nodiscard]] std::string ErrorJson(const Status& status) const override;

 private:
  [[nodiscard]] Status Check() const;
  Result<analysis::TolerancePolicy> Policy() const;
  Status Compare(const analysis::TolerancePolicy& policy,
                 VerbContext& context,
                 LayersReport& report) const;
  Status ReadLog(const analysis::TolerancePolicy& policy, LayersReport& report) const;
  Status Write(const LayersReport& report, JsonOutput& json) const;

  std::string reference_;
  std::string target_;
  std::string log_;
  std::string map_;
  std::string format_ = "table";
  std::string csv_;
  std::string html_;
  ToleranceOptions tolerance_;
  BlameOptions blame_;
  LegsOptions legs_;
  double min_coverage_ = 100;
};

std::string LayersVerb::ErrorJson(const Status& status) const {
  if (legs_.live) {
    return LegsErrorJson(status);
  }
  LayersReport report;
  report.comparison.error = status;
  report.comparison.reference.source = log_.empty() ? reference_ : log_;
  report.comparison.target.source = log_.empty() ? target_ : log_;
  report.comparison.identity.plumb = PLUMB_VERSION;
  analysis::DecideOutcome({}, report.comparison);
  return LayersToJson(report);
}

Status LayersVerb::Check() const {
  LegsOptions legs = legs_;
  if (blame_.isolated()) {
    PLUMB_RETURN_IF_ERROR(CheckBlameOptions(blame_, legs_.model, !target_.empty()));
    legs.model.clear();
  }
  PLUMB_RETURN_IF_ERROR(CheckLegsOptions(legs, reference_ + log_ + map_ + csv_ + html_));
  if (legs_.live) {
    return OkStatus();
  }
  if (!log_.empty() && !reference_.empty()) {
    return UsageError("--log is given beside " + EscapeForDisplay(reference_),
                      "a log stands for both dumps: give it alone, or two dumps without it");
  }
  if (log_.empty() && target_.empty()) {
    return UsageError(reference_.empty() ? "REFERENCE and TARGET are missing" : "TARGET is missing",
                      "name the dump of the float network, then that of the fixed one");
  }
  if (!log_.empty() && (tolerance_.limits.atol || tolerance_.limits.rtol)) {
    return UsageError("--atol and --rtol need the values, a log has none of them",
                      "judge a log by --min-cosine and --max-rel-l1");
  }
  return OkStatus();
}

Result<analysis::TolerancePolicy> LayersVerb::Policy() const {
  PLUMB_ASSIGN_OR_RETURN(auto policy, TolerancesFrom(tolerance_));
  if (policy.by_default.demands_equality()) {
    policy.by_default.min_cosine = kMinCosine;
    policy.by_default.max_relative_l1 = kMaxRelativeL1;
  }
  return policy;
}

// Only machines read them, and they cost another reading of both files.
Status AddDigests(VerbContext& context, analysis::ComparisonReport& report) {
  for (analysis::Operand* operand : {&report.reference, &report.target}) {
    if (context.json.wanted() && IsDumpFile(operand->source)) {
      PLUMB_ASSIGN_OR_RETURN(operand->sha256, Sha256HexOfFile(operand->source));
    }
  }
  return OkStatus();
}

Status LayersVerb::Compare(const analysis::TolerancePolicy& policy,
                           VerbContext& context,
                           LayersReport& report) const {
  analysis::ComparisonReport& comparison = report.comparison;
  PLUMB_ASSIGN_OR_RETURN(const auto map, FusionMapFor(map_, reference_, target_, report.map));
  PLUMB_ASSIGN_OR_RETURN(const auto reference, OpenLayers(reference_, Role::kReference));
  PLUMB_ASSIGN_OR_RETURN(const auto target, OpenLayers(target_, Role::kTarget));
  comparison.reference.source = reference.source;
  comparison.target.source = target.source;
  SayRoles(context.console, comparison.reference, comparison.target);
  if (!report.map.empty()) {
    context.console.Say({{"fusion map ", Style::kDim}, {report.map}});
  }
  layers::Matching matching = layers::MatchLayers(reference, target, map);
  layers::CompareOptions options;
  options.policy = policy;
  options.cancel = context.cancel;
  Progress progress(context.console, "layers", matching.pairs.size());
  options.progress = [&progress](size_t done, const std::string& name) {
    progress.Update(done, name);
  };
  const auto start = std::chrono::steady_clock::now();
  PLUMB_ASSIGN_OR_RETURN(auto results, layers::CompareLayers(reference, target, matching, options));
  comparison.timing.compare_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  comparison.coverage = std::move(matching.coverage);
  comparison.notes = std::move(matching.warnings);
  if (blame_.isolated()) {
    PLUMB_ASSIGN_OR_RETURN(report.blame,
                           FindBlame(legs_.model, {reference, target, results}, policy, context));
  }
  TakeLayers(reference, target, std::move(results), report);
  return AddDigests(context, comparison);
}

Status LayersVerb::ReadLog(const analysis::TolerancePolicy& policy, LayersReport& report) const {
  const auto text = ReadFile(log_, kMaxLog);
  const auto lines = text.ok() ? layers::ParseVendorLog(text->view())
                               : Result<std::vector<layers::VendorLine>>(text.status());
  if (!lines.ok()) {
    return lines.status()
        .Annotate("--log '" + EscapeForDisplay(log_) + "'")
        .WithReason(kReasonUsage);
  }
  report.comparison.reference.source = log_;
  report.comparison.target.source = log_;
  TakeLog(*lines, policy, report);
  return OkStatus();
}

Status LayersVerb::Write(const LayersReport& report, JsonOutput& json) const {
  if (!csv_.empty()) {
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(csv_, LayersToCsv(report)).Annotate("--csv"));
  }
  const std::string document = LayersToJson(report);
  if (!html_.empty()) {
    PLUMB_ASSIGN_OR_RETURN(const auto page, LayersHtml(document));
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(html_, page).Annotate("--html"));
  }
  return json.Write(document);
}

Result<int> LayersVerb::Run(VerbContext& context) {
  PLUMB_RETURN_IF_ERROR(Check());
  PLUMB_ASSIGN_OR_RETURN(const auto policy, Policy());
  if (legs_.live) {
    return RunLegs(legs_, {policy, min_coverage_}, context);
  }
  if (format_ == "vendor") {
    context.console.MoveTextToStderr();
  }
  LayersReport report;
  report.comparison.identity.plumb = PLUMB_VERSION;
  report.limits = policy.by_default;
  PLUMB_RETURN_IF_ERROR(log_.empty() ? Compare(policy, context, report) : ReadLog(policy, report));
  analysis::DecideOutcome({min_coverage_, true}, report.comparison);
  Arrange(report);
  PLUMB_RETURN_IF_ERROR(Write(report, context.json));
  if (format_ == "vendor") {
    context.console.Raw(LayersToVendorLines(report));
  }
  SayLayers(context.console, report);
  return report.comparison.exit_code;
}

}  // namespace

std::unique_ptr<Verb> MakeLayersVerb() {
  return std::make_unique<LayersVerb>();
}

}  // namespace plumb::client
