#include "common/npu/import/caffe/net.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "common/base/text.h"
#include "common/npu/import/caffe/schema.h"

namespace plumb::npu::caffe {
namespace {

constexpr size_t kMaxLayers = 8192;

// Reads pictures and labels from files: a network to be trained has them instead of inputs.
constexpr std::array<std::string_view, 8> kDataTypes = {"AnnotatedData",
                                                        "Data",
                                                        "DummyData",
                                                        "HDF5Data",
                                                        "ImageData",
                                                        "MemoryData",
                                                        "VideoData",
                                                        "WindowData"};

// Nothing that a network computes depends on these.
constexpr std::array<std::string_view, 12> kJudgingTypes = {"Accuracy",
                                                            "ContrastiveLoss",
                                                            "EuclideanLoss",
                                                            "HDF5Output",
                                                            "HingeLoss",
                                                            "InfogainLoss",
                                                            "MultiBoxLoss",
                                                            "MultinomialLogisticLoss",
                                                            "SigmoidCrossEntropyLoss",
                                                            "Silence",
                                                            "SmoothL1Loss",
                                                            "SoftmaxWithLoss"};

template <size_t kSize>
bool Contains(const std::array<std::string_view, kSize>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Status Strings(const TextMessage& message, std::string_view name, std::vector<std::string>& list) {
  for (const TextField* const field : message.All(name)) {
    PLUMB_ASSIGN_OR_RETURN(std::string text, TextOf(*field));
    list.push_back(std::move(text));
  }
  return OkStatus();
}

Result<std::string> OneString(const TextMessage& message, std::string_view name) {
  const TextField* const field = message.Find(name);
  return field == nullptr ? Result<std::string>(std::string()) : TextOf(*field);
}

Result<Shape> ShapeFrom(std::span<const TextField* const> dims, uint32_t line) {
  std::vector<int64_t> values;
  for (const TextField* const dim : dims) {
    PLUMB_ASSIGN_OR_RETURN(const int64_t value, IntegerOf(*dim));
    if (value < 1) {
      return InvalidArgumentError(AtLine(dim->line) + "an input has a dimension of " +
                                  std::to_string(value))
          .WithHint("write the size the network runs with, 1 for the batch");
    }
    values.push_back(value);
  }
  auto shape = Shape::Create(values);
  return shape.ok() ? shape : shape.status().Annotate(AtLine(line) + "an input's shape");
}

Result<Shape> ShapeFromMessage(const TextField& field) {
  PLUMB_ASSIGN_OR_RETURN(const TextMessage* const message, MessageOf(field));
  PLUMB_RETURN_IF_ERROR(CheckFields("BlobShape", *message));
  return ShapeFrom(message->All("dim"), field.line);
}

// A rule of `include` or `exclude` holds for the phase TEST, level 0, without stages.
Result<bool> Holds(const TextField& field) {
  PLUMB_ASSIGN_OR_RETURN(const TextMessage* const rule, MessageOf(field));
  PLUMB_RETURN_IF_ERROR(CheckFields("NetStateRule", *rule));
  if (const TextField* const phase = rule->Find("phase")) {
    PLUMB_ASSIGN_OR_RETURN(const std::string word, WordOf(*phase));
    if (word != "TEST" && word != "TRAIN") {
      return InvalidArgumentError(AtLine(phase->line) + "there is no phase '" +
                                  EscapeForDisplay(word) + "'")
          .WithHint("write TRAIN or TEST");
    }
    if (word == "TRAIN") {
      return false;
    }
  }
  if (const TextField* const least = rule->Find("min_level")) {
    PLUMB_ASSIGN_OR_RETURN(const int64_t level, IntegerOf(*least));
    if (level > 0) {
      return false;
    }
  }
  if (const TextField* const most = rule->Find("max_level")) {
    PLUMB_ASSIGN_OR_RETURN(const int64_t level, IntegerOf(*most));
    if (level < 0) {
      return false;
    }
  }
  return rule->Find("stage") == nullptr;
}

// Any of its include rules, or none of its exclude rules; a file may not have both.
Result<bool> IsTested(const TextMessage& layer) {
  const auto includes = layer.All("include");
  for (const TextField* const rule : includes) {
    PLUMB_ASSIGN_OR_RETURN(const bool holds, Holds(*rule));
    if (holds) {
      return true;
    }
  }
  for (const TextField* const rule : layer.All("exclude")) {
    PLUMB_ASSIGN_OR_RETURN(const bool holds, Holds(*rule));
    if (holds) {
      return false;
    }
  }
  return includes.empty();
}

class Reader {
 public:
  Result<Net> Read(std::string_view prototxt);

 private:
  Status ReadInputs(const TextMessage& file);
  Status ReadLayer(TextField& field);
  Status AddInputLayer(const Layer& layer);

  Net net_;
};

// `input` with one `input_shape` or four `input_dim` each.
Status Reader::ReadInputs(const TextMessage& file) {
  std::vector<std::string> names;
  PLUMB_RETURN_IF_ERROR(Strings(file, "input", names));
  const auto shapes = file.All("input_shape");
  const auto dims = file.All("input_dim");
  const bool by_shape = shapes.size() == names.size();
  if (!by_shape && dims.size() != 4 * names.size()) {
    return InvalidArgumentError("the file has " + std::to_string(names.size()) + " inputs but " +
                                std::to_string(shapes.size()) + " input_shape and " +
                                std::to_string(dims.size()) + " input_dim")
        .WithHint("give each input one input_shape, or four input_dim");
  }
  for (size_t i = 0; i < names.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const Shape shape,
                           by_shape
                               ? ShapeFromMessage(*shapes[i])
                               : ShapeFrom(std::span(dims).subspan(4 * i, 4), dims[4 * i]->line));
    net_.inputs.push_back({names[i], shape});
  }
  return OkStatus();
}

// A layer of type Input: one shape for all of its tops or one for each.
Status Reader::AddInputLayer(const Layer& layer) {
  const TextField* const field = layer.body.Find("input_param");
  if (field == nullptr) {
    return InvalidArgumentError(AtLine(layer.line) + "layer '" + EscapeForDisplay(layer.name) +
                                "' does not say the input's shape")
        .WithHint("write input_param { shape { dim: 1 dim: 3 dim: 24 dim: 24 } }");
  }
  PLUMB_ASSIGN_OR_RETURN(const TextMessage* const param, MessageOf(*field));
  PLUMB_RETURN_IF_ERROR(CheckFields("input_param", *param));
  const auto shapes = param->All("shape");
  if (shapes.empty() || (shapes.size() != 1 && shapes.size() != layer.tops.size())) {
    return InvalidArgumentError(AtLine(field->line) + "layer '" + EscapeForDisplay(layer.name) +
                                "' has " + std::to_string(shapes.size()) + " shapes for " +
                                std::to_string(layer.tops.size()) + " tops");
  }
  for (size_t i = 0; i < layer.tops.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const Shape shape,
                           ShapeFromMessage(*shapes[shapes.size() == 1 ? 0 : i]));
    net_.inputs.push_back({layer.tops[i], shape});
  }
  return OkStatus();
}

Result<std::string> TypeOf(const TextMessage& layer) {
  const TextField* const field = layer.Find("type");
  if (field == nullptr) {
    return InvalidArgumentError(AtLine(layer.line) + "a layer has no type");
  }
  if (field->quoted) {
    return field->value;
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string word, WordOf(*field));
  const std::string_view type = TypeOfOldName(word);
  if (type.empty()) {
    return InvalidArgumentError(AtLine(field->line) + "there is no layer type " +
                                EscapeForDisplay(word) + " in the old format")
        .WithHint("write the type in quotes, type: \"Convolution\"");
  }
  return std::string(type);
}

Status Reader::ReadLayer(TextField& field) {
  PLUMB_ASSIGN_OR_RETURN(const TextMessage* const message, MessageOf(field));
  PLUMB_ASSIGN_OR_RETURN(const bool tested, IsTested(*message));
  if (!tested) {
    return OkStatus();
  }
  Layer layer;
  layer.line = field.line;
  PLUMB_ASSIGN_OR_RETURN(layer.name, OneString(*message, "name"));
  PLUMB_ASSIGN_OR_RETURN(layer.type, TypeOf(*message));
  PLUMB_RETURN_IF_ERROR(Strings(*message, "bottom", layer.bottoms));
  PLUMB_RETURN_IF_ERROR(Strings(*message, "top", layer.tops));
  if (Contains(kJudgingTypes, layer.type)) {
    return OkStatus();
  }
  if (Contains(kDataTypes, layer.type)) {
    return UnimplementedError(AtLine(layer.line) + "layer '" + EscapeForDisplay(layer.name) +
                              "' of type " + layer.type +
                              " reads the network's data itself, as in training")
        .WithHint(
            "give the deploy prototxt, or replace the layer: layer { name: \"data\" type: "
            "\"Input\" top: \"data\" input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 "
            "} } }");
  }
  layer.body = std::move(*field.message);
  if (layer.type == "Input") {
    return AddInputLayer(layer);
  }
  if (net_.layers.size() == kMaxLayers) {
    return ResourceExhaustedError(AtLine(field.line) + "the network has more than 8192 layers");
  }
  net_.layers.push_back(std::move(layer));
  return OkStatus();
}

Result<Net> Reader::Read(std::string_view prototxt) {
  PLUMB_ASSIGN_OR_RETURN(TextMessage file, ParseText(prototxt));
  PLUMB_RETURN_IF_ERROR(CheckFields("NetParameter", file));
  PLUMB_RETURN_IF_ERROR(ReadInputs(file));
  for (TextField& field : file.fields) {
    if (field.name == "layer" || field.name == "layers") {
      PLUMB_RETURN_IF_ERROR(ReadLayer(field));
    }
  }
  if (net_.inputs.empty()) {
    return InvalidArgumentError("the file has no input")
        .WithHint(
            "begin with layer { name: \"data\" type: \"Input\" top: \"data\" input_param { "
            "shape { dim: 1 dim: 3 dim: 224 dim: 224 } } }");
  }
  return std::move(net_);
}

}  // namespace

Result<Net> ReadNet(std::string_view prototxt) {
  return Reader().Read(prototxt);
}

std::vector<std::vector<std::string>> NameTensors(const Net& net) {
  std::vector<std::vector<std::string>> names(net.layers.size());
  std::unordered_set<std::string_view> taken;
  for (const NetInput& input : net.inputs) {
    taken.insert(input.name);
  }
  for (size_t i = net.layers.size(); i-- > 0;) {
    const Layer& layer = net.layers[i];
    for (size_t top = 0; top < layer.tops.size(); ++top) {
      const std::string& blob = layer.tops[top];
      names[i].push_back(taken.count(blob) == 0 ? blob : blob + ":" + layer.name);
    }
    for (size_t top = 0; top < layer.tops.size(); ++top) {
      if (layer.InPlace(top)) {
        taken.insert(layer.tops[top]);
      }
    }
  }
  return names;
}

std::vector<std::string> OutputTensors(const Net& net) {
  const auto names = NameTensors(net);
  std::unordered_map<std::string_view, std::string> unread;  // blob → tensor
  std::vector<std::string_view> made;
  for (size_t i = 0; i < net.layers.size(); ++i) {
    const Layer& layer = net.layers[i];
    for (const std::string& bottom : layer.bottoms) {
      unread.erase(bottom);
    }
    for (size_t top = 0; top < layer.tops.size(); ++top) {
      unread[layer.tops[top]] = names[i][top];
      made.emplace_back(layer.tops[top]);  // an overwritten one again; its first place counts
    }
  }
  std::vector<std::string> outputs;
  for (const std::string_view blob : made) {
    const auto found = unread.find(blob);
    if (found != unread.end()) {
      outputs.push_back(found->second);
      unread.erase(found);
    }
  }
  return outputs;
}

Status CheckLayerFields(const Layer& layer) {
  return CheckFields("LayerParameter", layer.body);
}

bool BeginsAsNet(std::string_view file) {
  constexpr size_t kMostComment = 65536;
  constexpr std::array<std::string_view, 9> kFields = {"debug_info",
                                                       "force_backward",
                                                       "input",
                                                       "input_dim",
                                                       "input_shape",
                                                       "layer",
                                                       "layers",
                                                       "name",
                                                       "state"};
  file = file.substr(0, kMostComment);
  size_t at = 0;
  while (at < file.size() && (file[at] == '#' || file[at] == '\n' || file[at] == '\r' ||
                              file[at] == ' ' || file[at] == '\t')) {
    at = file[at] == '#' ? std::min(file.find('\n', at), file.size()) : at + 1;
  }
  const size_t end = file.find_first_of(":{< \t\r\n", at);
  return end != std::string_view::npos && Contains(kFields, file.substr(at, end - at)) &&
         file.find("layer") != std::string_view::npos && file.find('\0') == std::string_view::npos;
}

}  // namespace plumb::npu::caffe
