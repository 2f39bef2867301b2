// `plumb quantize`: a float model to a fixed model.
#include "client/cli/frame/live.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/input_shape_option.h"
#include "client/cli/option/model_file.h"
#include "client/cli/option/model_inputs.h"
#include "client/cli/option/quantize_inputs.h"
#include "client/cli/option/sample_reader.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/npu/model/container.h"
#include "common/npu/quantize/precision.h"
#include "common/npu/quantize/quantize.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

int Int16Tensors(const npu::FixedModel& model) {
  return static_cast<int>(
      std::count_if(model.tensors.begin(), model.tensors.end(), [](const npu::FixedTensor& tensor) {
        return tensor.element_type == ElementType::kInt16;
      }));
}

class QuantizeVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"quantize",
            "Turn a float model into a fixed model of frozen integers",
            "Runs the float model on the samples of --calibrate, takes the range of every tensor\n"
            "and writes a fixed model: UINT8 or, with --bits 16, INT16 activations and int8\n"
            "weights; [CONV_CONFIG] of --input-config raises single tensors to INT16. The scale\n"
            "of a picture input is never calibrated: it is 1/std with the zero point at the mean,\n"
            "so that the input buffer holds pixels. --quant-params takes the ranges from a table\n"
            "of 'plumb quant-params' or of the vendor instead of samples. A quantised file (int8\n"
            "TFLite; ONNX with QuantizeLinear or QLinear operations) keeps its own integers and\n"
            "needs neither.",
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
    method_option_ =
        app.add_option("--method", method_, "How samples become ranges")
            ->type_name("minmax|percentile|kl|mse|moving-average")
            ->check(CLI::IsMember({"minmax", "percentile", "kl", "mse", "moving-average"}))
            ->capture_default_str();
    percentile_option_ =
        app.add_option("--percentile", percentile_, "Values kept by --method percentile")
            ->type_name("P")
            ->capture_default_str();
    app.add_option("--weights", weights_, "Scales of weights")
        ->type_name("per-channel|per-tensor")
        ->check(CLI::IsMember({"per-channel", "per-tensor"}))
        ->capture_default_str();
    app.add_option("--quant-params",
                   table_,
                   "Quantisation table in the vendor's JSON, instead of --calibrate")
        ->type_name("F.json");
    app.add_option("--write-config", config_out_, "Also write what was used as input_config.ini")
        ->type_name("INI");
    AddInputShapes(app, input_shapes_);
    AddPictureFlags(app, flags_);
    AddScriptFlags(app, script_);
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
    PLUMB_RETURN_IF_ERROR(CheckFlags());
    Result<npu::FixedModel> model = npu::IsQuantized(*file.graph)
                                        ? KeepIntegers(*file.graph, rules, context)
                                        : Quantize(file.graph, rules, context);
    PLUMB_RETURN_IF_ERROR(model.status());
    PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, npu::SerializeModel(*model));
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(out_, bytes).Annotate("--out"));
    PLUMB_RETURN_IF_ERROR(context.json.Write(ToJson(*model, bytes)));
    context.console.Conclude({{"wrote " + out_ + ": " + std::to_string(model->ops.size()) +
                               " operations, " + HumanBytes(bytes.size())}});
    return kExitMatch;
  }

 private:
  [[nodiscard]] Status CheckFlags() const {
    if (!table_.empty() && !calibrate_.empty()) {
      return UsageError("--quant-params and --calibrate exclude each other",
                        "a table holds the ranges already: leave --calibrate out");
    }
    if (!table_.empty() && method_option_->count() > 0) {
      return UsageError("--quant-params and --method exclude each other",
                        "a table holds the ranges already: leave --method out");
    }
    if (!script_.scripts.empty() && calibrate_.empty()) {
      return UsageError("--preprocess makes inputs of the samples of --calibrate, which is missing",
                        "name typical pictures with --calibrate, or leave --preprocess out");
    }
    if (percentile_option_->count() > 0 && method_ != "percentile") {
      return UsageError("--percentile is not used by --method " + method_,
                        "add --method percentile");
    }
    return OkStatus();
  }

  // [CONV_CONFIG] of a configuration that was named, not merely found, and --bits.
  Status TakePrecision(const PictureRules& rules, Console& console, npu::QuantizeOptions& options) {
    options.bits = bits_;
    const dump::InputConfig* config = rules.full_config();
    if (config == nullptr) {
      convolution_.input_format = bits_ == 16 ? "ALL_INT16" : "ALL_UINT8";
      return OkStatus();
    }
    convolution_ = config->convolution;
    const std::string format = convolution_.input_format;
    if (bits_option_->count() > 0 && !format.empty() &&
        format != (bits_ == 16 ? "ALL_INT16" : "ALL_UINT8")) {
      return UsageError("--bits " + std::to_string(bits_) + " contradicts " + format + " of " +
                            flags_.input_config,
                        "leave one of the two out");
    }
    if (!format.empty()) {
      PLUMB_ASSIGN_OR_RETURN(options.precision.inputs, npu::ConvolutionInputsFromName(format));
    }
    options.precision.tensors = convolution_.tensors;
    if (format == "ALL_INT16") {
      options.bits = 16;
    } else if (options.bits == 16) {
      convolution_.input_format = "ALL_INT16";
    }
    if (!format.empty() || !convolution_.tensors.empty()) {
      console.Say("--input-config: " + (format.empty() ? "tensor_arrays" : format) + ", " +
                  std::to_string(options.bits) + "-bit activations" +
                  (options.precision.tensors.empty()
                       ? ""
                       : ", " + std::to_string(options.precision.tensors.size()) +
                             " tensors raised to INT16 by name"));
    }
    return OkStatus();
  }

  Result<npu::FixedModel> KeepIntegers(const npu::Graph& graph,
                                       const PictureRules& rules,
                                       VerbContext& context) {
    context.console.Say("the model is quantised already: its own integers are kept" +
                        std::string(calibrate_.empty() ? "" : ", --calibrate is not used"));
    if (!table_.empty()) {
      return UsageError("--quant-params: " + model_ + " is quantised already",
                        "a table is for a float model; leave --quant-params out");
    }
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

  Result<npu::FixedModel> Quantize(const std::shared_ptr<const npu::Graph>& graph,
                                   const PictureRules& rules,
                                   VerbContext& context) {
    if (calibrate_.empty() && table_.empty()) {
      return UsageError("plumb quantize needs --calibrate for a float model",
                        "name typical inputs: a picture, a folder of pictures, an .npy file");
    }
    std::vector<std::vector<std::string>> samples = {{}};
    if (!calibrate_.empty()) {
      PLUMB_ASSIGN_OR_RETURN(samples, ListSamples("--calibrate", calibrate_, graph->inputs.size()));
    }
    PLUMB_ASSIGN_OR_RETURN(const std::vector<SampleInput> inputs,
                           InputsOfGraph(*graph, rules, samples.front(), context.console));
    npu::QuantizeOptions options;
    options.weights =
        weights_ == "per-tensor" ? npu::WeightScales::kPerTensor : npu::WeightScales::kPerChannel;
    for (const SampleInput& input : inputs) {
      options.pictures.emplace_back();
      if (input.rule) {
        PLUMB_ASSIGN_OR_RETURN(options.pictures.back(), PictureOfInput(input));
      }
    }
    PLUMB_RETURN_IF_ERROR(TakePrecision(rules, context.console, options));
    Result<npu::FixedModel> model = table_.empty()
                                        ? Calibrate(graph, samples, inputs, options, context)
                                        : FromTable(*graph, options, context.console);
    PLUMB_RETURN_IF_ERROR(model.status());
    if (!config_out_.empty()) {
      PLUMB_ASSIGN_OR_RETURN(
          const std::string text,
          dump::WriteInputConfig(ConfigOf(*graph, inputs, rules.full_config(), convolution_)));
      PLUMB_RETURN_IF_ERROR(WriteFileAtomically(config_out_, text).Annotate("--write-config"));
    }
    return model;
  }

  Result<npu::FixedModel> FromTable(const npu::Graph& graph,
                                    const npu::QuantizeOptions& options,
                                    Console& console) {
    const auto file = ReadFile(table_, dump::kMaxTableSize);
    if (!file.ok()) {
      return UsageError("--quant-params: " + file.status().message(),
                        "make one with: plumb quant-params --model FIXED");
    }
    const auto table = dump::ParseQuantizationTable(file->span());
    if (!table.ok()) {
      return UsageError(
          "--quant-params: " + EscapeForDisplay(table_) + ": " + table.status().message(),
          table.status().hint());
    }
    console.Say("--quant-params: ranges and widths of " + std::to_string(table->size()) +
                " tensors from " + table_);
    auto model = npu::QuantizeFromTable(graph, *table, options);
    return model.ok() ? std::move(model) : model.status().Annotate("--quant-params");
  }

  Result<npu::FixedModel> Calibrate(const std::shared_ptr<const npu::Graph>& graph,
                                    const std::vector<std::vector<std::string>>& samples,
                                    const std::vector<SampleInput>& inputs,
                                    const npu::QuantizeOptions& options,
                                    VerbContext& context) {
    const npu::CalibrationOptions calibration{
        npu::ParseCalibrationMethod(method_).value_or(npu::CalibrationMethod::kMinMax),
        percentile_};
    PLUMB_ASSIGN_OR_RETURN(npu::Calibrator calibrator, npu::Calibrator::Create(graph, calibration));
    PLUMB_ASSIGN_OR_RETURN(const auto reader, SampleReader::Create("--calibrate", script_));
    Progress progress(context.console, "calibrating", samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      PLUMB_RETURN_IF_ERROR(context.cancel.status());
      progress.Update(i, samples[i].front());
      PLUMB_RETURN_IF_ERROR(AddSample(samples[i], inputs, reader, context.cancel, calibrator));
    }
    samples_ = samples.size();
    return npu::QuantizeFromFloat(*graph, calibrator.ranges(), options);
  }

  static Status AddSample(const std::vector<std::string>& files,
                          const std::vector<SampleInput>& inputs,
                          const SampleReader& reader,
                          const CancelToken& cancel,
                          npu::Calibrator& calibrator) {
    std::vector<std::vector<float>> values;
    for (size_t i = 0; i < inputs.size(); ++i) {
      PLUMB_ASSIGN_OR_RETURN(std::vector<float> real, reader.Real(files[i], i, inputs[i], cancel));
      values.push_back(std::move(real));
    }
    return calibrator.Add(values).Annotate(EscapeForDisplay(files.front()));
  }

  [[nodiscard]] std::string ToJson(const npu::FixedModel& model,
                                   const std::vector<uint8_t>& bytes) const {
    Json inputs = Json::array();
    for (const npu::ModelInput& input : model.inputs) {
      const npu::FixedTensor& tensor = model.tensors.at(input.tensor);
      inputs.push_back({{"name", tensor.name},
                        {"element_type", ElementTypeName(tensor.element_type)},
                        {"scale", tensor.scale},
                        {"zero_point", tensor.zero_point},
                        {"training_format", npu::InputFormatName(input.training_format)}});
    }
    return Json({{"schema", "plumb.quantize/1"},
                 {"exit_code", kExitMatch},
                 {"error", nullptr},
                 {"out", out_},
                 {"sha256", Sha256Hex(bytes)},
                 {"operations", model.ops.size()},
                 {"samples", samples_},
                 {"method", samples_ > 0 ? Json(method_) : Json(nullptr)},
                 {"int16_tensors", Int16Tensors(model)},
                 {"inputs", std::move(inputs)}})
        .dump(2, ' ', false, Json::error_handler_t::replace);
  }

  std::string model_;
  std::string calibrate_;
  CLI::Option* bits_option_ = nullptr;
  int bits_ = 8;
  std::vector<std::string> input_shapes_;
  PictureFlags flags_;
  ScriptFlags script_;
  std::string method_ = "minmax";
  CLI::Option* method_option_ = nullptr;
  CLI::Option* percentile_option_ = nullptr;
  double percentile_ = npu::kDefaultPercentile;
  std::string weights_ = "per-channel";
  std::string table_;
  std::string config_out_;
  dump::ConvolutionConfig convolution_;  // what was used of [CONV_CONFIG]
  std::string out_;
  size_t samples_ = 0;
};

}  // namespace

std::unique_ptr<Verb> MakeQuantizeVerb() {
  return std::make_unique<QuantizeVerb>();
}

}  // namespace plumb::client
