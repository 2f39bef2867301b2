// `plumb compare`: tensors of two files, folders or recorded runs.
#include <chrono>

#include "client/cli/analyse/compare_dumps.h"
#include "client/cli/analyse/layers_input.h"
#include "client/cli/analyse/report_text.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/operand.h"
#include "client/cli/option/tolerance_option.h"
#include "common/analysis/adopted_scale.h"
#include "common/analysis/diagnose.h"
#include "common/analysis/outcome.h"
#include "common/analysis/pair_comparator.h"
#include "common/analysis/pairing.h"
#include "common/analysis/text_tolerance.h"
#include "common/archive/report_json.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

using analysis::ComparisonReport;
using analysis::Role;

class CompareVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"compare",
            "Compare the tensors of two files, folders or recorded runs",
            "REFERENCE is what the target should be; relative errors divide by it. Each is an\n"
            ".npy file, a raw file (with --spec), a folder of .npy files (paired by name), a run\n"
            "folder or one of its legs. A run folder as REFERENCE gives its reference leg, as\n"
            "TARGET its target leg. Valid elements must be equal unless a tolerance is given;\n"
            "padding is never looked at. Dumps are paired layer by layer, their constants only\n"
            "counted. The text of simulator.py or prog_dla_simulator and a\n"
            "folder with tensors.json are read too; text matches within its six decimals.\n"
            "Exit codes: 0 match, 1 mismatch, 2 usage or unreadable file, 5 nothing compared or\n"
            "tensors missing, 6 the recorded target differs from itself.",
            "plumb compare simulator.npy board.bin --spec 1x10xs16@32,scale=0.0039"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("REFERENCE", reference_, "What the target should be")->required();
    app.add_option("TARGET", target_, "What is judged")->required();
    app.add_option("--spec",
                   specs_,
                   "What a raw file holds: DIMSxTYPE[@ROW_PITCH][,scale=S][,zero=Z]; once for "
                   "both files, or twice: reference, then target")
        ->type_name("SPEC")
        ->expected(1)
        ->take_all();
    AddTolerance(app, tolerance_);
    app.add_option("--min-coverage",
                   min_coverage_,
                   "Percentage of tensors that must be found on both sides; exit 5 below it")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
  }

  Result<int> Run(VerbContext& context) override;
  [[nodiscard]] std::string ErrorJson(const Status& status) const override;

 private:
  [[nodiscard]] std::string SpecFor(Role role) const;
  [[nodiscard]] Status Check() const;
  Result<int> RunDumps(const analysis::TolerancePolicy& policy, VerbContext& context) const;

  std::string reference_;
  std::string target_;
  std::vector<std::string> specs_;
  ToleranceOptions tolerance_;
  double min_coverage_ = 100;
};

std::string CompareVerb::SpecFor(Role role) const {
  if (specs_.empty()) {
    return "";
  }
  return role == Role::kReference ? specs_.front() : specs_.back();
}

Status CompareVerb::Check() const {
  if (specs_.size() > 2) {
    return UsageError("--spec is given " + std::to_string(specs_.size()) + " times",
                      "give it once for both files, or twice: for the reference, then the target");
  }
  return OkStatus();
}

std::string CompareVerb::ErrorJson(const Status& status) const {
  ComparisonReport report;
  report.error = status;
  report.reference.source = reference_;
  report.target.source = target_;
  report.identity.plumb = PLUMB_VERSION;
  analysis::DecideOutcome({}, report);
  return archive::ReportToJson(report);
}

analysis::TextDecimals DecimalsOf(const LoadedOperand& reference, const LoadedOperand& target) {
  return {reference.text_decimals, target.text_decimals};
}

// Outputs of one model have an order; files in folders only have names.
analysis::Pairing PairUp(const LoadedOperand& reference, const LoadedOperand& target) {
  const auto has_order = [](const LoadedOperand& side) {
    return side.recording.has_value() || side.text_decimals != 0;
  };
  const bool ordered = has_order(reference) && has_order(target) &&
                       reference.tensors.size() == target.tensors.size();
  const bool text = reference.text_decimals != 0 || target.text_decimals != 0;
  analysis::Pairing by_name = analysis::PairByName(reference.Names(), target.Names());
  // Printed files may list the outputs in another order, but under the same names.
  const bool names_agree = text && by_name.pairs.size() == target.tensors.size();
  return ordered && !names_agree ? analysis::PairByIndex(reference.Names(), target.Names())
                                 : by_name;
}

Result<std::vector<analysis::ComparedPair>> ComparePairs(const LoadedOperand& reference,
                                                         const LoadedOperand& target,
                                                         const analysis::Pairing& pairing,
                                                         const analysis::TolerancePolicy& policy,
                                                         const CancelToken& cancel) {
  std::vector<analysis::ComparedPair> pairs;
  for (const auto& [r, t] : pairing.pairs) {
    PLUMB_RETURN_IF_ERROR(cancel.status());
    const Tensor& a = reference.tensors[r];
    const Tensor& b = target.tensors[t];
    const auto limits =
        analysis::ToleranceForText(policy.For(b.desc.name), DecimalsOf(reference, target));
    PLUMB_ASSIGN_OR_RETURN(auto report, analysis::CompareTensors(a, b, limits));
    report.index = static_cast<uint32_t>(pairs.size());
    pairs.push_back({a, b, std::move(report)});
    analysis::AdoptScale(pairs.back().reference.desc, pairs.back().target.desc);
  }
  return pairs;
}

analysis::Identity IdentityOf(const LoadedOperand& target) {
  analysis::Identity identity;
  if (target.recording) {
    identity.model_sha256 = target.recording->identity.model_sha256;
    identity.input_sha256 = target.recording->identity.input_sha256;
    identity.board = target.recording->identity.board;
    identity.sdk = target.recording->model.sdk;
  }
  identity.plumb = PLUMB_VERSION;
  return identity;
}

double MillisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

// Of any size: nothing of them is held.
Result<int> CompareVerb::RunDumps(const analysis::TolerancePolicy& policy,
                                  VerbContext& context) const {
  SayRoles(context.console, {reference_, ""}, {target_, ""});
  const auto start = std::chrono::steady_clock::now();
  PLUMB_ASSIGN_OR_RETURN(
      ComparisonReport report,
      CompareDumps({reference_, target_, policy, context.json.wanted(), context.cancel}));
  report.identity.plumb = PLUMB_VERSION;
  report.timing.compare_ms = MillisecondsSince(start);
  analysis::DecideOutcome({min_coverage_, true}, report);
  PLUMB_RETURN_IF_ERROR(context.json.Write(archive::ReportToJson(report)));
  SayReport(context.console, report);
  return report.exit_code;
}

Result<int> CompareVerb::Run(VerbContext& context) {
  PLUMB_RETURN_IF_ERROR(Check());
  PLUMB_ASSIGN_OR_RETURN(const auto policy, TolerancesFrom(tolerance_));
  if (specs_.empty() && IsDumpFile(reference_) && IsDumpFile(target_)) {
    return RunDumps(policy, context);
  }
  PLUMB_ASSIGN_OR_RETURN(const auto reference,
                         LoadOperand(reference_, Role::kReference, SpecFor(Role::kReference)));
  PLUMB_ASSIGN_OR_RETURN(const auto target,
                         LoadOperand(target_, Role::kTarget, SpecFor(Role::kTarget)));
  if (!specs_.empty() && !reference.raw && !target.raw) {
    return UsageError("--spec is given, but neither operand is a raw file",
                      "leave --spec out: the files say themselves what they hold");
  }
  SayRoles(context.console, reference.operand, target.operand);

  const auto start = std::chrono::steady_clock::now();
  const analysis::Pairing pairing = PairUp(reference, target);
  analysis::DiagnosisRequest request;
  PLUMB_ASSIGN_OR_RETURN(request.pairs,
                         ComparePairs(reference, target, pairing, policy, context.cancel));
  request.reference_identity = reference.Identity();
  request.target_identity = target.Identity();
  if (target.recording) {
    request.evidence = archive::EvidenceOf(*target.recording);
  }
  request.cancel = context.cancel;

  ComparisonReport report;
  report.reference = reference.operand;
  report.target = target.operand;
  report.coverage = pairing.coverage;
  report.coverage.constant = reference.constants;
  report.diagnosis = analysis::Diagnose(request);
  for (const auto& pair : request.pairs) {
    report.tensors.push_back(pair.report);
  }
  const std::string note = analysis::TextNote(DecimalsOf(reference, target), policy.by_default);
  if (!note.empty()) {
    report.notes.push_back(note);
  }
  report.identity = IdentityOf(target);
  report.timing.compare_ms = MillisecondsSince(start);
  analysis::DecideOutcome({min_coverage_, request.evidence.repeatable()}, report);

  PLUMB_RETURN_IF_ERROR(context.json.Write(archive::ReportToJson(report)));
  SayReport(context.console, report);
  return report.exit_code;
}

}  // namespace

std::unique_ptr<Verb> MakeCompareVerb() {
  return std::make_unique<CompareVerb>();
}

}  // namespace plumb::client
