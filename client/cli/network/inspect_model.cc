#include "client/cli/network/inspect_model.h"

#include <algorithm>

#include "common/base/text.h"

namespace plumb::client {
namespace {

bool Contains(const std::vector<uint32_t>& list, uint32_t index) {
  return std::find(list.begin(), list.end(), index) != list.end();
}

// What the integers from `low` to `high` stand for.
void SetExpressible(double low, double high, InspectedTensor& row) {
  row.low = (low - static_cast<double>(*row.zero_point)) * *row.scale;
  row.high = (high - static_cast<double>(*row.zero_point)) * *row.scale;
}

// kInt8, kUint8 and kInt16 only: wider types hold biases, whose range says nothing.
void SetGraphRange(const npu::GraphTensor& tensor, InspectedTensor& row) {
  if (tensor.is_constant()) {
    const std::vector<float> values = npu::ConstantAsFloats(tensor);
    SetRange(std::vector<double>(values.begin(), values.end()), row);
    return;
  }
  const npu::Clamp range = npu::StoredRange(tensor.element_type);
  if (row.scale && range.high > range.low) {
    SetExpressible(range.low, range.high, row);
  }
}

InspectedTensor FromGraph(const npu::Graph& graph, uint32_t index) {
  const npu::GraphTensor& tensor = graph.tensors.at(index);
  InspectedTensor row;
  row.name = tensor.name;
  row.element_type = ElementTypeName(tensor.element_type);
  row.bits = 8 * ElementSize(tensor.element_type);
  row.shape = tensor.shape.ToString();
  if (tensor.quantization.scales.size() == 1) {
    row.scale = tensor.quantization.scales.front();
    row.zero_point = tensor.quantization.zero_points.front();
  }
  SetGraphRange(tensor, row);
  row.role = tensor.is_constant()             ? "constant"
             : Contains(graph.inputs, index)  ? "input"
             : Contains(graph.outputs, index) ? "output"
                                              : "layer";
  return row;
}

InspectedTensor FromFixed(const npu::FixedModel& model, uint32_t index) {
  const npu::FixedTensor& tensor = model.tensors.at(index);
  InspectedTensor row;
  row.name = tensor.name;
  row.element_type = ElementTypeName(tensor.element_type);
  row.bits = 8 * ElementSize(tensor.element_type);
  row.shape = tensor.shape.ToString();
  row.scale = tensor.scale;
  row.zero_point = tensor.zero_point;
  const npu::Clamp range = npu::StoredRange(tensor.element_type);
  SetExpressible(range.low, range.high, row);
  const bool is_input =
      std::any_of(model.inputs.begin(), model.inputs.end(), [index](const npu::ModelInput& input) {
        return input.tensor == index;
      });
  row.role = !tensor.constant.empty()         ? "constant"
             : is_input                       ? "input"
             : Contains(model.outputs, index) ? "output"
                                              : "layer";
  return row;
}

void AddChipFacts(const npu::FixedModel& model, Inspection& result) {
  result.facts.emplace_back("chip", std::string(FamilyName(model.chip->family)));
  for (const npu::ChipInput& input : model.chip->inputs) {
    result.facts.emplace_back(
        "input buffer",
        std::string(npu::InputFormatName(input.format)) + " " + DescribeTensor(input.desc));
  }
  for (const npu::ChipOutput& output : model.chip->outputs) {
    result.facts.emplace_back("output buffer", DescribeTensor(output.desc));
  }
}

}  // namespace

Inspection InspectGraph(const npu::Graph& graph, npu::NetworkFormat format) {
  Inspection result;
  result.kind = npu::NetworkFormatName(format);
  result.facts = {{"operations", std::to_string(graph.ops.size())},
                  {"quantised", npu::IsQuantized(graph) ? "yes" : "no"}};
  std::vector<std::string> made_by(graph.tensors.size());
  for (const npu::GraphOp& op : graph.ops) {
    made_by.at(op.output) = npu::OpKindName(op.kind);
  }
  for (uint32_t i = 0; i < graph.tensors.size(); ++i) {
    result.tensors.push_back(FromGraph(graph, i));
    result.tensors.back().op = made_by[i];
  }
  return result;
}

Inspection InspectFixedModel(const npu::FixedModel& model) {
  Inspection result;
  result.kind = model.chip ? "offline_model" : "fixed_model";
  result.facts = {{"operations", std::to_string(model.ops.size())},
                  {"rounding", std::string(npu::RoundingProfileName(model.rounding))}};
  for (const npu::ModelInput& input : model.inputs) {
    if (npu::IsPictureFormat(input.training_format)) {
      result.facts.emplace_back(
          "picture input",
          std::string(npu::InputFormatName(input.training_format)) + ", mean " +
              ShortestDouble(input.mean[0]) + " " + ShortestDouble(input.mean[1]) + " " +
              ShortestDouble(input.mean[2]) + ", std " + ShortestDouble(input.std_dev));
    }
  }
  if (model.chip) {
    AddChipFacts(model, result);
  }
  std::vector<std::string> made_by(model.tensors.size());
  for (const npu::FixedOp& op : model.ops) {
    made_by.at(op.output) = op.source_op;
  }
  for (uint32_t i = 0; i < model.tensors.size(); ++i) {
    result.tensors.push_back(FromFixed(model, i));
    result.tensors.back().op = made_by[i];
  }
  return result;
}

}  // namespace plumb::client
