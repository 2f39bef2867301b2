#include "client/cli/debug/walk.h"

#include <array>
#include <utility>

#include "client/cli/debug/artifacts.h"
#include "client/cli/debug/documents.h"
#include "client/cli/debug/subcommand.h"
#include "client/cli/option/samples.h"
#include "common/base/text.h"
#include "common/npu/quantize/quantize.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<int> kCompared = {kExitMatch, kExitMismatch, kExitCoverage};

struct Look {
  const DebugRequest& request;
  Artifacts& artifacts;
};

Status Skip(Stage& stage, std::string why) {
  stage.state = StageState::kSkipped;
  stage.found = std::move(why);
  return OkStatus();
}

Status Preprocessing(const Look& look, Stage& stage) {
  const DebugRequest& request = look.request;
  if (request.script_flags.empty()) {
    return Skip(stage, "no script (-n): every stage prepares the input alike here");
  }
  Words words = {"input", "check", "--image", request.input};
  Append(words, request.script_flags);
  Append(words, request.picture_flags);
  const npu::Graph* network = look.artifacts.network();
  if (network != nullptr && !network->inputs.empty()) {
    const auto picture = PictureGeometryOf(network->tensors.at(network->inputs.front()).shape);
    Append(words,
           picture ? Words{"--size",
                           std::to_string(picture->width) + "x" + std::to_string(picture->height)}
                   : Words{"--no-picture"});
  }
  PLUMB_ASSIGN_OR_RETURN(const Json document,
                         look.artifacts.Command(stage, words, {kExitMatch, kExitMismatch}));
  Words broken;
  const Json checks = document.value("checks", Json::array());
  for (const Json& check : checks) {
    if (!check.value("passed", false)) {
      broken.push_back(TextAt(check, {"check"}) + ": " + TextAt(check, {"found"}));
      stage.next.push_back(TextAt(check, {"advice"}));
    }
  }
  stage.state = broken.empty() ? StageState::kHolds : StageState::kBreaks;
  stage.found = broken.empty() ? "all " + std::to_string(checks.size()) + " checks of the script"
                               : Join(broken, "; ");
  return OkStatus();
}

// Both compute in float32, only the order of sums differs: so every layer must agree.
Status FrameworkToFloat(const Look& look, Stage& stage) {
  const bool has_float = look.artifacts.network() != nullptr || !look.request.float_dump.empty();
  const bool has_framework =
      look.artifacts.network() != nullptr || !look.request.framework_dump.empty();
  if (!has_float || !has_framework) {
    return Skip(stage, "the model holds integers: give the float network to look at this stage");
  }
  const auto framework = look.artifacts.FrameworkDump(stage);
  if (!framework.ok()) {
    return Skip(stage, framework.status().message());
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string float_dump, look.artifacts.FloatDump(stage));
  Words words = {"compare", *framework, float_dump};
  Append(words, {"--min-cosine", "0.99999", "--max-rel-l1", "1e-4"});
  PLUMB_ASSIGN_OR_RETURN(const Json document, look.artifacts.Command(stage, words, kCompared));
  stage.state = stage.exit_code == kExitMatch ? StageState::kHolds : StageState::kBreaks;
  stage.found = WorstLayer(document);
  if (stage.state == StageState::kBreaks) {
    const std::string first = TextAt(document, {"first_divergence", "name"});
    stage.found += first.empty() ? "" : "; the first that differs is " + first;
    stage.next = {
        "the first layers differ already: mean, std, colour order and layout (NCHW or NHWC)",
        "a layer inside differs first: its attributes, 'plumb inspect " + look.request.model +
            "' against the framework's"};
  }
  return OkStatus();
}

Words OutputNames(const npu::Graph* network) {
  Words names;
  for (size_t i = 0; network != nullptr && i < network->outputs.size(); ++i) {
    names.push_back(network->tensors.at(network->outputs[i]).name);
  }
  return names;
}

void ProposeForFixed(const Look& look, const Json& layers, const Words& words, Stage& stage) {
  const Words advice = Advice(layers);
  const std::string curve = TextAt(layers, {"curve", "advice"});
  Append(stage.next, advice.empty() && !curve.empty() ? Words{curve} : advice);
  stage.next.push_back("see it layer by layer: " + ShellLine(words));
  const npu::Graph* network = look.artifacts.network();
  if (network != nullptr && !npu::IsQuantized(*network)) {
    Words tune = {"tune", "--model", look.request.model, "--input", look.request.input};
    Append(tune, look.artifacts.SampleFlags());
    if (!look.request.calibrate.empty()) {
      Append(tune, {"--calibrate", look.request.calibrate});
    }
    stage.next.push_back("find the fewest tensors that must be INT16: " + ShellLine(tune));
  }
}

std::string FoundInLayers(const Json& layers, const OutputJudgement& judged) {
  std::string found = std::to_string(judged.compared - judged.out_of_bounds) + " of " +
                      std::to_string(judged.compared) +
                      " outputs within the limits; the worst is " + judged.worst;
  if (judged.inner_out_of_bounds > 0) {
    found += "; " + std::to_string(judged.inner_out_of_bounds) +
             " layers inside are out of bounds, the first is " +
             TextAt(layers, {"first_divergence", "name"});
  }
  return found;
}

// Judged by what the network puts out: a layer inside may be far off and harmless.
Status FloatToFixed(const Look& look, Stage& stage) {
  const DebugRequest& request = look.request;
  const bool network = look.artifacts.network() != nullptr;
  if (!network && request.float_dump.empty()) {
    return Skip(stage, "the model holds integers: give the float network to look at this stage");
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string fixed,
                         request.fixed_dump.empty() ? look.artifacts.FixedDump(stage)
                                                    : Result<std::string>(request.fixed_dump));
  PLUMB_ASSIGN_OR_RETURN(const std::string float_dump, look.artifacts.FloatDump(stage));
  Words words = {"layers", float_dump, fixed};
  Append(words, request.tolerance_flags);
  PLUMB_ASSIGN_OR_RETURN(const Json document, look.artifacts.Command(stage, words, kCompared));
  const OutputJudgement judged = JudgeOutputs(document, OutputNames(look.artifacts.network()));
  const bool missing = stage.exit_code == kExitCoverage;
  const bool holds = judged.out_of_bounds == 0 && judged.compared > 0 && !missing;
  stage.state = holds ? StageState::kHolds : StageState::kBreaks;
  stage.found = FoundInLayers(document, judged) + (missing ? "; layers are missing" : "");
  if (!holds && look.artifacts.calibrated_on_input()) {
    stage.found += "; it was calibrated on the input alone";
    stage.next = {"calibrate on typical inputs: --calibrate PICTURES"};
  }
  if (!holds) {
    ProposeForFixed(look, document, words, stage);
  }
  return OkStatus();
}

// The offline model holds the fixed model's integers: nothing may differ.
Status FixedToOffline(const Look& look, Stage& stage) {
  PLUMB_ASSIGN_OR_RETURN(const std::string fixed, look.artifacts.FixedModel(stage));
  if (fixed.empty()) {
    return Skip(stage, "no fixed model is given beside the offline model (--fixed)");
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string offline, look.artifacts.OfflineModel(stage));
  if (!LoadModelFile(offline).ok()) {
    return Skip(
        stage, "the vendor's offline model shows no layers; its outputs are judged with the board");
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string fixed_dump, look.artifacts.FixedDump(stage));
  PLUMB_ASSIGN_OR_RETURN(const std::string dump,
                         look.artifacts.DumpOf(offline, "offline.bin", stage));
  PLUMB_ASSIGN_OR_RETURN(const Json document,
                         look.artifacts.Command(stage, {"compare", fixed_dump, dump}, kCompared));
  stage.state = stage.exit_code == kExitMatch ? StageState::kHolds : StageState::kBreaks;
  stage.found = WorstLayer(document);
  if (stage.state == StageState::kBreaks) {
    stage.next = {
        "the offline model was made of another fixed model: make it again with " +
        ShellLine(
            Words{"compile", "--model", fixed, "--chip", look.request.chip, "--out", "NEW.img"})};
  }
  return OkStatus();
}

std::string Where(const DebugRequest& request) {
  return request.is_virtual ? " (on the virtual IPU, which stands in for a board)" : "";
}

void JudgeRun(const Look& look, const Json& run, Stage& stage) {
  if (stage.exit_code == kExitMatch) {
    stage.state = StageState::kHolds;
    stage.found = "outputs equal to the simulator's in every element" + Where(look.request);
    return;
  }
  stage.state = StageState::kBreaks;
  stage.found = stage.exit_code == kExitBoard           ? ErrorIn(run, "the board failed")
                : stage.exit_code == kExitNotRepeatable ? "the board differs from itself"
                                                        : WorstLayer(run);
  stage.found += Where(look.request);
  const Words causes = Causes(run);
  if (!causes.empty()) {
    stage.found += "; cause: " + causes.front();
  } else if (stage.exit_code == kExitMismatch) {
    stage.found += "; no known cause explains it";
  }
  stage.next = Advice(run);
  stage.next.push_back("compare the bytes that the application really feeds: plumb input explain " +
                       look.artifacts.Path("input.bin") + " BOARD.bin --image " +
                       look.request.input);
}

Status OfflineToBoard(const Look& look, Stage& stage) {
  PLUMB_ASSIGN_OR_RETURN(const std::string model, look.artifacts.OfflineModel(stage));
  PLUMB_ASSIGN_OR_RETURN(const Words files, look.artifacts.InputFiles(model, stage));
  Words words = {"run", "--model", model};
  for (const std::string& file : files) {
    Append(words, {"--input", file});
  }
  Append(words, look.request.board_flags);
  PLUMB_ASSIGN_OR_RETURN(
      const Json run,
      look.artifacts.Command(
          stage, words, {kExitMatch, kExitMismatch, kExitBoard, kExitNotRepeatable}));
  JudgeRun(look, run, stage);
  return OkStatus();
}

struct StageEntry {
  const char* name;
  const char* section;
  Status (*judge)(const Look& look, Stage& stage);
};

constexpr std::array<StageEntry, 5> kStages = {{
    {"preprocessing", "2.1.1", Preprocessing},
    {"framework -> float", "1.1", FrameworkToFloat},
    {"float -> fixed", "2.1", FloatToFixed},
    {"fixed -> offline", "3.1", FixedToOffline},
    {"offline -> board", "3.1", OfflineToBoard},
}};

}  // namespace

std::string_view StageStateName(StageState state) {
  switch (state) {
    case StageState::kHolds:
      return "holds";
    case StageState::kBreaks:
      return "breaks";
    case StageState::kSkipped:
      return "skipped";
    case StageState::kFailed:
      return "failed";
    case StageState::kNotReached:
      return "not reached";
  }
  return "";
}

Result<std::vector<Stage>> WalkStages(const DebugRequest& request, const WalkOptions& options) {
  Artifacts artifacts(request, options);
  PLUMB_RETURN_IF_ERROR(artifacts.Load());
  const Look look{request, artifacts};
  std::vector<Stage> stages;
  bool ended = false;
  for (const StageEntry& entry : kStages) {
    Stage stage;
    stage.name = entry.name;
    stage.section = entry.section;
    if (!ended) {
      PLUMB_RETURN_IF_ERROR(options.cancel.status());
      options.begin(stage.name);
      if (const Status judged = entry.judge(look, stage); !judged.ok()) {
        stage.state = StageState::kFailed;
        stage.found = judged.message();
      }
      ended = stage.state == StageState::kFailed ||
              (stage.state == StageState::kBreaks && !request.keep_going);
    }
    options.end(stage);
    stages.push_back(std::move(stage));
  }
  return stages;
}

}  // namespace plumb::client
