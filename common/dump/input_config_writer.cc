// A configuration as text.
#include <functional>

#include "common/base/text.h"
#include "common/dump/input_config.h"

namespace plumb::dump {
namespace {

// Appends "[SECTION]" before its first key.
class SectionWriter {
 public:
  SectionWriter(std::string section, std::string& text)
      : section_(std::move(section)),
        text_(text) {}

  // Nothing for an empty list; kInvalidArgument for a value that would be read as something else.
  Status Key(const std::string& key, const std::vector<std::string>& values) {
    if (values.empty()) {
      return OkStatus();
    }
    for (const std::string& value : values) {
      if (value.empty() || Trim(value).size() != value.size() ||
          value.find_first_of(",;'\"") != std::string::npos ||
          EscapeForDisplay(value).size() != value.size()) {
        return InvalidArgumentError(key + ": '" + EscapeForDisplay(value) +
                                    "' cannot be written in a list");
      }
    }
    if (!started_) {
      text_ += (text_.empty() ? "[" : "\n[") + section_ + "]\n";
      started_ = true;
    }
    text_ += key + "=" + Join(values, ",") + ";\n";
    return OkStatus();
  }

  Status Key(const std::string& key, const std::string& value) {
    return Key(key, value.empty() ? std::vector<std::string>() : std::vector<std::string>{value});
  }

  Status Key(const std::string& key, const std::optional<uint32_t>& value) {
    return Key(key, value ? std::to_string(*value) : std::string());
  }

 private:
  std::string section_;
  std::string& text_;
  bool started_ = false;
};

std::string TextOf(const std::string& text) {
  return text;
}

std::string TextOf(bool truth) {
  return truth ? "TRUE" : "FALSE";
}

std::string TextOf(uint32_t number) {
  return std::to_string(number);
}

std::string TextOf(const PerColor& colors) {
  return ShortestDouble(colors[0]) + ":" + ShortestDouble(colors[1]) + ":" +
         ShortestDouble(colors[2]);
}

template <class T>
std::string TextOf(const std::optional<T>& value) {
  return value ? TextOf(*value) : "";
}

// One key of every tensor of a section.
template <class Tensor, class Member>
Status ListKey(SectionWriter& section,
               const std::string& key,
               const std::vector<Tensor>& tensors,
               Member Tensor::*member) {
  std::vector<std::string> values;
  for (const Tensor& tensor : tensors) {
    if (std::string value = TextOf(tensor.*member); !value.empty()) {
      values.push_back(std::move(value));
    }
  }
  if (!values.empty() && values.size() != tensors.size()) {
    return InvalidArgumentError(key + ": given for " + std::to_string(values.size()) + " of " +
                                std::to_string(tensors.size()));
  }
  return section.Key(key, values);
}

Status WriteConverter(const ConverterConfig& converter, SectionWriter& section) {
  PLUMB_RETURN_IF_ERROR(section.Key("quant_file", converter.quant_file));
  PLUMB_RETURN_IF_ERROR(section.Key("num_process", converter.num_process));
  PLUMB_RETURN_IF_ERROR(section.Key("quant_level", converter.quant_level));
  PLUMB_RETURN_IF_ERROR(section.Key("phase", converter.phase));
  PLUMB_RETURN_IF_ERROR(section.Key("workmode", converter.work_mode));
  PLUMB_RETURN_IF_ERROR(section.Key("batchmode", converter.batch_mode));
  PLUMB_RETURN_IF_ERROR(section.Key("batch", converter.batch));
  return section.Key("input_shapes", converter.input_shapes);
}

Status WriteInputs(const std::vector<ConfiguredInput>& inputs, SectionWriter& section) {
  using Input = ConfiguredInput;
  const auto list = [&](const std::string& key, auto member) {
    return ListKey(section, key, inputs, member);
  };
  PLUMB_RETURN_IF_ERROR(list("inputs", &Input::name));
  PLUMB_RETURN_IF_ERROR(list("training_input_formats", &Input::training_format));
  PLUMB_RETURN_IF_ERROR(list("input_formats", &Input::input_format));
  PLUMB_RETURN_IF_ERROR(list("quantizations", &Input::quantize));
  PLUMB_RETURN_IF_ERROR(list("mean", &Input::mean));
  PLUMB_RETURN_IF_ERROR(list("std_value", &Input::std_dev));
  PLUMB_RETURN_IF_ERROR(list("input_width_alignment", &Input::width_alignment));
  PLUMB_RETURN_IF_ERROR(list("input_height_alignment", &Input::height_alignment));
  return list("input_layouts", &Input::layout);
}

Status WriteOutputs(const std::vector<ConfiguredOutput>& outputs, SectionWriter& section) {
  using Output = ConfiguredOutput;
  PLUMB_RETURN_IF_ERROR(ListKey(section, "outputs", outputs, &Output::name));
  PLUMB_RETURN_IF_ERROR(ListKey(section, "dequantizations", outputs, &Output::dequantize));
  return ListKey(section, "output_layouts", outputs, &Output::layout);
}

}  // namespace

Result<std::string> WriteInputConfig(const InputConfig& config) {
  std::string text;
  SectionWriter input("INPUT_CONFIG", text);
  PLUMB_RETURN_IF_ERROR(WriteInputs(config.inputs, input));
  PLUMB_RETURN_IF_ERROR(WriteConverter(config.converter, input));
  SectionWriter output("OUTPUT_CONFIG", text);
  PLUMB_RETURN_IF_ERROR(WriteOutputs(config.outputs, output));
  SectionWriter convolution("CONV_CONFIG", text);
  PLUMB_RETURN_IF_ERROR(convolution.Key("input_format", config.convolution.input_format));
  PLUMB_RETURN_IF_ERROR(convolution.Key("tensor_arrays", config.convolution.tensors));
  return text;
}

}  // namespace plumb::dump
