#include "client/cli/network/tune_problem.h"

#include <thread>
#include <utility>

#include "client/cli/frame/live.h"
#include "client/cli/frame/usage.h"
#include "client/cli/option/model_inputs.h"
#include "client/cli/option/quantize_inputs.h"
#include "client/cli/option/sample_reader.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

// One sample: each input as it was read, and as the float network takes it.
struct ReadInputs {
  std::vector<SampleValue> values;
  std::vector<std::vector<float>> real;
};

Result<ReadInputs> ReadOne(const SampleReader& reader,
                           const std::vector<std::string>& files,
                           const std::vector<SampleInput>& inputs,
                           const CancelToken& cancel) {
  ReadInputs read;
  for (size_t i = 0; i < inputs.size(); ++i) {
    auto stored = reader.Stored(files[i], i, inputs[i], cancel);
    PLUMB_RETURN_IF_ERROR(stored.status());
    PLUMB_ASSIGN_OR_RETURN(std::vector<float> real,
                           reader.has_script() ? reader.Real(files[i], i, inputs[i], cancel)
                                               : RealInput(*stored, inputs[i]));
    read.real.push_back(std::move(real));
    read.values.push_back(std::move(*stored));
  }
  return read;
}

Result<npu::CalibrationRanges> Calibrate(const std::shared_ptr<const npu::Graph>& graph,
                                         const std::vector<std::vector<std::string>>& samples,
                                         const std::vector<SampleInput>& inputs,
                                         const SampleReader& reader,
                                         VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(npu::Calibrator calibrator, npu::Calibrator::Create(graph));
  Progress progress(context.console, "calibrating", samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(context.cancel.status());
    progress.Update(i, samples[i].front());
    std::vector<std::vector<float>> values;
    for (size_t k = 0; k < inputs.size(); ++k) {
      PLUMB_ASSIGN_OR_RETURN(std::vector<float> real,
                             reader.Real(samples[i][k], k, inputs[k], context.cancel));
      values.push_back(std::move(real));
    }
    PLUMB_RETURN_IF_ERROR(calibrator.Add(values).Annotate(EscapeForDisplay(samples[i].front())));
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
  PLUMB_ASSIGN_OR_RETURN(
      const auto samples,
      SampleReader::Create(inputs.calibrate.empty() ? "--input" : "--calibrate", inputs.script));
  PLUMB_ASSIGN_OR_RETURN(problem.ranges,
                         Calibrate(graph, calibrating, sample_inputs, samples, context));
  PLUMB_ASSIGN_OR_RETURN(const auto reader, SampleReader::Create("--input", inputs.script));
  auto stored = std::make_shared<std::vector<std::vector<SampleValue>>>();
  for (const auto& files : judged) {
    PLUMB_ASSIGN_OR_RETURN(ReadInputs read, ReadOne(reader, files, sample_inputs, context.cancel));
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
