#include "client/cli/tune_problem.h"

#include <thread>
#include <utility>

#include "client/cli/live.h"
#include "client/cli/model_inputs.h"
#include "client/cli/quantize_inputs.h"
#include "client/cli/samples.h"
#include "client/cli/usage.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

// One sample: each input as it was read, and as the float network takes it.
struct ReadInputs {
  std::vector<SampleValue> values;
  std::vector<std::vector<float>> real;
};

Result<ReadInputs> ReadOne(const char* flag,
                           const std::vector<std::string>& files,
                           const std::vector<SampleInput>& inputs) {
  ReadInputs read;
  for (size_t i = 0; i < inputs.size(); ++i) {
    auto sample = ReadSample(files[i], inputs[i]);
    if (!sample.ok()) {
      return UsageError(flag + (": " + sample.status().message()), sample.status().hint());
    }
    PLUMB_ASSIGN_OR_RETURN(std::vector<float> real, RealInput(*sample, inputs[i]));
    read.real.push_back(std::move(real));
    read.values.push_back(std::move(*sample));
  }
  return read;
}

Result<npu::CalibrationRanges> Calibrate(const std::shared_ptr<const npu::Graph>& graph,
                                         const std::vector<std::vector<std::string>>& samples,
                                         const std::vector<SampleInput>& inputs,
                                         VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(npu::Calibrator calibrator, npu::Calibrator::Create(graph));
  Progress progress(context.console, "calibrating", samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(context.cancel.status());
    progress.Update(i, samples[i].front());
    PLUMB_ASSIGN_OR_RETURN(const ReadInputs read, ReadOne("--calibrate", samples[i], inputs));
    PLUMB_RETURN_IF_ERROR(calibrator.Add(read.real).Annotate(EscapeForDisplay(samples[i].front())));
  }
  return calibrator.ranges();
}

}  // namespace

Result<std::unique_ptr<tune::NetworkJudge>> MakeTuneJudge(
    const std::shared_ptr<const npu::Graph>& graph,
    const TuneInputs& inputs,
    const analysis::TolerancePolicy& tolerance,
    VerbContext& context) {
  const size_t count = graph->inputs.size();
  PLUMB_ASSIGN_OR_RETURN(const auto judged, ListSamples("--input", inputs.input, count));
  PLUMB_ASSIGN_OR_RETURN(const auto calibrating,
                         inputs.calibrate.empty()
                             ? Result<std::vector<std::vector<std::string>>>(judged)
                             : ListSamples("--calibrate", inputs.calibrate, count));
  PLUMB_ASSIGN_OR_RETURN(const PictureRules rules,
                         PictureRules::Load(inputs.flags, inputs.model, context.console));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<SampleInput> sample_inputs,
                         InputsOfGraph(*graph, rules, judged.front(), context.console));
  tune::NetworkProblem problem;
  problem.graph = graph;
  problem.tolerance = tolerance;
  problem.threads = static_cast<int>(std::min(std::thread::hardware_concurrency(), 8U));
  for (const SampleInput& input : sample_inputs) {
    problem.options.pictures.emplace_back();
    if (input.rule) {
      PLUMB_ASSIGN_OR_RETURN(problem.options.pictures.back(), PictureOfInput(input));
    }
  }
  PLUMB_ASSIGN_OR_RETURN(problem.ranges, Calibrate(graph, calibrating, sample_inputs, context));
  auto stored = std::make_shared<std::vector<std::vector<SampleValue>>>();
  for (const auto& files : judged) {
    PLUMB_ASSIGN_OR_RETURN(ReadInputs read, ReadOne("--input", files, sample_inputs));
    problem.samples.push_back(std::move(read.real));
    stored->push_back(std::move(read.values));
  }
  problem.stored_inputs = [stored, sample_inputs](
                              const npu::FixedModel& model,
                              size_t index) -> Result<std::vector<std::vector<int16_t>>> {
    std::vector<std::vector<int16_t>> values;
    for (size_t i = 0; i < sample_inputs.size(); ++i) {
      PLUMB_ASSIGN_OR_RETURN(
          std::vector<int16_t> one,
          StoredInputValues(model, i, sample_inputs[i], stored->at(index).at(i)));
      values.push_back(std::move(one));
    }
    return values;
  };
  return tune::NetworkJudge::Create(std::move(problem));
}

}  // namespace plumb::client
