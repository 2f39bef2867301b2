#include "client/cli/frame/usage.h"
#include "client/cli/network/dump_stages.h"
#include "client/cli/option/model_inputs.h"
#include "client/cli/option/sample_reader.h"
#include "common/npu/float/executor.h"

namespace plumb::client {
namespace {

dump::DumpEntry EntryOf(const npu::GraphOp& op, const npu::GraphTensor& tensor) {
  dump::DumpEntry entry;
  entry.type = "float";
  entry.name = tensor.name;
  entry.op = npu::OpKindName(op.kind);
  entry.shape = tensor.shape;
  return entry;
}

// The constant operands of `op`, which every stage writes so that they are not missed.
Status AddConstants(const npu::Graph& graph, const npu::GraphOp& op, DumpOutput& output) {
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    const npu::GraphTensor& tensor = graph.tensors.at(op.inputs[i]);
    if (!tensor.is_constant()) {
      continue;
    }
    dump::DumpEntry entry = EntryOf(op, tensor);
    entry.direction = dump::Direction::kInput;
    entry.index = static_cast<uint32_t>(i);
    entry.constant = true;
    PLUMB_RETURN_IF_ERROR(output.Add(entry, npu::ConstantAsFloats(tensor), false));
  }
  return OkStatus();
}

// A script knows mean, std and order itself: nothing is asked or assumed of them.
Result<std::vector<SampleInput>> SampleInputsOf(const DumpRequest& request,
                                                const npu::Graph& graph,
                                                const std::vector<std::string>& files,
                                                Console& console) {
  if (!request.script.scripts.empty()) {
    return PlainInputsOfGraph(graph);
  }
  PLUMB_ASSIGN_OR_RETURN(const PictureRules rules,
                         PictureRules::Load(request.pictures, request.model, console));
  return InputsOfGraph(graph, rules, files, console);
}

}  // namespace

Result<std::vector<std::string>> DumpInputFiles(const DumpRequest& request, size_t count) {
  PLUMB_ASSIGN_OR_RETURN(const auto samples, ListSamples("--input", request.input, count));
  if (samples.size() != 1) {
    return UsageError("--input: " + request.input + " holds " + std::to_string(samples.size()) +
                          " samples, a dump is of one",
                      "name one file");
  }
  return samples.front();
}

Result<std::vector<std::vector<float>>> GraphInputsOf(const DumpRequest& request,
                                                      const npu::Graph& graph,
                                                      VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const auto files, DumpInputFiles(request, graph.inputs.size()));
  PLUMB_ASSIGN_OR_RETURN(const auto reader, SampleReader::Create("--input", request.script));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<SampleInput> inputs,
                         SampleInputsOf(request, graph, files, context.console));
  std::vector<std::vector<float>> values;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (reader.has_script()) {
      PLUMB_ASSIGN_OR_RETURN(std::vector<float> real,
                             reader.Real(files[i], i, inputs[i], context.cancel));
      values.push_back(std::move(real));
      continue;
    }
    PLUMB_ASSIGN_OR_RETURN(const SampleValue sample,
                           reader.Stored(files[i], i, inputs[i], context.cancel));
    PLUMB_ASSIGN_OR_RETURN(std::vector<float> real, GraphInputValues(graph, i, inputs[i], sample));
    values.push_back(std::move(real));
  }
  return values;
}

Result<DumpResult> DumpFloat(const DumpRequest& request,
                             const std::shared_ptr<const npu::Graph>& graph,
                             VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const auto values, GraphInputsOf(request, *graph, context));
  PLUMB_ASSIGN_OR_RETURN(DumpOutput output,
                         DumpOutput::Create(request.out, true, graph->ops.size(), context));
  PLUMB_ASSIGN_OR_RETURN(const auto executor, npu::FloatExecutor::Create(graph));
  const auto sink = [&](const npu::GraphOp& op,
                        const npu::GraphTensor& tensor,
                        std::span<const float> layer) -> Status {
    PLUMB_RETURN_IF_ERROR(AddConstants(*graph, op, output));
    if (tensor.role == npu::FileRole::kStep) {
      return OkStatus();
    }
    return output.Add(EntryOf(op, tensor), layer, tensor.role == npu::FileRole::kPlainNchw);
  };
  PLUMB_RETURN_IF_ERROR(executor->Run(values, sink).status());
  PLUMB_RETURN_IF_ERROR(output.Commit());
  return DumpResult{"", output.counts()};
}

}  // namespace plumb::client
