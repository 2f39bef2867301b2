// `plumb compile`: a fixed model to an offline model of the virtual IPU.
#include "client/cli/frame/options.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/model_file.h"
#include "client/cli/option/picture_rule.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/npu/model/compile.h"
#include "common/npu/model/container.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

nlohmann::ordered_json DescJson(const TensorDesc& desc) {
  return {{"name", desc.name},
          {"element_type", ElementTypeName(desc.element_type)},
          {"shape", std::vector<int64_t>(desc.shape.dims().begin(), desc.shape.dims().end())},
          {"inner_stride", desc.inner_stride},
          {"aligned_size", desc.aligned_size}};
}

std::string ToJson(const npu::ChipSection& chip, const std::string& out, const std::string& sha) {
  nlohmann::ordered_json inputs = nlohmann::ordered_json::array();
  for (const npu::ChipInput& input : chip.inputs) {
    nlohmann::ordered_json json = DescJson(input.desc);
    json["input_format"] = npu::InputFormatName(input.format);
    inputs.push_back(std::move(json));
  }
  nlohmann::ordered_json outputs = nlohmann::ordered_json::array();
  for (const npu::ChipOutput& output : chip.outputs) {
    outputs.push_back(DescJson(output.desc));
  }
  return nlohmann::ordered_json({{"schema", "plumb.compile/1"},
                                 {"exit_code", kExitMatch},
                                 {"error", nullptr},
                                 {"out", out},
                                 {"sha256", sha},
                                 {"chip", FamilyName(chip.family)},
                                 {"inputs", std::move(inputs)},
                                 {"outputs", std::move(outputs)},
                                 {"batch", chip.batch},
                                 {"batch_mode", chip.one_buf ? "one_buf" : "n_buf"}})
      .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

dump::NetworkNames NamesOf(const npu::FixedModel& model) {
  dump::NetworkNames names;
  for (const npu::ModelInput& input : model.inputs) {
    names.inputs.push_back(model.tensors.at(input.tensor).name);
  }
  for (const uint32_t output : model.outputs) {
    names.outputs.push_back(model.tensors.at(output).name);
  }
  return names;
}

// The entry of this name; without any names that of the position, of which a single one holds for
// all. nullptr when the file says nothing.
template <class Tensor>
const Tensor* Configured(const std::vector<Tensor>& configured,
                         size_t position,
                         const std::string& name) {
  bool named = false;
  for (const Tensor& tensor : configured) {
    if (tensor.name == name) {
      return &tensor;
    }
    named = named || !tensor.name.empty();
  }
  const size_t index = configured.size() == 1 ? 0 : position;
  return named || index >= configured.size() ? nullptr : &configured[index];
}

class CompileVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "compile",
        "Turn a fixed model into an offline model for one chip family",
        "The result runs on the virtual IPU and in the built-in simulator. The input format\n"
        "is the model's colour order for pictures (RGB, BGR or GRAY) and RAWDATA_S16_NHWC\n"
        "otherwise; outputs are INT16, or FP32 with --dequantize. --input-config takes both for\n"
        "each tensor from input_formats and dequantizations.",
        "plumb compile --model face_fixed.plm --chip S3 --out face.img"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("--model", model_, "Fixed model, made by 'plumb quantize'")
        ->type_name("FIXED")
        ->required();
    AddFamily(app, "--chip", family_, "Chip family: " + KnownFamilies())->required();
    app.add_option("--input-format", format_, "What the input buffers hold")
        ->type_name(npu::KnownInputFormats());
    app.add_flag("--dequantize", dequantize_, "FP32 outputs instead of INT16");
    app.add_option("--input-config",
                   pictures_.input_config,
                   "input_config.ini: its input_formats and dequantizations, where no flag says")
        ->type_name("INI");
    app.add_option("--batch", batch_, "Inputs that one Invoke takes (S families)")
        ->check(CLI::Range(1U, npu::kMaxBatch))
        ->capture_default_str();
    app.add_option("--batch-mode", batch_mode_, "Batches in buffers of their own, or in one")
        ->check(CLI::IsMember({"n_buf", "one_buf"}))
        ->capture_default_str();
    app.add_option("--out", out_, "Where to write the offline model")
        ->type_name("M.img")
        ->required();
  }

  Result<int> Run(VerbContext& context) override {
    npu::CompileOptions options;
    options.family = *family_;
    options.dequantize = dequantize_;
    options.batch = batch_;
    options.one_buf = batch_mode_ == "one_buf";
    if (!format_.empty()) {
      options.input_format = npu::ParseInputFormat(format_);
      if (!options.input_format) {
        return UsageError("--input-format: there is no format '" + format_ + "'",
                          "write one of " + npu::KnownInputFormats());
      }
    }
    PLUMB_ASSIGN_OR_RETURN(const auto model, LoadFixedModel(model_));
    PLUMB_RETURN_IF_ERROR(TakeConfigured(*model, options, context.console));
    PLUMB_ASSIGN_OR_RETURN(const npu::FixedModel compiled, npu::Compile(*model, options));
    PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, npu::SerializeModel(compiled));
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(out_, bytes).Annotate("--out"));
    Report(*compiled.chip, bytes, context.console);
    PLUMB_RETURN_IF_ERROR(context.json.Write(ToJson(*compiled.chip, out_, Sha256Hex(bytes))));
    return kExitMatch;
  }

 private:
  // What the file says of single tensors; a flag holds for all and goes before it.
  Status TakeConfigured(const npu::FixedModel& model,
                        npu::CompileOptions& options,
                        Console& console) const {
    if (pictures_.input_config.empty()) {
      return OkStatus();
    }
    PLUMB_ASSIGN_OR_RETURN(const PictureRules rules,
                           PictureRules::Load(pictures_, model_, console));
    const dump::NetworkNames names = NamesOf(model);
    dump::InputConfig config = *rules.full_config();
    config.convolution = {};  // of the float model's tensors, some of which are merged by now
    if (const Status status = dump::CheckNames(config, names); !status.ok()) {
      return UsageError(EscapeForDisplay(pictures_.input_config) + ": " + status.message(),
                        status.hint());
    }
    if (!options.input_format) {
      for (size_t i = 0; i < names.inputs.size(); ++i) {
        const auto* input = Configured(config.inputs, i, names.inputs[i]);
        options.input_formats.push_back(
            input == nullptr ? std::nullopt : npu::ParseInputFormat(input->input_format));
      }
    }
    if (!options.dequantize) {
      for (size_t i = 0; i < names.outputs.size(); ++i) {
        const auto* output = Configured(config.outputs, i, names.outputs[i]);
        options.dequantizations.push_back(output == nullptr ? std::nullopt : output->dequantize);
      }
    }
    return OkStatus();
  }

  void Report(const npu::ChipSection& chip,
              const std::vector<uint8_t>& bytes,
              Console& console) const {
    for (const npu::ChipInput& input : chip.inputs) {
      console.Say("input   " + std::string(npu::InputFormatName(input.format)) + "  " +
                  DescribeTensor(input.desc));
    }
    for (const npu::ChipOutput& output : chip.outputs) {
      console.Say("output  " + DescribeTensor(output.desc));
    }
    if (chip.batch > 1) {
      console.Say("batch   " + std::to_string(chip.batch) + " inputs in one Invoke, " +
                  batch_mode_ + ": give --input for each of them");
    }
    console.Conclude({{"wrote " + out_ + " (" + HumanBytes(bytes.size()) + ") for the family " +
                       std::string(FamilyName(chip.family))}});
  }

  std::string model_;
  std::optional<Family> family_;
  std::string format_;
  bool dequantize_ = false;
  PictureFlags pictures_;  // of which input_config alone is set
  uint32_t batch_ = 1;
  std::string batch_mode_ = "n_buf";
  std::string out_;
};

}  // namespace

std::unique_ptr<Verb> MakeCompileVerb() {
  return std::make_unique<CompileVerb>();
}

}  // namespace plumb::client
