#include "client/cli/legs/leg_models.h"

#include <algorithm>

#include "client/cli/frame/usage.h"
#include "client/cli/option/input_shape_option.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/npu/model/compile.h"

namespace plumb::client {
namespace {

using npu::FixedModel;

// LoadModelFile names the flag that all other verbs have.
Status Named(const Status& status, const std::string& flag) {
  const std::string usual = "--model";
  std::string message(status.message());
  if (message.starts_with(usual)) {
    message = flag + message.substr(usual.size());
  }
  return UsageError(std::move(message), status.hint());
}

Result<std::shared_ptr<const FixedModel>> LoadOurs(const std::string& flag,
                                                   const std::string& path,
                                                   bool offline) {
  auto model = LoadFixedModel(path);
  if (!model.ok()) {
    return Named(model.status(), flag);
  }
  if ((*model)->chip.has_value() != offline) {
    return UsageError(flag + ": " + EscapeForDisplay(path) +
                          (offline ? " is a fixed model, no offline model"
                                   : " is an offline model, no fixed model"),
                      offline ? "give it with --quantised" : "give it with --offline");
  }
  return model;
}

// A model of ours may come with --model, as it does for the other verbs.
Status TakeModel(const LegsOptions& options, LegModels& models) {
  if (options.model.empty()) {
    return OkStatus();
  }
  if (const auto size = FileSize(options.model); !size.ok()) {
    return UsageError("--model: " + size.status().message(), size.status().hint());
  }
  auto file = LoadModelFile(options.model, models.request.shapes);
  if (!file.ok()) {
    models.graph_error = file.status();
    return OkStatus();
  }
  models.graph = file->graph;
  if (file->fixed == nullptr) {
    return OkStatus();
  }
  auto& place = file->fixed->chip ? models.offline : models.fixed;
  if (place != nullptr) {
    return UsageError("--model " + EscapeForDisplay(options.model) + " is given twice",
                      "name the TFLite, ONNX or Caffe network with --model");
  }
  place = file->fixed;
  (file->fixed->chip ? models.offline_path : models.fixed_path) = options.model;
  models.request.model.clear();
  return OkStatus();
}

Status TakeBoard(const LegsOptions& options, LegModels& models) {
  if (!options.virtual_spec.empty()) {
    PLUMB_ASSIGN_OR_RETURN(models.board, ParseVirtualSpec(options.virtual_spec));
  }
  if (models.offline == nullptr) {
    return OkStatus();
  }
  const Family family = models.offline->chip->family;
  if (!options.virtual_spec.empty() && models.board.family != family) {
    return UsageError("--virtual " + std::string(FamilyName(models.board.family)) +
                          ": the offline model is for the family " +
                          std::string(FamilyName(family)),
                      "write --virtual " + std::string(FamilyName(family)) +
                          ", or leave --offline out: the fixed model is compiled for the family");
  }
  models.board.family = family;
  return OkStatus();
}

Status CompileFixed(LegModels& models) {
  npu::CompileOptions options;
  options.family = models.board.family;
  auto compiled = npu::Compile(*models.fixed, options);
  if (!compiled.ok()) {
    return compiled.status().Annotate("compiling " + EscapeForDisplay(models.fixed_path));
  }
  models.offline = std::make_shared<const FixedModel>(std::move(compiled).value());
  return OkStatus();
}

}  // namespace

Result<LegModels> LoadLegModels(const LegsOptions& options) {
  LegModels models;
  models.request.model = options.model;
  models.request.input = options.input;
  models.request.pictures = options.pictures;
  models.request.script = options.script;
  models.request.engine = options.engine;
  PLUMB_ASSIGN_OR_RETURN(models.request.shapes, InputShapesFrom(options.shapes));
  const auto timeout = ParseDurationMs(options.timeout);
  if (!timeout || *timeout <= 0) {
    return UsageError("--timeout is " + EscapeForDisplay(options.timeout), "write e.g. 30s or 5m");
  }
  models.request.timeout = std::chrono::milliseconds(*timeout);
  if (!options.quantised.empty()) {
    models.fixed_path = options.quantised;
    PLUMB_ASSIGN_OR_RETURN(models.fixed, LoadOurs("--quantised", options.quantised, false));
  }
  if (!options.offline.empty()) {
    models.offline_path = options.offline;
    PLUMB_ASSIGN_OR_RETURN(models.offline, LoadOurs("--offline", options.offline, true));
  }
  PLUMB_RETURN_IF_ERROR(TakeModel(options, models));
  PLUMB_RETURN_IF_ERROR(TakeBoard(options, models));
  if (models.offline == nullptr && models.fixed != nullptr) {
    PLUMB_RETURN_IF_ERROR(CompileFixed(models));
  }
  if (models.graph == nullptr && models.fixed == nullptr && models.offline == nullptr) {
    return models.graph_error.ok()
               ? UsageError("--live: there is no model", "name the network with --model")
               : models.graph_error;
  }
  return models;
}

Result<WantedStages> ParseStages(const std::string& stages) {
  WantedStages wanted{};
  if (stages.empty()) {
    wanted.fill(true);
    return wanted;
  }
  for (const auto& name : Split(stages, ',')) {
    const auto stage = legs::ParseStage(Trim(name));
    if (!stage) {
      return UsageError("--stages: '" + EscapeForDisplay(name) + "' is no stage",
                        "write some of framework,float,fixed,simulator,board");
    }
    wanted.at(static_cast<size_t>(*stage)) = true;
  }
  if (std::count(wanted.begin(), wanted.end(), true) < 2) {
    return UsageError("--stages " + EscapeForDisplay(stages) + " is one stage",
                      "name two or more, for example --stages float,fixed");
  }
  return wanted;
}

}  // namespace plumb::client
