// `plumb compile`: a fixed model to an offline model of the virtual IPU.
#include "client/cli/model_file.h"
#include "client/cli/options.h"
#include "client/cli/usage.h"
#include "client/cli/verbs.h"
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

class CompileVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"compile",
            "Turn a fixed model into an offline model for one chip family",
            "The result runs on the virtual IPU and in the built-in simulator. The input format\n"
            "is the model's colour order for pictures (RGB, BGR or GRAY) and RAWDATA_S16_NHWC\n"
            "otherwise; outputs are INT16, or FP32 with --dequantize.",
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
    PLUMB_ASSIGN_OR_RETURN(const npu::FixedModel compiled, npu::Compile(*model, options));
    PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, npu::SerializeModel(compiled));
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(out_, bytes).Annotate("--out"));
    Report(*compiled.chip, bytes, context.console);
    PLUMB_RETURN_IF_ERROR(context.json.Write(ToJson(*compiled.chip, out_, Sha256Hex(bytes))));
    return kExitMatch;
  }

 private:
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
  uint32_t batch_ = 1;
  std::string batch_mode_ = "n_buf";
  std::string out_;
};

}  // namespace

std::unique_ptr<Verb> MakeCompileVerb() {
  return std::make_unique<CompileVerb>();
}

}  // namespace plumb::client
