// `plumb input explain`: why the board's input differs from the PC's.
#include <chrono>
#include <cmath>

#include "client/cli/analyse/report_text.h"
#include "client/cli/frame/options.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/recipe_option.h"
#include "common/analysis/outcome.h"
#include "common/analysis/pair_comparator.h"
#include "common/archive/report_json.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/explain/difference_picture.h"
#include "common/explain/explain.h"
#include "common/tensor/npy.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using analysis::ComparisonReport;
using nlohmann::ordered_json;

constexpr uint64_t kMaxInput = uint64_t{256} << 20;

std::string Percent(double share) {
  const double percent = share * 100;
  return ShortestDouble(percent < 0.01 ? percent : std::nearbyint(percent * 100) / 100) + " %";
}

std::string Number(double value) {
  return ShortestDouble(std::nearbyint(value * 1e6) / 1e6);
}

std::string CausesOf(const explain::Finding& finding) {
  std::vector<std::string> whats;
  for (const explain::Cause& cause : finding.causes) {
    whats.push_back(cause.what);
  }
  return Join(whats, "; and ");
}

std::string ResidualOf(const explain::Finding& finding) {
  if (finding.residual.differing == 0) {
    return "gives the board's bytes exactly";
  }
  return "leaves " + std::to_string(finding.residual.differing) + " of " +
         std::to_string(finding.residual.count) + " elements different (" +
         Percent(finding.residual.share()) + "), at most by " + Number(finding.residual.largest);
}

ordered_json JsonOf(const explain::Difference& difference) {
  return {{"elements", difference.count},
          {"different_elements", difference.differing},
          {"share", difference.share()},
          {"largest", difference.largest},
          {"mean", difference.mean}};
}

ordered_json JsonOf(const explain::Finding& finding) {
  ordered_json json = {{"accepted", finding.accepted}, {"causes", ordered_json::array()}};
  for (const explain::Cause& cause : finding.causes) {
    json["causes"].push_back(
        {{"cause", cause.word}, {"what", cause.what}, {"advice", cause.advice}});
  }
  json["residual"] = JsonOf(finding.residual);
  return json;
}

class InputExplainVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"input explain",
            "Explain why the board's input differs from the PC's",
            "PC.bin is what the PC fed (plumb input make, --dump_rawdata), BOARD.bin what the\n"
            "application on the board did. First the two buffers alone are looked at; with\n"
            "--image the PC's way is gone again with one or two changes until it gives the\n"
            "board's bytes. Only what reproduces them is accepted. Describe the input as for\n"
            "'plumb input make'. Exit codes: 0 equal, 1 different (explained or not), 2 usage.",
            "plumb input explain pc.bin board.bin --image cat.jpg --model net.img --out why.png"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("PC", pc_, "What the PC feeds")->type_name("PC.bin")->required();
    app.add_option("BOARD", board_, "What the board fed")->type_name("BOARD.bin")->required();
    app.add_option("--image", image_, "The picture (or .npy) that both were made from")
        ->type_name("P");
    AddRecipeFlags(app, flags_);
    app.add_option("--out", out_, "Picture of both and of their difference, side by side")
        ->type_name("F.png");
    AddDuration(app, "--search-limit", limit_ms_, "How long to search (default 30s)");
  }

  Result<int> Run(VerbContext& context) override;
  [[nodiscard]] std::string ErrorJson(const Status& status) const override;

 private:
  Result<Buffer> ReadInput(const std::string& path, const std::string& name) const;
  Status Describe(explain::Request& request, Console& console) const;
  Status AddImage(explain::Request& request) const;
  Result<ComparisonReport> ReportOf(const explain::Request& request,
                                    const explain::Explanation& explanation) const;
  Status WriteJson(const ComparisonReport& report,
                   const explain::Explanation& explanation,
                   VerbContext& context) const;
  static void Say(const explain::Explanation& explanation, Console& console);
  Status WritePicture(const explain::Request& request, Console& console) const;

  std::string pc_;
  std::string board_;
  std::string image_;
  RecipeFlags flags_;
  std::string out_;
  int64_t limit_ms_ = 30'000;
};

std::string InputExplainVerb::ErrorJson(const Status& status) const {
  ComparisonReport report;
  report.error = status;
  report.reference.source = pc_;
  report.target.source = board_;
  report.identity.plumb = PLUMB_VERSION;
  analysis::DecideOutcome({}, report);
  return archive::ReportToJson(report);
}

Result<Buffer> InputExplainVerb::ReadInput(const std::string& path, const std::string& name) const {
  auto file = ReadFile(path, kMaxInput);
  if (!file.ok()) {
    return UsageError(name + ": " + file.status().message(),
                      "give the bytes of an input buffer, as plumb input make writes them");
  }
  return file->size() == 0 ? Result<Buffer>(UsageError(name + ": " + path + " is empty",
                                                       "give the bytes of an input buffer"))
                           : std::move(file);
}

Status InputExplainVerb::Describe(explain::Request& request, Console& console) const {
  if (flags_.model.empty() && flags_.format.empty() && flags_.picture.input_config.empty()) {
    if (!image_.empty()) {
      return UsageError("--image needs a description of the input",
                        "add --model M.img, or --format, --size and --family");
    }
    // Bytes in one row.
    request.recipe.buffer.format = npu::InputFormat::kGray;
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const WantedInputs inputs, LoadWantedInputs(flags_, console));
  if (inputs.inputs.size() != 1) {
    return UsageError("the model has " + std::to_string(inputs.inputs.size()) + " inputs",
                      "say which one with --input-index");
  }
  request.recipe = inputs.inputs.front().recipe;
  request.innermost = inputs.inputs.front().innermost;
  return image_.empty() ? OkStatus() : AddImage(request);
}

Status InputExplainVerb::AddImage(explain::Request& request) const {
  const auto file = ReadFile(image_, image::kMaxFileSize);
  if (!file.ok()) {
    return UsageError("--image: " + file.status().message(), file.status().hint());
  }
  if (!IsNpy(*file)) {
    request.picture.assign(file->span().begin(), file->span().end());
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const Tensor array, ParseNpy(image_, *file));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<double> values, RealValues(array));
  if (npu::IsPictureFormat(request.recipe.buffer.format)) {
    return UsageError("--image: an array is compared for RAWDATA inputs alone",
                      "give the picture's file");
  }
  const Shape& shape = array.desc.shape;
  const auto innermost = shape.rank() == 0 ? 1 : static_cast<uint64_t>(shape.innermost());
  request.innermost = request.innermost == 0 ? innermost : request.innermost;
  request.recipe.buffer.width = 0;
  request.numbers = explain::Numbers{{values.begin(), values.end()}, request.innermost};
  return OkStatus();
}

Result<ComparisonReport> InputExplainVerb::ReportOf(const explain::Request& request,
                                                    const explain::Explanation& explanation) const {
  ComparisonReport report;
  report.reference = {pc_, Sha256Hex(request.reference)};
  report.target = {board_, Sha256Hex(request.target)};
  report.coverage.matched = 1;
  report.notes = explanation.notes;
  report.identity.plumb = PLUMB_VERSION;
  const auto tensor = [&](std::span<const uint8_t> bytes) -> Result<Tensor> {
    Tensor side;
    side.desc.name = "input";
    side.desc.element_type = explanation.element_type;
    const auto count = static_cast<int64_t>(bytes.size() / ElementSize(side.desc.element_type));
    side.desc.shape = {count};
    side.desc.payload_size = side.desc.aligned_size = bytes.size();
    side.bytes = Buffer::FromVector({bytes.begin(), bytes.end()});
    return side;
  };
  const size_t common = std::min(request.reference.size(), request.target.size());
  if (common >= ElementSize(explanation.element_type)) {
    PLUMB_ASSIGN_OR_RETURN(const Tensor reference, tensor(request.reference.first(common)));
    PLUMB_ASSIGN_OR_RETURN(const Tensor target, tensor(request.target.first(common)));
    PLUMB_ASSIGN_OR_RETURN(auto compared, analysis::CompareTensors(reference, target, {}));
    report.tensors.push_back(std::move(compared));
  }
  for (const explain::Finding& finding : explanation.findings) {
    for (const explain::Cause& cause : finding.causes) {
      if (finding.accepted) {
        const std::string together = finding.causes.size() == 1 ? "" : ", together with another";
        report.diagnosis.push_back({cause.word,
                                    "input",
                                    cause.what + together + ": this " + ResidualOf(finding),
                                    1 - finding.residual.share(),
                                    cause.advice});
      }
    }
  }
  analysis::DecideOutcome({}, report);
  if (request.reference.size() != request.target.size() && explanation.difference.differing != 0) {
    report.verdict = analysis::Verdict::kMismatch;
    report.exit_code = kExitMismatch;
  }
  return report;
}

Status InputExplainVerb::WriteJson(const ComparisonReport& report,
                                   const explain::Explanation& explanation,
                                   VerbContext& context) const {
  if (!context.json.wanted()) {
    return OkStatus();
  }
  ordered_json json = ordered_json::parse(archive::ReportToJson(report));
  ordered_json findings = ordered_json::array();
  for (const explain::Finding& finding : explanation.findings) {
    findings.push_back(JsonOf(finding));
  }
  json["input"] = {{"element_type", ElementTypeName(explanation.element_type)},
                   {"difference", JsonOf(explanation.difference)},
                   {"histogram", explanation.histogram},
                   {"findings", findings},
                   {"tried", explanation.tried},
                   {"picture", out_.empty() ? ordered_json() : ordered_json(out_)}};
  return context.json.Write(json.dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

void InputExplainVerb::Say(const explain::Explanation& explanation, Console& console) {
  const explain::Difference& difference = explanation.difference;
  if (difference.differing == 0) {
    console.Conclude({{"equal", Style::kGood}, {": the board feeds the PC's bytes"}});
    return;
  }
  console.Say(std::to_string(difference.differing) + " of " + std::to_string(difference.count) +
              " elements (" + std::string(ElementTypeName(explanation.element_type)) +
              ") differ, " + Percent(difference.share()) + "; the largest difference is " +
              Number(difference.largest) + ", the mean " + Number(difference.mean));
  for (const std::string& note : explanation.notes) {
    console.Say("note: " + note);
  }
  const bool explained = !explanation.findings.empty() && explanation.findings.front().accepted;
  for (size_t i = explained ? 1 : 0; i < explanation.findings.size(); ++i) {
    const explain::Finding& finding = explanation.findings[i];
    const std::string what = CausesOf(finding) + ": " + ResidualOf(finding);
    finding.accepted ? console.Say("also: " + what) : console.Detail("not accepted: " + what);
  }
  if (!explained) {
    console.Conclude({{"different", Style::kBad},
                      {": no cause reproduces the board's bytes (" +
                       std::to_string(explanation.tried) + " tried)"}});
    return;
  }
  const explain::Finding& best = explanation.findings.front();
  console.Conclude(
      {{"explained", Style::kBad}, {": " + CausesOf(best) + ". This " + ResidualOf(best) + "."}});
  for (const explain::Cause& cause : best.causes) {
    console.Conclude({{"  " + cause.word, Style::kBold}, {": " + cause.advice}});
  }
}

Status InputExplainVerb::WritePicture(const explain::Request& request, Console& console) const {
  if (out_.empty()) {
    return OkStatus();
  }
  const auto picture = explain::PictureOfDifference(request);
  if (!picture.ok()) {
    return UsageError("--out: " + picture.status().message(), picture.status().hint());
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> png, image::EncodePng(*picture));
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(out_, png).Annotate("--out"));
  console.Say("wrote " + out_ + ": the PC's input, the board's, and where they differ");
  return OkStatus();
}

Result<int> InputExplainVerb::Run(VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer pc, ReadInput(pc_, "PC"));
  PLUMB_ASSIGN_OR_RETURN(const Buffer board, ReadInput(board_, "BOARD"));
  explain::Request request;
  request.reference = pc.span();
  request.target = board.span();
  request.limit = std::chrono::milliseconds(limit_ms_);
  request.cancel = context.cancel;
  PLUMB_RETURN_IF_ERROR(Describe(request, context.console));
  SayRoles(context.console, {pc_, ""}, {board_, ""});
  const auto explanation = explain::Explain(request);
  if (!explanation.ok()) {
    return explanation.status().code() == StatusCode::kInvalidArgument
               ? UsageError(explanation.status().message(), explanation.status().hint())
               : explanation.status();
  }
  PLUMB_RETURN_IF_ERROR(context.cancel.status());
  PLUMB_ASSIGN_OR_RETURN(const ComparisonReport report, ReportOf(request, *explanation));
  PLUMB_RETURN_IF_ERROR(WritePicture(request, context.console));
  PLUMB_RETURN_IF_ERROR(WriteJson(report, *explanation, context));
  Say(*explanation, context.console);
  return report.exit_code;
}

}  // namespace

std::unique_ptr<Verb> MakeInputExplainVerb() {
  return std::make_unique<InputExplainVerb>();
}

}  // namespace plumb::client
