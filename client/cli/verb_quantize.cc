// `plumb quantize`: a float model to a fixed model.
#include <cmath>

#include "client/cli/input_shape_option.h"
#include "client/cli/live.h"
#include "client/cli/model_file.h"
#include "client/cli/model_inputs.h"
#include "client/cli/usage.h"
#include "client/cli/verbs.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/npu/model/container.h"
#include "common/npu/quantize/quantize.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

npu::InputFormat TrainingFormat(preprocess::ColorOrder order) {
  switch (order) {
    case preprocess::ColorOrder::kRgb:
      return npu::InputFormat::kRgb;
    case preprocess::ColorOrder::kBgr:
      return npu::InputFormat::kBgr;
    case preprocess::ColorOrder::kGray:
      return npu::InputFormat::kGray;
  }
  return npu::InputFormat::kRgb;
}

// What the quantiser wants to know of a picture input.
Result<npu::PictureInput> PictureOf(const SampleInput& input) {
  const PictureRule& rule = *input.rule;
  const dump::PerColor& std_dev = rule.normalization.std_dev;
  if (std_dev[0] != std_dev[1] || std_dev[1] != std_dev[2]) {
    return UsageError("input '" + input.name + "' has another std for each colour",
                      "the chip's input has one scale: write one --std, for example their mean, "
                      "and train or convert the network for it");
  }
  npu::PictureInput picture;
  picture.format = TrainingFormat(rule.order);
  picture.std_dev = std_dev[0];
  const std::vector<double> mean = preprocess::InChannelOrder(rule.normalization.mean, rule.order);
  for (size_t i = 0; i < picture.mean.size(); ++i) {
    picture.mean.at(i) = mean[mean.size() == 1 ? 0 : i];
  }
  return picture;
}

// An integer input stores the pixel itself, so its own scale and zero point say mean and std.
npu::PictureInput PictureOfIntegerInput(const npu::GraphTensor& tensor, const PictureRule& rule) {
  npu::PictureInput picture;
  picture.format = TrainingFormat(rule.order);
  if (!tensor.quantization.empty() && tensor.quantization.scales.front() > 0) {
    const int64_t offset = tensor.element_type == ElementType::kInt8 ? 128 : 0;
    const auto mean = static_cast<double>(tensor.quantization.zero_points.front() + offset);
    picture.mean = {mean, mean, mean};
    picture.std_dev = 1 / tensor.quantization.scales.front();
  }
  return picture;
}

class QuantizeVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"quantize",
            "Turn a float model into a fixed model of frozen integers",
            "Runs the float model on the samples of --calibrate, takes the range of every tensor\n"
            "and writes a fixed model: UINT8 or, with --bits 16, INT16 activations and int8\n"
            "weights per channel. The scale of a picture input is never calibrated: it is 1/std\n"
            "with the zero point at the mean, so that the input buffer holds pixels. A\n"
            "quantised file (int8 TFLite; ONNX with QuantizeLinear or QLinear operations) keeps\n"
            "its own integers and needs no samples.",
            "plumb quantize --model face.tflite --calibrate pictures/ --out face_fixed.plm"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("--model",
                   model_,
                   "Float model (.tflite, .onnx, .prototxt) or quantised one (.tflite, .onnx)")
        ->type_name("M")
        ->required();
    app.add_option("--calibrate",
                   calibrate_,
                   "Samples: a picture, raw float32 or npy file, a folder or a .txt list of them")
        ->type_name("PATH");
    bits_option_ = app.add_option("--bits", bits_, "Bits of activations: 8 or 16")
                       ->type_name("8|16")
                       ->check(CLI::IsMember({8, 16}));
    AddInputShapes(app, input_shapes_);
    AddPictureFlags(app, flags_);
    app.add_option("--out", out_, "Where to write the fixed model")->type_name("F")->required();
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const npu::InputShapes shapes, InputShapesFrom(input_shapes_));
    PLUMB_ASSIGN_OR_RETURN(const ModelFile file, LoadModelFile(model_, shapes));
    if (file.graph == nullptr) {
      return UsageError("--model: " + model_ + " is fixed already",
                        "give it to 'plumb compile --model " + model_ + "'");
    }
    PLUMB_ASSIGN_OR_RETURN(const PictureRules rules,
                           PictureRules::Load(flags_, model_, context.console));
    PLUMB_RETURN_IF_ERROR(TakeConfiguredBits(rules, context.console));
    Result<npu::FixedModel> model = npu::IsQuantized(*file.graph)
                                        ? KeepIntegers(*file.graph, rules, context)
                                        : Calibrate(file.graph, rules, context);
    PLUMB_RETURN_IF_ERROR(model.status());
    PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, npu::SerializeModel(*model));
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(out_, bytes).Annotate("--out"));
    PLUMB_RETURN_IF_ERROR(context.json.Write(ToJson(*model, bytes)));
    context.console.Conclude({{"wrote " + out_ + ": " + std::to_string(model->ops.size()) +
                               " operations, " + HumanBytes(bytes.size())}});
    return kExitMatch;
  }

 private:
  // [CONV_CONFIG] of a configuration that was named, not merely found.
  Status TakeConfiguredBits(const PictureRules& rules, Console& console) {
    const dump::InputConfig* config = rules.full_config();
    if (config == nullptr || config->convolution.input_format.empty()) {
      return OkStatus();
    }
    const std::string& format = config->convolution.input_format;
    if (format != "ALL_INT16" && format != "ALL_UINT8") {
      return UsageError("--input-config: [CONV_CONFIG] input_format=" + format +
                            " mixes widths, which is not supported yet",
                        "write ALL_UINT8 or ALL_INT16");
    }
    const int configured = format == "ALL_INT16" ? 16 : 8;
    if (bits_option_->count() > 0 && bits_ != configured) {
      return UsageError("--bits " + std::to_string(bits_) + " contradicts " + format + " of " +
                            flags_.input_config,
                        "leave one of the two out");
    }
    bits_ = configured;
    console.Say("--input-config: " + format + ", " + std::to_string(bits_) + "-bit activations");
    return OkStatus();
  }

  Result<npu::FixedModel> KeepIntegers(const npu::Graph& graph,
                                       const PictureRules& rules,
                                       VerbContext& context) {
    context.console.Say("the model is quantised already: its own integers are kept" +
                        std::string(calibrate_.empty() ? "" : ", --calibrate is not used"));
    if (bits_option_->count() > 0) {
      context.console.Warn("--bits is not used for a model that is quantised already");
    }
    PLUMB_ASSIGN_OR_RETURN(const std::vector<SampleInput> inputs,
                           InputsOfGraph(graph, rules, {}, context.console));
    npu::QuantizeOptions options;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const npu::GraphTensor& tensor = graph.tensors.at(graph.inputs[i]);
      options.pictures.push_back(inputs[i].rule
                                     ? std::optional(PictureOfIntegerInput(tensor, *inputs[i].rule))
                                     : std::nullopt);
    }
    return npu::FixedFromQuantizedGraph(graph, options);
  }

  Result<npu::FixedModel> Calibrate(const std::shared_ptr<const npu::Graph>& graph,
                                    const PictureRules& rules,
                                    VerbContext& context) {
    if (calibrate_.empty()) {
      return UsageError("plumb quantize needs --calibrate for a float model",
                        "name typical inputs: a picture, a folder of pictures, an .npy file");
    }
    PLUMB_ASSIGN_OR_RETURN(const auto samples,
                           ListSamples("--calibrate", calibrate_, graph->inputs.size()));
    PLUMB_ASSIGN_OR_RETURN(const std::vector<SampleInput> inputs,
                           InputsOfGraph(*graph, rules, samples.front(), context.console));
    npu::QuantizeOptions options;
    options.bits = bits_;
    for (const SampleInput& input : inputs) {
      options.pictures.emplace_back();
      if (input.rule) {
        PLUMB_ASSIGN_OR_RETURN(options.pictures.back(), PictureOf(input));
      }
    }
    PLUMB_ASSIGN_OR_RETURN(npu::Calibrator calibrator, npu::Calibrator::Create(graph));
    Progress progress(context.console, "calibrating", samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      PLUMB_RETURN_IF_ERROR(context.cancel.status());
      progress.Update(i, samples[i].front());
      PLUMB_RETURN_IF_ERROR(AddSample(samples[i], inputs, calibrator));
    }
    samples_ = samples.size();
    return npu::QuantizeFromFloat(*graph, calibrator.ranges(), options);
  }

  static Status AddSample(const std::vector<std::string>& files,
                          const std::vector<SampleInput>& inputs,
                          npu::Calibrator& calibrator) {
    std::vector<std::vector<float>> values;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const auto sample = ReadSample(files[i], inputs[i]);
      if (!sample.ok()) {
        return UsageError("--calibrate: " + sample.status().message(), sample.status().hint());
      }
      PLUMB_ASSIGN_OR_RETURN(std::vector<float> real, RealInput(*sample, inputs[i]));
      values.push_back(std::move(real));
    }
    return calibrator.Add(values).Annotate(EscapeForDisplay(files.front()));
  }

  [[nodiscard]] std::string ToJson(const npu::FixedModel& model,
                                   const std::vector<uint8_t>& bytes) const {
    nlohmann::ordered_json inputs = nlohmann::ordered_json::array();
    for (const npu::ModelInput& input : model.inputs) {
      const npu::FixedTensor& tensor = model.tensors.at(input.tensor);
      inputs.push_back({{"name", tensor.name},
                        {"element_type", ElementTypeName(tensor.element_type)},
                        {"scale", tensor.scale},
                        {"zero_point", tensor.zero_point},
                        {"training_format", npu::InputFormatName(input.training_format)}});
    }
    return nlohmann::ordered_json({{"schema", "plumb.quantize/1"},
                                   {"exit_code", kExitMatch},
                                   {"error", nullptr},
                                   {"out", out_},
                                   {"sha256", Sha256Hex(bytes)},
                                   {"operations", model.ops.size()},
                                   {"samples", samples_},
                                   {"inputs", std::move(inputs)}})
        .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  }

  std::string model_;
  std::string calibrate_;
  CLI::Option* bits_option_ = nullptr;
  int bits_ = 8;
  std::vector<std::string> input_shapes_;
  PictureFlags flags_;
  std::string out_;
  size_t samples_ = 0;
};

}  // namespace

std::unique_ptr<Verb> MakeQuantizeVerb() {
  return std::make_unique<QuantizeVerb>();
}

}  // namespace plumb::client
