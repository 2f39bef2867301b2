#include "client/cli/analyse/layers_blame.h"

#include <algorithm>
#include <thread>

#include "client/cli/frame/live.h"
#include "client/cli/frame/usage.h"
#include "client/cli/option/model_file.h"
#include "common/blame/fixed_runner.h"
#include "common/blame/layer_source.h"
#include "common/blame/segment.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

Json NumberOrNull(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

Json ErrorToJson(const blame::LayerError& error) {
  return {{"cosine", NumberOrNull(error.cosine)},
          {"rel_l1", NumberOrNull(error.relative_l1)},
          {"rel_l2", NumberOrNull(error.relative_l2)},
          {"within", error.within},
          {"rule", error.rule}};
}

Json OutputsToJson(const BlameFindings& findings, const std::vector<blame::OutputError>& outputs) {
  Json list = Json::array();
  for (const blame::OutputError& output : outputs) {
    Json entry = {{"name", findings.tensors.at(output.tensor)}};
    entry.update(ErrorToJson(output.error));
    list.push_back(std::move(entry));
  }
  return list;
}

void TakeNames(const blame::Network& network,
               const layers::LayerSet& target,
               BlameFindings& findings) {
  for (const blame::NetworkTensor& tensor : network.tensors) {
    findings.tensors.push_back(tensor.name);
  }
  for (const layers::Layer& layer : target.layers) {
    findings.vendor_names.emplace(layer.desc.name, layers::VendorName(layer));
    findings.ops.emplace(layer.desc.name, layer.op);
  }
}

// Fills `layers` and `excuses`; `count` layers are to be run.
Status Look(blame::BlameProblem& problem, size_t count, Console& console, BlameFindings& findings) {
  Progress progress(console, "layers alone", count);
  size_t done = 0;
  problem.progress = [&](const std::string& what) {
    progress.Update(std::min(++done, count), what);
  };
  PLUMB_ASSIGN_OR_RETURN(findings.layers, blame::IsolateLayers(problem));
  PLUMB_ASSIGN_OR_RETURN(findings.excuses, blame::ExcuseOneByOne(problem, findings.layers));
  return OkStatus();
}

}  // namespace

const blame::LayerBlame* BlameFindings::Find(const std::string& tensor) const {
  for (const blame::LayerBlame& layer : layers) {
    if (tensors.at(layer.tensor) == tensor) {
      return &layer;
    }
  }
  return nullptr;
}

void AddBlameOptions(CLI::App& app, BlameOptions& options) {
  app.add_option("--mode",
                 options.mode,
                 "isolated: also run each layer of the fixed model --model alone, fed what the "
                 "reference feeds it, and blame those that add error themselves")
      ->type_name("cumulative|isolated")
      ->check(CLI::IsMember({"cumulative", "isolated"}))
      ->capture_default_str();
}

Status CheckBlameOptions(const BlameOptions& options, const std::string& model, bool two_runs) {
  if (!options.isolated()) {
    return OkStatus();
  }
  if (!two_runs) {
    return UsageError("--mode isolated needs the values of two runs",
                      "name the dump of the float network, then that of the fixed one");
  }
  if (model.empty()) {
    return UsageError("--mode isolated needs --model, the fixed model whose layers it runs",
                      "name the .plm of 'plumb quantize' that TARGET was dumped from");
  }
  return OkStatus();
}

Result<BlameFindings> FindBlame(const std::string& model,
                                const ComparedRuns& runs,
                                const analysis::TolerancePolicy& policy,
                                VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const auto fixed, LoadFixedModel(model));
  const auto threads = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 8U));
  PLUMB_ASSIGN_OR_RETURN(const auto runner,
                         blame::FixedRunner::Create(fixed, threads, context.cancel));
  blame::BlameProblem problem;
  problem.runner = runner.get();
  problem.policy = policy;
  problem.cancel = context.cancel;
  blame::TakeLayers(*fixed, runs.reference, runs.target, runs.results, problem);
  const size_t count = blame::SegmentsOf(runner->network(), problem.reference.known).size();
  if (count == 0) {
    return UsageError("--model " + model + " has none of TARGET's layers",
                      "name the fixed model that TARGET was dumped from");
  }
  BlameFindings findings;
  findings.model = model;
  PLUMB_RETURN_IF_ERROR(Look(problem, count, context.console, findings));
  TakeNames(runner->network(), runs.target, findings);
  return findings;
}

std::string IsolatedToJson(const BlameFindings& findings, const std::string& tensor) {
  const blame::LayerBlame* layer = findings.Find(tensor);
  if (layer == nullptr) {
    return "null";
  }
  const Json json = {{"local", layer->local ? ErrorToJson(*layer->local) : Json()},
                     {"noise_floor", NumberOrNull(layer->floor)},
                     {"expected", NumberOrNull(layer->expected)},
                     {"amplification", NumberOrNull(layer->amplification)},
                     {"layers_run", layer->layers.size()},
                     {"blame", blame::BlameName(layer->blame)},
                     {"reason", layer->reason}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string BlameToJson(const BlameFindings& findings) {
  Json culprits = Json::array();
  for (const blame::Excused& culprit : findings.excuses.culprits) {
    const std::string& name = findings.tensors.at(culprit.tensor);
    const blame::LayerBlame* layer = findings.Find(name);
    culprits.push_back(
        {{"name", name},
         {"blame", blame::BlameName(layer == nullptr ? blame::Blame::kUnknown : layer->blame)},
         {"outputs", OutputsToJson(findings, culprit.outputs)},
         {"within", culprit.within}});
  }
  const blame::Excuses& excuses = findings.excuses;
  const Json json = {
      {"model", findings.model},
      {"outputs", OutputsToJson(findings, excuses.before)},
      {"within", excuses.impossible.empty() ? Json(excuses.within) : Json()},
      {"culprits", std::move(culprits)},
      {"not_excused", excuses.impossible.empty() ? Json() : Json(excuses.impossible)},
      {"target_compared", excuses.compared},
      {"target_unlike", excuses.unlike},
      {"first_unlike",
       excuses.first_unlike ? Json(findings.tensors.at(*excuses.first_unlike)) : Json()}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace plumb::client
