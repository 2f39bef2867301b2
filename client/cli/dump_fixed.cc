#include <map>
#include <utility>

#include "client/cli/dump_stages.h"
#include "client/cli/model_inputs.h"
#include "client/cli/usage.h"
#include "common/base/file.h"
#include "common/layers/fusion_map.h"
#include "common/npu/io/io.h"
#include "common/npu/kernels_reference/executor.h"

namespace plumb::client {
namespace {

constexpr uint64_t kMaxInputSize = uint64_t{1} << 30U;

// The vendor's words for what a fixed tensor is made of.
std::string FixedTypeName(ElementType type) {
  switch (type) {
    case ElementType::kUint8:
      return "UINT8";
    case ElementType::kInt8:
      return "INT8";
    default:
      return "INT16";
  }
}

dump::DumpEntry EntryOf(const npu::FixedOp& op, const npu::FixedTensor& tensor) {
  dump::DumpEntry entry;
  entry.scale = tensor.scale;
  entry.zero_point = tensor.zero_point;
  entry.type = FixedTypeName(tensor.element_type);
  entry.name = tensor.name;
  entry.op = op.source_op;
  entry.shape = tensor.shape;
  return entry;
}

std::vector<float> Dequantized(const npu::FixedTensor& tensor, std::span<const int16_t> stored) {
  std::vector<float> values;
  values.reserve(stored.size());
  for (const int16_t q : stored) {
    values.push_back(static_cast<float>((q - tensor.zero_point) * tensor.scale));
  }
  return values;
}

// An offline model also takes the bytes of its input buffer, as 'plumb run' does.
Result<std::vector<int16_t>> StoredInput(const npu::FixedModel& model,
                                         size_t index,
                                         const SampleInput& input,
                                         const std::string& path) {
  if (model.chip) {
    const TensorDesc& desc = model.chip->inputs.at(index).desc;
    PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path, kMaxInputSize));
    if (bytes.size() == desc.payload_size || bytes.size() == desc.aligned_size) {
      std::vector<int16_t> stored(input.shape.element_count().value_or(0));
      PLUMB_RETURN_IF_ERROR(npu::ReadInput(model, index, bytes.span(), stored));
      return stored;
    }
  }
  PLUMB_ASSIGN_OR_RETURN(const SampleValue sample, ReadDumpInput(path, input));
  return StoredInputValues(model, index, input, sample);
}

Status RunFixed(const std::shared_ptr<const npu::FixedModel>& model,
                const std::vector<std::vector<int16_t>>& stored,
                DumpOutput& output) {
  PLUMB_ASSIGN_OR_RETURN(const auto executor, npu::ReferenceExecutor::Create(model, {}));
  std::vector<std::vector<int16_t>> results;
  for (const uint32_t index : model->outputs) {
    results.emplace_back(model->tensors.at(index).shape.element_count().value_or(0));
  }
  const std::vector<std::span<const int16_t>> inputs(stored.begin(), stored.end());
  const std::vector<std::span<int16_t>> outputs(results.begin(), results.end());
  // The tap cannot fail, so the first error waits until the run is over.
  Status failed;
  size_t layer = 0;
  const auto tap = [&](uint32_t index, std::span<const int16_t> values) {
    if (!failed.ok() || layer >= model->ops.size()) {
      return;
    }
    const npu::FixedOp& op = model->ops[layer++];
    const npu::FixedTensor& tensor = model->tensors.at(index);
    failed = op.output == index
                 ? output.Add(EntryOf(op, tensor), Dequantized(tensor, values), tensor.plain_nchw)
                 : InternalError("layers came out of order");
  };
  PLUMB_RETURN_IF_ERROR(executor->Run(inputs, outputs, tap));
  return failed;
}

// F.map beside F.bin: what the quantiser fused, which the other stages show and this one does not.
std::filesystem::path MapBeside(const std::string& out) {
  return std::filesystem::path(out).replace_extension(".map");
}

Status WriteMap(const npu::FixedModel& model, const std::string& out) {
  std::map<uint32_t, layers::FusedGroup> groups;
  for (const npu::FusedLayer& layer : model.fused) {
    layers::FusedGroup& group = groups[layer.into];
    group.targets = {model.tensors.at(layer.into).name};
    group.fused.push_back(layer.name);
  }
  layers::FusionMap map;
  for (auto& [tensor, group] : groups) {
    map.groups.push_back(std::move(group));
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string text, layers::FormatFusionMap(map));
  return WriteFileAtomically(MapBeside(out),
                             {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace

Result<DumpResult> DumpFixed(const DumpRequest& request,
                             const std::shared_ptr<const npu::FixedModel>& model,
                             VerbContext& context) {
  if (MapBeside(request.out) == std::filesystem::path(request.out)) {
    return UsageError("--out: " + request.out + " is where the fusion map goes",
                      "give the dump another extension, for example .bin");
  }
  PLUMB_ASSIGN_OR_RETURN(const auto files, DumpInputFiles(request, model->inputs.size()));
  const std::vector<SampleInput> inputs = InputsOfModel(*model);
  std::vector<std::vector<int16_t>> stored;
  for (size_t i = 0; i < inputs.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(std::vector<int16_t> values,
                           StoredInput(*model, i, inputs[i], files[i]));
    stored.push_back(std::move(values));
  }
  PLUMB_ASSIGN_OR_RETURN(DumpOutput output,
                         DumpOutput::Create(request.out, false, model->ops.size(), context));
  PLUMB_RETURN_IF_ERROR(RunFixed(model, stored, output));
  PLUMB_RETURN_IF_ERROR(output.Commit());
  PLUMB_RETURN_IF_ERROR(WriteMap(*model, request.out));
  return DumpResult{"", output.counts()};
}

}  // namespace plumb::client
