#include "client/cli/network/fixed_layers.h"

#include <map>
#include <utility>

#include "client/cli/option/model_inputs.h"
#include "client/cli/option/sample_reader.h"
#include "common/base/file.h"
#include "common/npu/io/io.h"
#include "common/npu/kernels_reference/executor.h"
#include "common/preprocess/buffer.h"
#include "common/preprocess/color.h"
#include "common/preprocess/synthesize.h"

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

// What the files of a request are read with.
struct Reading {
  std::vector<std::string> files;
  std::vector<SampleInput> inputs;
  SampleReader reader;
};

Result<Reading> ReadingOf(const DumpRequest& request, const npu::FixedModel& model) {
  PLUMB_ASSIGN_OR_RETURN(auto files, DumpInputFiles(request, model.inputs.size()));
  PLUMB_ASSIGN_OR_RETURN(auto reader, SampleReader::Create("--input", request.script));
  return Reading{std::move(files), InputsOfModel(model), std::move(reader)};
}

// The bytes of an offline model's input buffer, as 'plumb run' takes them; empty for anything else.
Result<Buffer> BufferBytes(const npu::FixedModel& model, size_t index, const Reading& reading) {
  if (!model.chip || reading.reader.has_script()) {
    return Buffer();
  }
  const TensorDesc& desc = model.chip->inputs.at(index).desc;
  PLUMB_ASSIGN_OR_RETURN(Buffer bytes, ReadFile(reading.files[index], kMaxInputSize));
  const bool fits = bytes.size() == desc.payload_size || bytes.size() == desc.aligned_size;
  return fits ? std::move(bytes) : Buffer();
}

Result<std::vector<int16_t>> StoredInput(const npu::FixedModel& model,
                                         size_t index,
                                         const Reading& reading,
                                         const CancelToken& cancel) {
  const SampleInput& input = reading.inputs[index];
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, BufferBytes(model, index, reading));
  if (!bytes.empty()) {
    std::vector<int16_t> stored(input.shape.element_count().value_or(0));
    PLUMB_RETURN_IF_ERROR(npu::ReadInput(model, index, bytes.span(), stored));
    return stored;
  }
  PLUMB_ASSIGN_OR_RETURN(const SampleValue sample,
                         reading.reader.Stored(reading.files[index], index, input, cancel));
  return StoredInputValues(model, index, input, sample);
}

// A picture input's stored values are pixels, of an INT8 tensor moved by 128.
Result<std::vector<uint8_t>> PixelBytes(const npu::FixedTensor& tensor,
                                        std::span<const int16_t> stored,
                                        preprocess::Recipe recipe,
                                        bool blue_first) {
  const Shape& shape = tensor.shape;
  recipe.buffer.height = static_cast<uint32_t>(shape[1]);
  recipe.buffer.width = static_cast<uint32_t>(shape[2]);
  const auto channels = static_cast<uint32_t>(shape[3]);
  recipe.order = channels == 1 ? preprocess::ColorOrder::kGray
                 : blue_first  ? preprocess::ColorOrder::kBgr
                               : preprocess::ColorOrder::kRgb;
  preprocess::Prepared prepared;
  prepared.bytes = {recipe.buffer.width, recipe.buffer.height, channels, {}};
  prepared.bytes.data.reserve(stored.size());
  const int offset = tensor.element_type == ElementType::kInt8 ? 128 : 0;
  for (const int16_t value : stored) {
    prepared.bytes.data.push_back(static_cast<uint8_t>(value + offset));
  }
  if (blue_first && channels == 3) {
    PLUMB_ASSIGN_OR_RETURN(prepared.bytes,
                           preprocess::ToColorOrder(prepared.bytes, preprocess::ColorOrder::kBgr));
  }
  return preprocess::Encode(prepared, recipe);
}

Result<std::vector<uint8_t>> BytesFor(const npu::FixedModel& model,
                                      size_t index,
                                      std::span<const int16_t> stored) {
  const npu::ModelInput& input = model.inputs.at(index);
  const npu::ChipInput& chip = model.chip->inputs.at(index);
  const npu::FixedTensor& tensor = model.tensors.at(input.tensor);
  preprocess::Recipe recipe;
  recipe.buffer.format = chip.format;
  recipe.buffer.family = model.chip->family;
  recipe.buffer.scale = chip.desc.scale;
  recipe.buffer.nv12 = preprocess::DefaultNv12(model.chip->family);
  // The stored values are meant, not the steps below them.
  recipe.buffer.quantise = preprocess::Rounding::kHalfEven;
  if (npu::IsPictureFormat(chip.format)) {
    const bool blue_first = input.training_format == npu::InputFormat::kBgr ||
                            input.training_format == npu::InputFormat::kBgra;
    return PixelBytes(tensor, stored, recipe, blue_first);
  }
  const Shape& shape = tensor.shape;
  const uint64_t innermost = shape.rank() == 0 ? 1 : static_cast<uint64_t>(shape.innermost());
  return preprocess::EncodeNumbers(Dequantized(tensor, stored), innermost, recipe.buffer);
}

}  // namespace

Result<std::vector<std::vector<int16_t>>> StoredInputsOf(const DumpRequest& request,
                                                         const npu::FixedModel& model,
                                                         const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(const Reading reading, ReadingOf(request, model));
  std::vector<std::vector<int16_t>> inputs;
  for (size_t i = 0; i < reading.inputs.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(std::vector<int16_t> stored, StoredInput(model, i, reading, cancel));
    inputs.push_back(std::move(stored));
  }
  return inputs;
}

Result<std::vector<std::vector<uint8_t>>> ChipInputsOf(const DumpRequest& request,
                                                       const npu::FixedModel& model,
                                                       const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(const Reading reading, ReadingOf(request, model));
  std::vector<std::vector<uint8_t>> inputs;
  for (size_t i = 0; i < reading.inputs.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const Buffer given, BufferBytes(model, i, reading));
    if (!given.empty()) {
      inputs.emplace_back(given.span().begin(), given.span().end());
      continue;
    }
    PLUMB_ASSIGN_OR_RETURN(const auto stored, StoredInput(model, i, reading, cancel));
    PLUMB_ASSIGN_OR_RETURN(std::vector<uint8_t> bytes, BytesFor(model, i, stored));
    inputs.push_back(std::move(bytes));
  }
  return inputs;
}

Status AddFixedLayer(const npu::FixedModel& model,
                     size_t op,
                     std::span<const int16_t> stored,
                     DumpOutput& output) {
  const npu::FixedTensor& tensor = model.tensors.at(model.ops.at(op).output);
  return AddRealLayer(model, op, Dequantized(tensor, stored), output);
}

Status AddRealLayer(const npu::FixedModel& model,
                    size_t op,
                    std::span<const float> values,
                    DumpOutput& output) {
  const npu::FixedTensor& tensor = model.tensors.at(model.ops.at(op).output);
  return output.Add(EntryOf(model.ops.at(op), tensor), values, tensor.plain_nchw);
}

Status RunFixedLayers(const std::shared_ptr<const npu::FixedModel>& model,
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
    failed = model->ops[layer].output == index ? AddFixedLayer(*model, layer, values, output)
                                               : InternalError("layers came out of order");
    ++layer;
  };
  PLUMB_RETURN_IF_ERROR(executor->Run(inputs, outputs, tap));
  return failed;
}

layers::FusionMap FusionMapOf(const npu::FixedModel& model) {
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
  return map;
}

}  // namespace plumb::client
