#include "client/cli/legs/leg_runs.h"

#include <chrono>
#include <functional>
#include <utility>

#include "client/cli/frame/usage.h"
#include "client/cli/legs/board_leg.h"
#include "client/cli/network/fixed_layers.h"
#include "common/base/text.h"
#include "common/npu/io/io.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

using legs::Stage;

constexpr std::array<std::string_view, 5> kStateNames = {
    "ran", "partly", "not_asked", "cannot", "failed"};

Status Missing(std::string message, const std::string& hint) {
  return FailedPreconditionError(std::move(message)).WithHint(hint);
}

// Why a leg cannot be run at all; OK when it can be tried.
Status Obstacle(const LegModels& models, Stage stage) {
  const std::string network = models.request.model.empty() ? "NET" : models.request.model;
  switch (stage) {
    case Stage::kFramework:
    case Stage::kFloat:
      if (!models.graph_error.ok()) {
        return stage == Stage::kFloat ? models.graph_error : OkStatus();
      }
      return models.graph != nullptr ? OkStatus()
                                     : Missing("there is no float network",
                                               "name the TFLite, ONNX or Caffe model with --model");
    case Stage::kFixed:
      return models.fixed != nullptr
                 ? OkStatus()
                 : Missing("there is no fixed model",
                           "make one and name it with --quantised: plumb quantize --model " +
                               network + " --calibrate PICTURES --out F_fixed.plm");
    default:
      break;
  }
  if (models.offline == nullptr) {
    return Missing("there is no offline model",
                   "name it with --offline, or the fixed model with --quantised");
  }
  return models.offline->chip->batch == 1
             ? OkStatus()
             : Missing("the offline model takes " + std::to_string(models.offline->chip->batch) +
                           " inputs in one Invoke",
                       "compile it without --batch");
}

// The chip's bytes, and what of them is not what the fixed stage is fed.
struct ChipInputs {
  std::vector<std::vector<uint8_t>> bytes;
  std::vector<std::vector<int16_t>> stored;
};

Result<ChipInputs> ReadChipInputs(const LegModels& models, const CancelToken& cancel) {
  ChipInputs inputs;
  PLUMB_ASSIGN_OR_RETURN(inputs.bytes, ChipInputsOf(models.request, *models.offline, cancel));
  for (size_t i = 0; i < inputs.bytes.size(); ++i) {
    const uint32_t tensor = models.offline->inputs.at(i).tensor;
    std::vector<int16_t> stored(
        static_cast<size_t>(models.offline->tensors.at(tensor).shape.element_count().value_or(0)));
    PLUMB_RETURN_IF_ERROR(npu::ReadInput(*models.offline, i, inputs.bytes[i], stored));
    inputs.stored.push_back(std::move(stored));
  }
  return inputs;
}

// An input format may not carry what the network was fed: said before anyone searches for a layer.
void NoteInputs(const LegModels& models,
                const ChipInputs& inputs,
                const CancelToken& cancel,
                LegRun& run) {
  if (models.fixed == nullptr) {
    return;
  }
  const auto fed = StoredInputsOf(models.request, *models.fixed, cancel);
  for (size_t i = 0; fed.ok() && i < fed->size() && i < inputs.stored.size(); ++i) {
    const std::vector<int16_t>& chip = inputs.stored[i];
    size_t different = 0;
    for (size_t k = 0; k < chip.size() && chip.size() == (*fed)[i].size(); ++k) {
      different += chip[k] != (*fed)[i][k];
    }
    if (different > 0) {
      run.notes.push_back(
          "input '" + models.offline->tensors.at(models.offline->inputs[i].tensor).name +
          "' reaches the offline model changed: " + std::to_string(different) + " of " +
          std::to_string(chip.size()) + " elements differ from the fixed stage's, by its format " +
          std::string(npu::InputFormatName(models.offline->chip->inputs[i].format)));
    }
  }
}

Status RunSimulator(const LegModels& models, LegRun& run, VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const ChipInputs inputs, ReadChipInputs(models, context.cancel));
  NoteInputs(models, inputs, context.cancel, run);
  PLUMB_ASSIGN_OR_RETURN(
      DumpOutput output,
      DumpOutput::Create(run.dump.string(), false, models.offline->ops.size(), context));
  PLUMB_RETURN_IF_ERROR(RunFixedLayers(models.offline, inputs.stored, output));
  PLUMB_RETURN_IF_ERROR(output.Commit());
  run.counts = output.counts();
  run.what = "built-in simulator, " + std::string(FamilyName(models.offline->chip->family));
  return OkStatus();
}

Status RunBoard(const LegModels& models, LegRun& run, VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(ChipInputs inputs, ReadChipInputs(models, context.cancel));
  BoardLegRequest request;
  request.model = models.offline;
  request.inputs = std::move(inputs.bytes);
  request.board = models.board;
  request.folder = run.dump.parent_path();
  request.timeout = models.request.timeout;
  PLUMB_ASSIGN_OR_RETURN(
      DumpOutput output,
      DumpOutput::Create(run.dump.string(), false, models.offline->ops.size(), context));
  PLUMB_ASSIGN_OR_RETURN(BoardLegResult result, RunBoardLeg(request, context.cancel, output));
  run.counts = output.counts();
  run.notes = std::move(result.notes);
  run.what = "virtual IPU " + std::string(FamilyName(models.board.family)) +
             (models.board.fault.empty() ? "" : " with fault " + models.board.fault) +
             ", tapped through an export that is not the vendor's";
  if (run.counts.layers > 0) {
    PLUMB_RETURN_IF_ERROR(output.Commit());
  }
  return result.end;
}

Status RunStage(const LegModels& models, LegRun& run, VerbContext& context) {
  DumpRequest request = models.request;
  request.out = run.dump.string();
  const auto take = [&run](Result<DumpResult> result) {
    if (!result.ok()) {
      return result.status();
    }
    run.counts = std::move(result->counts);
    run.what = std::move(result->engine);
    return OkStatus();
  };
  switch (run.stage) {
    case Stage::kFramework:
      return take(DumpFramework(request, context));
    case Stage::kFloat:
      PLUMB_RETURN_IF_ERROR(take(DumpFloat(request, models.graph, context)));
      run.what = "our float kernels";
      return OkStatus();
    case Stage::kFixed:
      PLUMB_RETURN_IF_ERROR(take(DumpFixed(request, models.fixed, context)));
      run.what = "reference kernels, " + models.fixed_path;
      return OkStatus();
    case Stage::kSimulator:
      return RunSimulator(models, run, context);
    case Stage::kBoard:
      break;
  }
  return RunBoard(models, run, context);
}

// What cannot be had here is no failure of what ran.
LegState StateOf(const Status& end, const DumpCounts& counts) {
  if (end.ok()) {
    return LegState::kRan;
  }
  if (counts.layers > 0) {
    return LegState::kPartly;
  }
  return ClassifyFailure(end) == FailureClass::kUsage ? LegState::kCannot : LegState::kFailed;
}

}  // namespace

std::string_view LegStateName(LegState state) {
  return kStateNames.at(static_cast<size_t>(state));
}

Result<std::vector<LegRun>> RunWantedLegs(const LegModels& models,
                                          const WantedStages& wanted,
                                          const std::filesystem::path& folder,
                                          VerbContext& context) {
  std::vector<LegRun> runs;
  for (size_t i = 0; i < legs::kStages; ++i) {
    LegRun run;
    run.stage = static_cast<Stage>(i);
    if (!wanted.at(i)) {
      runs.push_back(std::move(run));
      continue;
    }
    run.dump = folder / (std::string(legs::StageName(run.stage)) + ".bin");
    run.why = Obstacle(models, run.stage);
    run.state = LegState::kCannot;
    if (run.why.ok()) {
      const auto start = std::chrono::steady_clock::now();
      run.why = RunStage(models, run, context);
      PLUMB_RETURN_IF_ERROR(context.cancel.status());
      run.milliseconds =
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
              .count();
      run.state = StateOf(run.why, run.counts);
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace plumb::client
