// `plumb dump`: every layer of a network on one input as a DumpDebug file.
#include "client/cli/input_shape_option.h"
#include "client/cli/live.h"
#include "client/cli/model_file.h"
#include "client/cli/model_inputs.h"
#include "client/cli/usage.h"
#include "client/cli/verbs.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/dump/dump_file.h"
#include "common/npu/float/executor.h"
#include "common/npu/io/io.h"
#include "common/npu/kernels_reference/executor.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

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

dump::DumpEntry FloatEntry(const npu::GraphOp& op, const npu::GraphTensor& tensor) {
  dump::DumpEntry entry;
  entry.type = "float";
  entry.name = tensor.name;
  entry.op = npu::OpKindName(op.kind);
  entry.shape = tensor.shape;
  return entry;
}

dump::DumpEntry FixedEntry(const npu::FixedOp& op, const npu::FixedTensor& tensor) {
  dump::DumpEntry entry;
  entry.scale = tensor.scale;
  entry.zero_point = tensor.zero_point;
  entry.type = FixedTypeName(tensor.element_type);
  entry.name = tensor.name;
  entry.op = op.source_op;
  entry.shape = tensor.shape;
  return entry;
}

// The constant operands of `op`, which every stage writes so that they are not missed.
Status AddConstants(const npu::Graph& graph, const npu::GraphOp& op, dump::DumpWriter& writer) {
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    const npu::GraphTensor& tensor = graph.tensors.at(op.inputs[i]);
    if (!tensor.is_constant()) {
      continue;
    }
    dump::DumpEntry entry = FloatEntry(op, tensor);
    entry.direction = dump::Direction::kInput;
    entry.index = static_cast<uint32_t>(i);
    entry.constant = true;
    PLUMB_RETURN_IF_ERROR(writer.Add(entry, npu::ConstantAsFloats(tensor)));
  }
  return OkStatus();
}

std::vector<float> Dequantized(const npu::FixedTensor& tensor, std::span<const int16_t> stored) {
  std::vector<float> values;
  values.reserve(stored.size());
  for (const int16_t q : stored) {
    values.push_back(static_cast<float>((q - tensor.zero_point) * tensor.scale));
  }
  return values;
}

class DumpVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"dump",
            "Write every layer of a network as a DumpDebug file",
            "Runs the network on one input and writes what each layer computed, as the vendor's\n"
            "tools do, for 'plumb layers' and for auto_dump_debug.sh. A TFLite, ONNX or Caffe\n"
            "model runs in float (--stage float), a fixed or offline model in its integers "
            "(--stage fixed),\n"
            "written dequantised.",
            "plumb dump --model face.tflite --input astronaut.png --out face_float.bin"};
  }

  void Declare(CLI::App& app) override {
    app.add_option(
           "--model",
           model_,
           "TFLite, ONNX or Caffe model (prototxt or caffemodel, the other beside it), fixed "
           "model or offline model")
        ->type_name("M")
        ->required();
    app.add_option("--input",
                   input_,
                   "Picture, npy or raw float32; for an offline model also its input bytes. "
                   "Several inputs: a,b")
        ->type_name("X")
        ->required();
    app.add_option("--stage", stage_, "float or fixed; default: what the model is")
        ->type_name("float|fixed")
        ->check(CLI::IsMember({"float", "fixed"}));
    AddInputShapes(app, input_shapes_);
    AddPictureFlags(app, flags_);
    app.add_option("--out", out_, "Where to write the dump")->type_name("F")->required();
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const npu::InputShapes shapes, InputShapesFrom(input_shapes_));
    PLUMB_ASSIGN_OR_RETURN(const ModelFile file, LoadModelFile(model_, shapes));
    if (stage_ == "fixed" && file.fixed == nullptr) {
      return UsageError("--stage fixed: " + model_ + " is a float model",
                        "make a fixed model first: plumb quantize --model " + model_ +
                            " --calibrate PICTURES --out F_fixed.plm");
    }
    if (stage_ == "float" && file.graph == nullptr) {
      return UsageError("--stage float: " + model_ + " holds integers only",
                        "give the TFLite, ONNX or Caffe model it was made of");
    }
    PLUMB_RETURN_IF_ERROR(file.graph != nullptr ? DumpFloat(file.graph, context)
                                                : DumpFixed(file.fixed, context));
    PLUMB_RETURN_IF_ERROR(context.json.Write(
        nlohmann::ordered_json({{"schema", "plumb.dump/1"},
                                {"exit_code", kExitMatch},
                                {"error", nullptr},
                                {"out", out_},
                                {"stage", file.graph ? "float" : "fixed"},
                                {"layers", layers_}})
            .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)));
    context.console.Conclude({{"wrote " + out_ + ": " + std::to_string(layers_) + " layers, " +
                               (file.graph ? "float" : "fixed")}});
    return kExitMatch;
  }

 private:
  Result<std::vector<std::string>> InputFiles(size_t count) const {
    PLUMB_ASSIGN_OR_RETURN(const auto samples, ListSamples("--input", input_, count));
    if (samples.size() != 1) {
      return UsageError("--input: " + input_ + " holds " + std::to_string(samples.size()) +
                            " samples, a dump is of one",
                        "name one file");
    }
    return samples.front();
  }

  static Result<SampleValue> Read(const std::string& path, const SampleInput& input) {
    auto sample = ReadSample(path, input);
    if (!sample.ok()) {
      return UsageError("--input: " + sample.status().message(), sample.status().hint());
    }
    return sample;
  }

  Status DumpFloat(const std::shared_ptr<const npu::Graph>& graph, VerbContext& context) {
    PLUMB_ASSIGN_OR_RETURN(const auto files, InputFiles(graph->inputs.size()));
    PLUMB_ASSIGN_OR_RETURN(const PictureRules rules,
                           PictureRules::Load(flags_, model_, context.console));
    PLUMB_ASSIGN_OR_RETURN(const std::vector<SampleInput> inputs,
                           InputsOfGraph(*graph, rules, files, context.console));
    std::vector<std::vector<float>> values;
    for (size_t i = 0; i < inputs.size(); ++i) {
      PLUMB_ASSIGN_OR_RETURN(const SampleValue sample, Read(files[i], inputs[i]));
      PLUMB_ASSIGN_OR_RETURN(std::vector<float> real,
                             GraphInputValues(*graph, i, inputs[i], sample));
      values.push_back(std::move(real));
    }
    PLUMB_ASSIGN_OR_RETURN(dump::DumpWriter writer, dump::DumpWriter::Create(out_, true));
    PLUMB_ASSIGN_OR_RETURN(const auto executor, npu::FloatExecutor::Create(graph));
    Progress progress(context.console, "layers", graph->ops.size());
    const auto sink = [&](const npu::GraphOp& op,
                          const npu::GraphTensor& tensor,
                          std::span<const float> layer) -> Status {
      PLUMB_RETURN_IF_ERROR(context.cancel.status());
      progress.Update(++layers_, tensor.name);
      PLUMB_RETURN_IF_ERROR(AddConstants(*graph, op, writer));
      return writer.Add(FloatEntry(op, tensor), layer);
    };
    PLUMB_RETURN_IF_ERROR(executor->Run(values, sink).status());
    return writer.Commit();
  }

  // An offline model also takes the bytes of its input buffer, as 'plumb run' does.
  Result<std::vector<int16_t>> StoredInput(const npu::FixedModel& model,
                                           size_t index,
                                           const SampleInput& input,
                                           const std::string& path) const {
    if (model.chip) {
      const TensorDesc& desc = model.chip->inputs.at(index).desc;
      PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path, kMaxInputSize));
      if (bytes.size() == desc.payload_size || bytes.size() == desc.aligned_size) {
        std::vector<int16_t> stored(input.shape.element_count().value_or(0));
        PLUMB_RETURN_IF_ERROR(npu::ReadInput(model, index, bytes.span(), stored));
        return stored;
      }
    }
    PLUMB_ASSIGN_OR_RETURN(const SampleValue sample, Read(path, input));
    return StoredInputValues(model, index, input, sample);
  }

  Status DumpFixed(const std::shared_ptr<const npu::FixedModel>& model, VerbContext& context) {
    PLUMB_ASSIGN_OR_RETURN(const auto files, InputFiles(model->inputs.size()));
    const std::vector<SampleInput> inputs = InputsOfModel(*model);
    std::vector<std::vector<int16_t>> stored;
    for (size_t i = 0; i < inputs.size(); ++i) {
      PLUMB_ASSIGN_OR_RETURN(std::vector<int16_t> values,
                             StoredInput(*model, i, inputs[i], files[i]));
      stored.push_back(std::move(values));
    }
    PLUMB_ASSIGN_OR_RETURN(dump::DumpWriter writer, dump::DumpWriter::Create(out_, false));
    PLUMB_RETURN_IF_ERROR(RunFixed(model, stored, writer, context));
    return writer.Commit();
  }

  Status RunFixed(const std::shared_ptr<const npu::FixedModel>& model,
                  const std::vector<std::vector<int16_t>>& stored,
                  dump::DumpWriter& writer,
                  VerbContext& context) {
    PLUMB_ASSIGN_OR_RETURN(const auto executor, npu::ReferenceExecutor::Create(model, {}));
    std::vector<std::vector<int16_t>> results;
    for (const uint32_t output : model->outputs) {
      results.emplace_back(model->tensors.at(output).shape.element_count().value_or(0));
    }
    const std::vector<std::span<const int16_t>> inputs(stored.begin(), stored.end());
    const std::vector<std::span<int16_t>> outputs(results.begin(), results.end());
    Progress progress(context.console, "layers", model->ops.size());
    // The tap cannot fail, so the first error waits until the run is over.
    Status failed;
    const auto tap = [&](uint32_t index, std::span<const int16_t> values) {
      if (!failed.ok() || layers_ >= model->ops.size()) {
        return;
      }
      const npu::FixedOp& op = model->ops[layers_];
      const npu::FixedTensor& tensor = model->tensors.at(index);
      progress.Update(++layers_, tensor.name);
      failed = op.output == index ? writer.Add(FixedEntry(op, tensor), Dequantized(tensor, values))
                                  : InternalError("layers came out of order");
      if (failed.ok()) {
        failed = context.cancel.status();
      }
    };
    PLUMB_RETURN_IF_ERROR(executor->Run(inputs, outputs, tap));
    return failed;
  }

  static constexpr uint64_t kMaxInputSize = uint64_t{1} << 30U;

  std::string model_;
  std::string input_;
  std::string stage_;
  std::vector<std::string> input_shapes_;
  PictureFlags flags_;
  std::string out_;
  size_t layers_ = 0;
};

}  // namespace

std::unique_ptr<Verb> MakeDumpVerb() {
  return std::make_unique<DumpVerb>();
}

}  // namespace plumb::client
