// `plumb input make`: a picture to the bytes of a model's input buffer (DUMP_RAWDATA).
#include <algorithm>

#include "client/cli/board_picture.h"
#include "client/cli/model_file.h"
#include "client/cli/model_inputs.h"
#include "client/cli/options.h"
#include "client/cli/usage.h"
#include "client/cli/verbs.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

struct Size {
  uint32_t width = 0;
  uint32_t height = 0;
};

Result<Size> ParseSize(const std::string& text) {
  const std::vector<std::string> parts = Split(text, 'x');
  const auto width = parts.size() == 2 ? ParseUint(parts[0]) : std::nullopt;
  const auto height = parts.size() == 2 ? ParseUint(parts[1]) : std::nullopt;
  const auto usable = [](const auto& side) {
    return side && *side > 0 && *side <= image::kMaxSide;
  };
  if (!usable(width) || !usable(height)) {
    return UsageError("--size: '" + EscapeForDisplay(text) + "' is no size",
                      "write --size WIDTHxHEIGHT, for example --size 224x224");
  }
  return Size{static_cast<uint32_t>(*width), static_cast<uint32_t>(*height)};
}

class InputMakeVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"input make",
            "Turn a picture into the bytes of a model's input buffer",
            "The file holds what the vendor's tools write with --dump_rawdata and what\n"
            "'plumb run --input' takes: the picture stretched to the input's size (as OpenCV's\n"
            "INTER_LINEAR on uint8), in the input's format, aligned as the family wants. What to\n"
            "make comes from an offline model, or from --format, --size and --family.",
            "plumb input make --image astronaut.png --model face.img --out astronaut.bin"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("--image", image_, "Picture: PNG, JPEG or binary PPM")
        ->type_name("P")
        ->required();
    auto* model = app.add_option("--model", model_, "Offline model, made by 'plumb compile'")
                      ->type_name("M.img");
    app.add_option("--input-index", index_, "Which input of the model, counted from 0")
        ->type_name("N")
        ->needs(model);
    app.add_option("--format", format_, "Input format, instead of --model")
        ->type_name(npu::KnownInputFormats())
        ->excludes(model);
    app.add_option("--size", size_, "Width and height of the input")
        ->type_name("WxH")
        ->excludes(model);
    AddFamily(app, "--family", family_, "Chip family: " + KnownFamilies())->excludes(model);
    app.add_option("--scale", scale_, "Scale of a RAWDATA_S16_NHWC input")
        ->type_name("SCALE")
        ->excludes(model);
    AddPictureFlags(app, flags_);
    app.add_option("--out", out_, "Where to write the bytes")->type_name("X.bin")->required();
  }

  Result<int> Run(VerbContext& context) override {
    Result<BoardPicture> wanted = model_.empty() ? Described(context) : FromModel(context);
    PLUMB_RETURN_IF_ERROR(wanted.status());
    const auto picture = image::Read(image_);
    if (!picture.ok()) {
      return UsageError("--image: " + picture.status().message(), picture.status().hint());
    }
    PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, EncodeBoardPicture(*picture, *wanted));
    if (payload_size_ != 0 && bytes.size() != payload_size_) {
      return InternalError("made " + std::to_string(bytes.size()) +
                           " bytes, the model's input has " + std::to_string(payload_size_));
    }
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(out_, bytes).Annotate("--out"));
    const std::string format(npu::InputFormatName(wanted->format));
    PLUMB_RETURN_IF_ERROR(context.json.Write(
        nlohmann::ordered_json({{"schema", "plumb.input-make/1"},
                                {"exit_code", kExitMatch},
                                {"error", nullptr},
                                {"out", out_},
                                {"sha256", Sha256Hex(bytes)},
                                {"bytes", bytes.size()},
                                {"format", format},
                                {"family", FamilyName(wanted->family)},
                                {"width", wanted->width},
                                {"height", wanted->height}})
            .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)));
    context.console.Conclude(
        {{"wrote " + out_ + ": " + format + " " + std::to_string(wanted->width) + "x" +
          std::to_string(wanted->height) + ", " + std::to_string(bytes.size()) + " bytes, family " +
          std::string(FamilyName(wanted->family))}});
    return kExitMatch;
  }

 private:
  Result<BoardPicture> FromModel(VerbContext& context) {
    PLUMB_ASSIGN_OR_RETURN(const auto model, LoadFixedModel(model_));
    if (!model->chip) {
      return UsageError(
          "--model: " + model_ + " is a fixed model, no offline model",
          "compile it first: plumb compile --model " + model_ + " --chip S3 --out M.img");
    }
    if (index_ >= model->inputs.size()) {
      return UsageError("--input-index " + std::to_string(index_) + ": the model has " +
                            std::to_string(model->inputs.size()) + " inputs",
                        "count from 0");
    }
    const npu::ModelInput& input = model->inputs[index_];
    const npu::FixedTensor& tensor = model->tensors[input.tensor];
    const Shape& shape = tensor.shape;
    if (shape.rank() != 4 || shape[0] != 1 || shape[1] > image::kMaxSide ||
        shape[2] > image::kMaxSide || (shape[3] != 1 && shape[3] != 3)) {
      return UsageError(
          "input '" + tensor.name + "' of shape " + shape.ToString() + " takes no picture",
          "write its bytes with a program of your own and give them to plumb run");
    }
    const npu::ChipInput& chip = model->chip->inputs[index_];
    BoardPicture wanted;
    wanted.format = chip.format;
    wanted.family = model->chip->family;
    wanted.height = static_cast<uint32_t>(shape[1]);
    wanted.width = static_cast<uint32_t>(shape[2]);
    wanted.scale = chip.desc.scale;
    payload_size_ = chip.desc.payload_size;
    const bool stated =
        !(flags_.mean + flags_.std_dev + flags_.color + flags_.input_config).empty();
    if (npu::IsPictureFormat(input.training_format) && !stated) {
      wanted.rule = RuleOf(input);
    } else if (!npu::IsPictureFormat(chip.format)) {
      PLUMB_ASSIGN_OR_RETURN(wanted.rule, RuleFromFlags(tensor.name, shape[3], context));
    }
    return wanted;
  }

  Result<BoardPicture> Described(VerbContext& context) {
    if (format_.empty() || size_.empty() || !family_) {
      return UsageError("plumb input make needs --model, or all of --format, --size and --family",
                        "for example --format RGB --size 224x224 --family S3");
    }
    const auto format = npu::ParseInputFormat(format_);
    if (!format) {
      return UsageError("--format: there is no format '" + format_ + "'",
                        "write one of " + npu::KnownInputFormats());
    }
    PLUMB_ASSIGN_OR_RETURN(const Size size, ParseSize(size_));
    BoardPicture wanted;
    wanted.format = *format;
    wanted.family = *family_;
    wanted.width = size.width;
    wanted.height = size.height;
    wanted.scale = scale_;
    if (*format == npu::InputFormat::kRawS16Nhwc && scale_ <= 0) {
      return UsageError("--format RAWDATA_S16_NHWC needs the input tensor's scale",
                        "write --scale 0.0078125, or give the offline model with --model");
    }
    if (!npu::IsPictureFormat(*format)) {
      const int64_t channels = flags_.color == "GRAY" ? 1 : 3;
      PLUMB_ASSIGN_OR_RETURN(wanted.rule, RuleFromFlags("picture", channels, context));
    }
    return wanted;
  }

  Result<PictureRule> RuleFromFlags(const std::string& name,
                                    int64_t channels,
                                    VerbContext& context) {
    PLUMB_ASSIGN_OR_RETURN(const PictureRules rules,
                           PictureRules::Load(flags_, model_, context.console));
    PLUMB_ASSIGN_OR_RETURN(PictureRule rule,
                           rules.For({index_, name, channels, false}, context.console));
    if (rule.raw) {
      return UsageError("the configuration says that input '" + name + "' is no picture",
                        "say what pixels mean with --mean, --std and --color");
    }
    return rule;
  }

  std::string image_;
  std::string model_;
  size_t index_ = 0;
  std::string format_;
  std::string size_;
  std::optional<Family> family_;
  float scale_ = 0;
  PictureFlags flags_;
  std::string out_;
  uint64_t payload_size_ = 0;  // 0: not known
};

}  // namespace

std::unique_ptr<Verb> MakeInputMakeVerb() {
  return std::make_unique<InputMakeVerb>();
}

}  // namespace plumb::client
