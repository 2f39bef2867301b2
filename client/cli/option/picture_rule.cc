#include "client/cli/option/picture_rule.h"

#include <algorithm>

#include "client/cli/frame/usage.h"
#include "common/base/file.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

constexpr uint64_t kMaxIniSize = 1U << 20U;

Result<std::optional<dump::PerColor>> ColorsOf(const std::string& flag, std::string text) {
  if (text.empty()) {
    return std::optional<dump::PerColor>();
  }
  std::replace(text.begin(), text.end(), ',', ':');
  const auto colors = dump::ParsePerColor(text);
  if (!colors.ok()) {
    return UsageError(flag + ": " + colors.status().message(),
                      "write " + flag + " 127.5 or, as r:g:b, " + flag + " 123.7:116.3:103.5");
  }
  return std::optional(*colors);
}

// <stem>.ini beside the model, then the same without "_fixed".
std::string IniBeside(const std::filesystem::path& model) {
  const std::filesystem::path folder = model.parent_path();
  std::string stem = model.stem().string();
  for (int attempt = 0; attempt < 2 && !stem.empty(); ++attempt) {
    const std::filesystem::path ini = folder / (stem + ".ini");
    std::error_code error;
    if (std::filesystem::is_regular_file(ini, error)) {
      return ini.string();
    }
    const size_t suffix = stem.rfind("_fixed");
    if (suffix == std::string::npos) {
      break;
    }
    stem.resize(suffix);
  }
  return "";
}

std::string ColorsText(const dump::PerColor& colors) {
  if (colors[0] == colors[1] && colors[1] == colors[2]) {
    return ShortestDouble(colors[0]);
  }
  return ShortestDouble(colors[0]) + ":" + ShortestDouble(colors[1]) + ":" +
         ShortestDouble(colors[2]);
}

// The flag's value, else the file's; else `target` stays and is noted as assumed.
void Take(const std::optional<dump::PerColor>& flag,
          const std::optional<dump::PerColor>& file,
          const std::string& what,
          dump::PerColor& target,
          std::vector<std::string>& assumed) {
  if (flag || file) {
    target = flag ? *flag : *file;
  } else {
    assumed.push_back(what + " " + ColorsText(target));
  }
}

}  // namespace

void AddPictureFlags(CLI::App& app, PictureFlags& flags) {
  app.add_option("--mean", flags.mean, "What is subtracted from a pixel: one number or r:g:b")
      ->type_name("MEAN");
  app.add_option("--std", flags.std_dev, "What the difference is divided by: one number or r:g:b")
      ->type_name("STD");
  app.add_option("--color", flags.color, "Channel order the network was trained with")
      ->type_name("RGB|BGR|GRAY")
      ->check(CLI::IsMember({"RGB", "BGR", "GRAY"}));
  app.add_option(
         "--input-config",
         flags.input_config,
         "input_config.ini of the vendor's converter; default: <model>.ini beside the model")
      ->type_name("INI");
}

Result<PictureRules> PictureRules::Load(const PictureFlags& flags,
                                        const std::filesystem::path& model,
                                        Console& console) {
  PictureRules rules;
  rules.flags_ = flags;
  PLUMB_ASSIGN_OR_RETURN(rules.mean_, ColorsOf("--mean", flags.mean));
  PLUMB_ASSIGN_OR_RETURN(rules.std_dev_, ColorsOf("--std", flags.std_dev));
  if (rules.std_dev_ && *std::min_element(rules.std_dev_->begin(), rules.std_dev_->end()) <= 0) {
    return UsageError("--std must be above 0", "write --std 127.5");
  }
  rules.order_ = preprocess::ParseColorOrder(flags.color);
  rules.explicit_ = !flags.input_config.empty();
  rules.config_path_ = rules.explicit_ ? flags.input_config : IniBeside(model);
  if (rules.config_path_.empty()) {
    return rules;
  }
  const std::string shown = EscapeForDisplay(rules.config_path_);
  const std::string hint = rules.explicit_ ? "write --input-config FILE.ini"
                                           : "mend or remove the file beside the model";
  const auto text = ReadFile(rules.config_path_, kMaxIniSize);
  if (!text.ok()) {
    return UsageError("--input-config: " + text.status().message(), hint);
  }
  auto config = dump::ParseInputConfig(
      text->view(), rules.explicit_ ? dump::UnknownWords::kRefuse : dump::UnknownWords::kWarn);
  if (!config.ok()) {
    return UsageError(shown + ": " + config.status().message(),
                      config.status().hint().empty() ? hint : config.status().hint());
  }
  rules.config_ = std::move(config).value();
  for (const std::string& warning : rules.config_.warnings) {
    console.Warn(shown + ": " + warning);
  }
  return rules;
}

Status PictureRules::CheckNames(const dump::NetworkNames& network) const {
  const Status status = explicit_ ? dump::CheckNames(config_, network) : OkStatus();
  return status.ok()
             ? status
             : UsageError(EscapeForDisplay(config_path_) + ": " + status.message(), status.hint());
}

const dump::ConfiguredInput* PictureRules::Configured(size_t index, const std::string& name) const {
  for (const dump::ConfiguredInput& input : config_.inputs) {
    if (input.name == name) {
      return &input;
    }
  }
  // A file made for another framework's names still tells by position; one input holds for all.
  if (index < config_.inputs.size()) {
    return &config_.inputs[index];
  }
  return nullptr;
}

std::optional<preprocess::ColorOrder> PictureRules::StatedOrder(size_t index,
                                                                const std::string& name) const {
  if (order_) {
    return order_;
  }
  const dump::ConfiguredInput* configured = Configured(index, name);
  return configured == nullptr ? std::nullopt
                               : preprocess::ParseColorOrder(configured->training_format);
}

Result<PictureRule> PictureRules::For(const RuledInput& input, Console& console) const {
  const std::string& name = input.name;
  const int64_t channels = input.channels;
  const dump::ConfiguredInput* configured = Configured(input.index, name);
  PictureRule rule;
  std::vector<std::string> assumed;
  const auto order = StatedOrder(input.index, name);
  rule.raw = !order && configured != nullptr && configured->training_format.starts_with("RAWDATA");
  if (rule.raw) {
    return rule;
  }
  rule.order_stated = order.has_value();
  rule.order =
      order.value_or(channels == 1 ? preprocess::ColorOrder::kGray : preprocess::ColorOrder::kRgb);
  if (preprocess::ChannelsOf(rule.order) != channels) {
    return UsageError("input '" + name + "' has " + std::to_string(channels) + " channels, " +
                          std::string(ColorOrderName(rule.order)) + " has " +
                          std::to_string(preprocess::ChannelsOf(rule.order)),
                      channels == 1 ? "write --color GRAY" : "write --color RGB or --color BGR");
  }
  if (!order) {
    assumed.push_back(std::string(ColorOrderName(rule.order)));
  }
  if (!input.takes_pixels) {
    const dump::ConfiguredInput nothing;
    const dump::ConfiguredInput& file = configured != nullptr ? *configured : nothing;
    Take(mean_, file.mean, "mean", rule.normalization.mean, assumed);
    Take(std_dev_, file.std_dev, "std", rule.normalization.std_dev, assumed);
  }
  if (!assumed.empty()) {
    console.Warn("input '" + name + "': assuming " + Join(assumed, ", ") +
                 " (say otherwise with --mean, --std, --color or --input-config)");
  } else if (!config_path_.empty()) {
    console.Detail("input '" + name + "': picture rules from " + config_path_);
  }
  return rule;
}

}  // namespace plumb::client
