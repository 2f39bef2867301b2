#include "client/cli/option/recipe_option.h"

#include "client/cli/frame/options.h"
#include "client/cli/frame/usage.h"
#include "client/cli/option/model_file.h"
#include "client/cli/option/model_inputs.h"
#include "common/base/text.h"
#include "common/preprocess/buffer.h"
#include "common/preprocess/recipe_text.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

using npu::InputFormat;
using preprocess::Recipe;

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

// The settings in the order of the table: a kernel before its centres.
Status ApplySettings(const RecipeFlags& flags, Recipe& recipe) {
  for (const preprocess::RecipeSetting& setting : preprocess::RecipeSettings()) {
    const auto given = flags.settings.find(std::string(setting.name));
    if (given == flags.settings.end() || given->second.empty()) {
      continue;
    }
    const Status status = preprocess::ApplySetting(setting.name, given->second, recipe);
    if (!status.ok()) {
      return UsageError(status.message(), status.hint());
    }
  }
  return OkStatus();
}

Status CheckBuffer(const WantedInput& wanted) {
  const preprocess::BufferRule& buffer = wanted.recipe.buffer;
  const Status status = npu::IsPictureFormat(buffer.format) && buffer.width != 0
                            ? preprocess::LayoutOf(buffer).status()
                            : preprocess::CheckFormat(buffer.format, buffer.family);
  return status.ok() ? status : UsageError("--format: " + status.message(), status.hint());
}

bool StatesPicture(const PictureFlags& flags) {
  return !(flags.mean + flags.std_dev + flags.color + flags.input_config).empty();
}

Status TakeRule(const PictureRules& rules,
                int64_t channels,
                Console& console,
                WantedInput& wanted) {
  PLUMB_ASSIGN_OR_RETURN(const PictureRule rule,
                         rules.For({wanted.index, wanted.name, channels, false}, console));
  if (rule.raw) {
    wanted.takes_picture = false;
    return OkStatus();
  }
  wanted.recipe.order = rule.order;
  wanted.recipe.normalization = rule.normalization;
  return OkStatus();
}

Result<WantedInput> InputOfModel(const npu::FixedModel& model,
                                 size_t index,
                                 const RecipeFlags& flags,
                                 const PictureRules& rules,
                                 Console& console) {
  const npu::ModelInput& input = model.inputs[index];
  const npu::ChipInput& chip = model.chip->inputs[index];
  const npu::FixedTensor& tensor = model.tensors[input.tensor];
  const Shape& shape = tensor.shape;
  WantedInput wanted;
  wanted.name = tensor.name;
  wanted.index = index;
  wanted.payload_size = chip.desc.payload_size;
  wanted.element_count = shape.element_count().value_or(0);
  wanted.innermost = shape.rank() == 0 ? 1 : static_cast<uint64_t>(shape.innermost());
  preprocess::BufferRule& buffer = wanted.recipe.buffer;
  buffer.format = chip.format;
  buffer.family = model.chip->family;
  buffer.scale = chip.desc.scale;
  buffer.nv12 = preprocess::DefaultNv12(buffer.family);
  wanted.takes_picture = shape.rank() == 4 && shape[0] == 1 && shape[1] <= image::kMaxSide &&
                         shape[2] <= image::kMaxSide && (shape[3] == 1 || shape[3] == 3);
  if (wanted.takes_picture) {
    buffer.height = static_cast<uint32_t>(shape[1]);
    buffer.width = static_cast<uint32_t>(shape[2]);
    if (npu::IsPictureFormat(input.training_format) && !StatesPicture(flags.picture)) {
      const PictureRule rule = RuleOf(input);
      wanted.recipe.order = rule.order;
      wanted.recipe.normalization = rule.normalization;
    } else if (!npu::IsPictureFormat(chip.format)) {
      PLUMB_RETURN_IF_ERROR(TakeRule(rules, shape[3], console, wanted));
    } else if (shape[3] == 1) {
      wanted.recipe.order = preprocess::ColorOrder::kGray;
    }
  }
  PLUMB_RETURN_IF_ERROR(ApplySettings(flags, wanted.recipe));
  return wanted;
}

Result<WantedInputs> InputsOfOfflineModel(const RecipeFlags& flags,
                                          const PictureRules& rules,
                                          Console& console) {
  WantedInputs wanted;
  PLUMB_ASSIGN_OR_RETURN(wanted.model, LoadFixedModel(flags.model));
  const npu::FixedModel& model = *wanted.model;
  if (!model.chip) {
    return UsageError(
        "--model: " + flags.model + " is a fixed model, no offline model",
        "compile it first: plumb compile --model " + flags.model + " --chip S3 --out M.img");
  }
  if (flags.input_index && *flags.input_index >= model.inputs.size()) {
    return UsageError("--input-index " + std::to_string(*flags.input_index) + ": the model has " +
                          std::to_string(model.inputs.size()) + " inputs",
                      "count from 0");
  }
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    if (!flags.input_index || *flags.input_index == i) {
      PLUMB_ASSIGN_OR_RETURN(WantedInput input, InputOfModel(model, i, flags, rules, console));
      wanted.inputs.push_back(std::move(input));
    }
  }
  return wanted;
}

const dump::ConfiguredInput* ConfiguredIn(const PictureRules& rules) {
  const dump::InputConfig* config = rules.full_config();
  return config == nullptr || config->inputs.empty() ? nullptr : &config->inputs.front();
}

Result<InputFormat> FormatOf(const RecipeFlags& flags, const dump::ConfiguredInput* configured) {
  const std::string& name =
      flags.format.empty() && configured != nullptr ? configured->input_format : flags.format;
  if (name.empty() || !flags.family) {
    return UsageError("--model is missing, or --format and --family (and --size for a picture)",
                      "for example --format RGB --size 224x224 --family S3");
  }
  const auto format = npu::ParseInputFormat(name);
  if (!format) {
    return UsageError("--format: there is no format '" + name + "'",
                      "write one of " + npu::KnownInputFormats());
  }
  return *format;
}

Result<WantedInput> DescribedInput(const RecipeFlags& flags,
                                   const PictureRules& rules,
                                   Console& console) {
  const dump::ConfiguredInput* configured = ConfiguredIn(rules);
  WantedInput wanted;
  wanted.name = configured == nullptr ? "picture" : configured->name;
  preprocess::BufferRule& buffer = wanted.recipe.buffer;
  PLUMB_ASSIGN_OR_RETURN(buffer.format, FormatOf(flags, configured));
  buffer.family = *flags.family;
  buffer.scale = flags.scale;
  buffer.nv12 = preprocess::DefaultNv12(buffer.family);
  if (!flags.size.empty()) {
    PLUMB_ASSIGN_OR_RETURN(const Size size, ParseSize(flags.size));
    buffer.width = size.width;
    buffer.height = size.height;
  }
  if (configured != nullptr) {
    buffer.width_alignment = configured->width_alignment;
    buffer.height_alignment = configured->height_alignment;
  }
  if (buffer.format == InputFormat::kRawS16Nhwc && flags.scale <= 0) {
    return UsageError("--format RAWDATA_S16_NHWC needs the input tensor's scale",
                      "write --scale 0.0078125, or give the offline model with --model");
  }
  const auto stated = rules.StatedOrder(0, wanted.name);
  wanted.takes_picture = !flags.size.empty();
  if (npu::IsPictureFormat(buffer.format)) {
    wanted.recipe.order = stated.value_or(preprocess::ColorOrder::kRgb);
  } else if (wanted.takes_picture) {
    const bool gray = stated == preprocess::ColorOrder::kGray;
    PLUMB_RETURN_IF_ERROR(TakeRule(rules, gray ? 1 : 3, console, wanted));
  }
  PLUMB_RETURN_IF_ERROR(ApplySettings(flags, wanted.recipe));
  PLUMB_RETURN_IF_ERROR(CheckBuffer(wanted));
  return wanted;
}

}  // namespace

void AddRecipeFlags(CLI::App& app, RecipeFlags& flags) {
  auto* model = app.add_option("--model", flags.model, "Offline model, made by 'plumb compile'")
                    ->type_name("M.img");
  app.add_option("--input-index", flags.input_index, "Which input of the model, counted from 0")
      ->type_name("N")
      ->needs(model);
  app.add_option("--format", flags.format, "Input format, instead of --model")
      ->type_name(npu::KnownInputFormats())
      ->excludes(model);
  app.add_option("--size", flags.size, "Width and height of the input")
      ->type_name("WxH")
      ->excludes(model);
  AddFamily(app, "--family", flags.family, "Chip family: " + KnownFamilies())->excludes(model);
  app.add_option("--scale", flags.scale, "Scale of a RAWDATA_S16_NHWC input")
      ->type_name("SCALE")
      ->excludes(model);
  AddPictureFlags(app, flags.picture);
  for (const preprocess::RecipeSetting& setting : preprocess::RecipeSettings()) {
    const std::string name(setting.name);
    app.add_option("--" + name, flags.settings[name], std::string(setting.help))
        ->type_name(std::string(setting.values));
  }
}

Result<WantedInputs> LoadWantedInputs(const RecipeFlags& flags, Console& console) {
  PLUMB_ASSIGN_OR_RETURN(const PictureRules rules,
                         PictureRules::Load(flags.picture, flags.model, console));
  if (!flags.model.empty()) {
    return InputsOfOfflineModel(flags, rules, console);
  }
  WantedInputs wanted;
  PLUMB_ASSIGN_OR_RETURN(WantedInput input, DescribedInput(flags, rules, console));
  wanted.inputs.push_back(std::move(input));
  return wanted;
}

}  // namespace plumb::client
