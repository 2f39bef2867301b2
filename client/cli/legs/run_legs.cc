#include "client/cli/legs/run_legs.h"

#include <chrono>
#include <utility>

#include "client/cli/frame/live.h"
#include "client/cli/frame/usage.h"
#include "client/cli/legs/leg_models.h"
#include "client/cli/legs/legs_report.h"
#include "client/cli/network/fixed_layers.h"
#include "common/analysis/outcome.h"
#include "common/base/file.h"
#include "common/dump/dump_index.h"
#include "common/legs/compare_legs.h"

namespace plumb::client {
namespace {

Result<legs::Leg> LegOf(const LegRun& run, const LegModels& models) {
  legs::Leg leg;
  leg.stage = run.stage;
  PLUMB_ASSIGN_OR_RETURN(const auto source, dump::DumpSource::Open(run.dump));
  PLUMB_ASSIGN_OR_RETURN(const dump::DumpIndex index, dump::IndexDump(source));
  PLUMB_ASSIGN_OR_RETURN(leg.layers, layers::LayersOfDump(index, run.dump.string()));
  if (!legs::IsInteger(run.stage)) {
    return leg;
  }
  const npu::FixedModel& model = run.stage == legs::Stage::kFixed ? *models.fixed : *models.offline;
  leg.fused = FusionMapOf(model);
  for (const npu::FixedTensor& tensor : model.tensors) {
    leg.steps.emplace(tensor.name, tensor.scale);
  }
  return leg;
}

Status CompareRuns(const LegModels& models,
                   const LegsJudge& judge,
                   VerbContext& context,
                   LegsReport& report) {
  std::vector<legs::Leg> shown;
  for (const LegRun& run : report.runs) {
    if (run.shows_layers()) {
      PLUMB_ASSIGN_OR_RETURN(legs::Leg leg, LegOf(run, models));
      shown.push_back(std::move(leg));
    }
  }
  if (shown.size() < 2) {
    return OkStatus();
  }
  layers::CompareOptions options;
  options.policy = judge.policy;
  options.cancel = context.cancel;
  Progress progress(context.console, "comparing", 0);
  options.progress = [&progress](size_t done, const std::string& name) {
    progress.Update(done, name);
  };
  const auto start = std::chrono::steady_clock::now();
  PLUMB_ASSIGN_OR_RETURN(report.table, legs::CompareLegs(shown, options));
  report.compare_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return OkStatus();
}

}  // namespace

Result<int> RunLegs(const LegsOptions& options, const LegsJudge& judge, VerbContext& context) {
  if (options.input.empty()) {
    return UsageError("--live: --input is missing", "name the picture, npy or raw file to run on");
  }
  PLUMB_ASSIGN_OR_RETURN(const WantedStages wanted, ParseStages(options.stages));
  PLUMB_ASSIGN_OR_RETURN(const LegModels models, LoadLegModels(options));
  PLUMB_ASSIGN_OR_RETURN(const TempFolder folder, TempFolder::Create("plumb-legs-"));
  LegsReport report;
  report.model = options.model.empty() ? models.fixed_path + models.offline_path : options.model;
  report.input = options.input;
  PLUMB_ASSIGN_OR_RETURN(report.runs, RunWantedLegs(models, wanted, folder.path(), context));
  PLUMB_RETURN_IF_ERROR(CompareRuns(models, judge, context, report));
  DecideLegs({judge.min_coverage, !options.stages.empty()}, report);
  PLUMB_RETURN_IF_ERROR(context.json.Write(LegsToJson(report)));
  SayLegs(context.console, report);
  return report.exit_code;
}

std::string LegsErrorJson(const Status& status) {
  LegsReport report;
  report.error = status;
  report.exit_code = analysis::ExitCodeOf(status);
  return LegsToJson(report);
}

}  // namespace plumb::client
