#include "common/dump/input_config.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <span>

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/dump/ini.h"

namespace plumb::dump {
namespace {

constexpr size_t kMaxTensors = 64;

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 9> kFormats = {"RGB",
                                                      "BGR",
                                                      "RGBA",
                                                      "BGRA",
                                                      "YUV_NV12",
                                                      "GRAY",
                                                      "RAWDATA_S16_NHWC",
                                                      "RAWDATA_F32_NHWC",
                                                      "COMPLEX64"};
constexpr std::array<std::string_view, 2> kLayouts = {"NHWC", "NCHW"};
constexpr std::array<std::string_view, 4> kConvolutionFormats = {
    "ALL_UINT8", "ALL_INT16", "CONV2D_INT16", "DEPTHWISE_INT16"};

constexpr std::array<std::string_view, 2> kBatchModes = {"n_buf", "one_buf"};
constexpr std::string_view kInputShapes = "input_shapes";
constexpr std::string_view kUndocumented = "OPTIMIZATION";

Status Broken(const IniEntry& entry, const std::string& what) {
  return InvalidArgumentError("line " + std::to_string(entry.line) + ": " + entry.key + ": " +
                              what);
}

Result<std::string> OneOf(const IniEntry& entry, const std::string& value, Names names) {
  if (std::find(names.begin(), names.end(), value) != names.end()) {
    return value;
  }
  const std::vector<std::string> known(names.begin(), names.end());
  const auto near = ClosestOf(value, known);
  return Broken(entry, "'" + value + "' is none of " + Join(known, ", "))
      .WithHint(near ? "did you mean " + *near + "?" : "write one of them");
}

Result<bool> Truth(const IniEntry& entry, const std::string& value) {
  const std::string lower = ToLower(value);
  if (lower == "true" || lower == "false") {
    return lower == "true";
  }
  return Broken(entry, "'" + value + "' is neither TRUE nor FALSE");
}

Result<double> Number(const IniEntry& entry, const std::string& value) {
  const auto number = ParseDouble(value);
  if (!number || !std::isfinite(*number)) {
    return Broken(entry, "'" + value + "' is no number");
  }
  return *number;
}

Result<PerColor> Colors(const IniEntry& entry, const std::string& value) {
  Result<PerColor> colors = ParsePerColor(value);
  return colors.ok() ? colors : Broken(entry, colors.status().message());
}

Result<PerColor> StandardDeviation(const IniEntry& entry, const std::string& value) {
  PLUMB_ASSIGN_OR_RETURN(const PerColor colors, Colors(entry, value));
  if (std::any_of(colors.begin(), colors.end(), [](double std_dev) { return std_dev <= 0; })) {
    return Broken(entry, "'" + value + "' must be above 0");
  }
  return colors;
}

Result<uint32_t> Alignment(const IniEntry& entry, const std::string& value) {
  constexpr uint64_t kMaxAlignment = 4096;
  const auto number = ParseUint(value);
  if (!number || *number == 0 || *number > kMaxAlignment) {
    return Broken(entry, "'" + value + "' is no alignment between 1 and 4096");
  }
  return static_cast<uint32_t>(*number);
}

Status SetMeanColor(ConfiguredInput& input,
                    size_t color,
                    const IniEntry& entry,
                    const std::string& value) {
  PLUMB_ASSIGN_OR_RETURN(const double number, Number(entry, value));
  PerColor mean = input.mean.value_or(PerColor{0, 0, 0});
  mean.at(color) = number;
  input.mean = mean;
  return OkStatus();
}

template <class Tensor>
using Setter = std::function<Status(Tensor&, const IniEntry&, const std::string&)>;
template <class Tensor>
using Setters = std::map<std::string, Setter<Tensor>, std::less<>>;

// A setter that parses with `parse` and stores into `member`.
template <class Tensor, class Member, class Parse>
Setter<Tensor> Store(Member Tensor::*member, Parse parse) {
  return [member, parse](Tensor& tensor, const IniEntry& entry, const std::string& value) {
    auto parsed = parse(entry, value);
    if (!parsed.ok()) {
      return parsed.status();
    }
    tensor.*member = std::move(parsed).value();
    return OkStatus();
  };
}

auto NameIn(Names names) {
  return [names](const IniEntry& entry, const std::string& value) {
    return OneOf(entry, value, names);
  };
}

Result<std::string> AnyName(const IniEntry& entry, const std::string& value) {
  return IsSafeName(value) ? Result<std::string>(value)
                           : Broken(entry, "'" + EscapeForDisplay(value) + "' is no name");
}

Setter<ConfiguredInput> MeanOf(size_t color) {
  return [color](ConfiguredInput& input, const IniEntry& entry, const std::string& value) {
    return SetMeanColor(input, color, entry, value);
  };
}

const Setters<ConfiguredInput>& InputSetters() {
  using Input = ConfiguredInput;
  static const Setters<Input> setters = {
      {"inputs", Store(&Input::name, AnyName)},
      {"training_input_formats", Store(&Input::training_format, NameIn(kFormats))},
      {"input_formats", Store(&Input::input_format, NameIn(kFormats))},
      {"quantizations", Store(&Input::quantize, Truth)},
      {"mean", Store(&Input::mean, Colors)},
      {"mean_red", MeanOf(0)},
      {"mean_green", MeanOf(1)},
      {"mean_blue", MeanOf(2)},
      {"std_value", Store(&Input::std_dev, StandardDeviation)},
      {"input_width_alignment", Store(&Input::width_alignment, Alignment)},
      {"input_height_alignment", Store(&Input::height_alignment, Alignment)},
      {"input_layouts", Store(&Input::layout, NameIn(kLayouts))},
  };
  return setters;
}

const Setters<ConfiguredOutput>& OutputSetters() {
  using Output = ConfiguredOutput;
  static const Setters<Output> setters = {
      {"outputs", Store(&Output::name, AnyName)},
      {"dequantizations", Store(&Output::dequantize, Truth)},
      {"output_layouts", Store(&Output::layout, NameIn(kLayouts))},
      {"output_formats", Store(&Output::layout, NameIn(kLayouts))},
  };
  return setters;
}

// Applies the entries of one section to its tensors. The list of names gives their number; without
// it the longest list does. A single value holds for all.
template <class Tensor>
Status ApplySection(const std::vector<const IniEntry*>& entries,
                    const Setters<Tensor>& setters,
                    const std::string& names_key,
                    std::vector<Tensor>& tensors) {
  size_t count = 0;
  for (const IniEntry* entry : entries) {
    count = std::max(count, entry->values.size());
  }
  for (const IniEntry* entry : entries) {
    count = entry->key == names_key && !entry->values.empty() ? entry->values.size() : count;
  }
  if (count > kMaxTensors) {
    return InvalidArgumentError(names_key + ": more than " + std::to_string(kMaxTensors));
  }
  tensors.resize(count);
  for (const IniEntry* entry : entries) {
    const size_t given = entry->values.size();
    if (given > 1 && given != count) {
      return Broken(
                 *entry,
                 std::to_string(given) + " values for " + std::to_string(count) + " " + names_key)
          .WithHint("write one value for all or one for each; colours are separated by ':'");
    }
    for (size_t i = 0; i < count && given > 0; ++i) {
      const std::string& value = entry->values[given == 1 ? 0 : i];
      PLUMB_RETURN_IF_ERROR(setters.at(entry->key)(tensors[i], *entry, value));
      if (entry->key == names_key || (given == count && tensors[i].name.empty())) {
        tensors[i].line.number = entry->line;
      }
    }
  }
  return OkStatus();
}

Result<std::string> OnlyValue(const IniEntry& entry) {
  return entry.values.size() == 1 ? Result<std::string>(entry.values.front())
                                  : Broken(entry, "it takes one value");
}

Status ApplyConvolution(const IniEntry& entry, ConvolutionConfig& convolution) {
  if (entry.key == "tensor_arrays") {
    convolution.tensors.clear();
    for (const std::string& value : entry.values) {
      PLUMB_ASSIGN_OR_RETURN(convolution.tensors.emplace_back(), AnyName(entry, value));
    }
    convolution.line.number = entry.line;
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string value, OnlyValue(entry));
  PLUMB_ASSIGN_OR_RETURN(convolution.input_format, OneOf(entry, value, kConvolutionFormats));
  return OkStatus();
}

// "L5" of the calibrator, "Q20" of the trained one.
Result<std::string> QuantLevel(const IniEntry& entry, const std::string& value) {
  const bool level = value.size() == 2 && value[0] == 'L' && value[1] >= '1' && value[1] <= '5';
  const bool trained = value.size() > 1 && value[0] == 'Q' && ParseUint(value.substr(1));
  return level || trained ? Result<std::string>(value)
                          : Broken(entry, "'" + value + "' is no level: L1 to L5, or Q and digits");
}

Result<uint32_t> Count(const IniEntry& entry, const std::string& value) {
  constexpr uint64_t kMaxCount = 4096;
  const auto number = ParseUint(value);
  if (!number || *number == 0 || *number > kMaxCount) {
    return Broken(entry, "'" + value + "' is no number between 1 and 4096");
  }
  return static_cast<uint32_t>(*number);
}

const Setters<ConverterConfig>& ConverterSetters() {
  using Config = ConverterConfig;
  static const Setters<Config> setters = {
      {"quant_file", Store(&Config::quant_file, AnyName)},
      {"num_process", Store(&Config::num_process, Count)},
      {"quant_level", Store(&Config::quant_level, QuantLevel)},
      {"phase", Store(&Config::phase, AnyName)},
      {"workmode", Store(&Config::work_mode, AnyName)},
      {"batchmode", Store(&Config::batch_mode, NameIn(kBatchModes))},
      {"batch", Store(&Config::batch, Count)},
  };
  return setters;
}

Status ApplyConverter(const IniEntry& entry, ConverterConfig& converter) {
  if (entry.key == kInputShapes) {
    converter.input_shapes = entry.values;
    return OkStatus();
  }
  if (entry.values.empty()) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string value, OnlyValue(entry));
  return ConverterSetters().at(entry.key)(converter, entry, value);
}

template <class Tensor>
void AppendKeys(const Setters<Tensor>& setters, std::vector<std::string>& keys) {
  for (const auto& setter : setters) {
    keys.push_back(setter.first);
  }
}

// The documented sections, and the keys of one of them (none for any other name).
const std::vector<std::string>& KnownSections() {
  static const std::vector<std::string> sections = {"INPUT_CONFIG", "OUTPUT_CONFIG", "CONV_CONFIG"};
  return sections;
}

std::vector<std::string> KeysOf(std::string_view section) {
  std::vector<std::string> keys;
  if (section == KnownSections()[0]) {
    AppendKeys(InputSetters(), keys);
    AppendKeys(ConverterSetters(), keys);
    keys.emplace_back(kInputShapes);
  } else if (section == KnownSections()[1]) {
    AppendKeys(OutputSetters(), keys);
  } else if (section == KnownSections()[2]) {
    keys = {"input_format", "tensor_arrays"};
  }
  return keys;
}

std::string KeyHint(const IniEntry& entry, const std::vector<std::string>& keys) {
  for (const std::string& section : KnownSections()) {
    const std::vector<std::string> others = KeysOf(section);
    if (std::find(others.begin(), others.end(), entry.key) != others.end()) {
      return "it belongs to [" + section + "]";
    }
  }
  const auto near = ClosestOf(entry.key, keys);
  return near ? "did you mean '" + *near + "'?"
              : "the keys of [" + entry.section + "] are " + Join(keys, ", ");
}

// Sections first: one misspelt heading makes every key below it unknown.
Status RefuseUnknownSections(const IniText& ini) {
  const std::vector<std::string>& known = KnownSections();
  for (const IniSection& section : ini.sections) {
    if (section.name != kUndocumented &&
        std::find(known.begin(), known.end(), section.name) == known.end()) {
      const auto near = ClosestOf(section.name, known);
      return InvalidArgumentError("line " + std::to_string(section.line) + ": unknown section [" +
                                  section.name + "]")
          .WithHint(near ? "did you mean [" + *near + "]?"
                         : "the sections are [" + Join(known, "], [") + "]");
    }
  }
  return OkStatus();
}

// Entries by what they are about; unknown ones are refused or become warnings.
struct SortedEntries {
  std::vector<const IniEntry*> inputs;
  std::vector<const IniEntry*> outputs;
};

Status SortEntry(const IniEntry& entry,
                 UnknownWords unknown,
                 SortedEntries& sorted,
                 InputConfig& config) {
  const std::vector<std::string> keys = KeysOf(entry.section);
  if (std::find(keys.begin(), keys.end(), entry.key) == keys.end()) {
    const std::string what = "unknown key '" + entry.key + "' in [" + entry.section + "]";
    const std::string where = "line " + std::to_string(entry.line) + ": ";
    if (unknown == UnknownWords::kRefuse && entry.section != kUndocumented) {
      return InvalidArgumentError(where + what).WithHint(KeyHint(entry, keys));
    }
    config.warnings.push_back(where + what);
    return OkStatus();
  }
  if (entry.section == KnownSections()[1]) {
    sorted.outputs.push_back(&entry);
  } else if (entry.section == KnownSections()[2]) {
    return ApplyConvolution(entry, config.convolution);
  } else if (InputSetters().count(entry.key) > 0) {
    sorted.inputs.push_back(&entry);
  } else {
    return ApplyConverter(entry, config.converter);
  }
  return OkStatus();
}

}  // namespace

Result<PerColor> ParsePerColor(std::string_view text) {
  const std::vector<std::string> parts = Split(text, ':');
  if (parts.size() != 1 && parts.size() != 3) {
    return InvalidArgumentError("'" + EscapeForDisplay(text) +
                                "' is neither one number nor three as r:g:b");
  }
  PerColor colors{};
  for (size_t i = 0; i < colors.size(); ++i) {
    const auto number = ParseDouble(Trim(parts[parts.size() == 1 ? 0 : i]));
    if (!number || !std::isfinite(*number)) {
      return InvalidArgumentError("'" + EscapeForDisplay(text) + "' is no number");
    }
    colors.at(i) = *number;
  }
  return colors;
}

Result<InputConfig> ParseInputConfig(std::string_view text, UnknownWords unknown) {
  PLUMB_ASSIGN_OR_RETURN(const IniText ini, ParseIni(text));
  if (unknown == UnknownWords::kRefuse) {
    PLUMB_RETURN_IF_ERROR(RefuseUnknownSections(ini));
  }
  InputConfig config;
  SortedEntries sorted;
  for (const IniEntry& entry : ini.entries) {
    PLUMB_RETURN_IF_ERROR(SortEntry(entry, unknown, sorted, config));
  }
  PLUMB_RETURN_IF_ERROR(ApplySection(sorted.inputs, InputSetters(), "inputs", config.inputs));
  PLUMB_RETURN_IF_ERROR(ApplySection(sorted.outputs, OutputSetters(), "outputs", config.outputs));
  return config;
}

}  // namespace plumb::dump
