#include "common/npu/import/caffe/outline.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unordered_set>

#include "common/npu/import/caffe/net.h"

namespace plumb::npu {
namespace {

using caffe::Layer;
using caffe::TextField;
using caffe::TextMessage;

// Written anew by AppendLayer, or of no meaning when a network is tested.
constexpr std::array<std::string_view, 10> kNotCopied = {"blob_share_mode",
                                                         "blobs_lr",
                                                         "bottom",
                                                         "exclude",
                                                         "include",
                                                         "name",
                                                         "param",
                                                         "top",
                                                         "type",
                                                         "weight_decay"};

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      quoted += c;
      continue;
    }
    std::array<char, 5> octal{};
    std::snprintf(octal.data(), octal.size(), "\\%03o", static_cast<unsigned>(c) & 0xFFU);
    quoted += octal.data();
  }
  return quoted + "\"";
}

// Depth is bounded by kMaxTextDepth.
void AppendField(const TextField& field, std::string& text) {
  text += " " + field.name;
  if (!field.message) {
    text += ": " + (field.quoted ? Quoted(field.value) : field.value);
    return;
  }
  text += " {";
  for (const TextField& part : field.message->fields) {
    AppendField(part, text);
  }
  text += " }";
}

class Writer {
 public:
  void AddInput(const caffe::NetInput& input) {
    outline_.inputs.push_back({input.name, input.shape});
    text_ += "input: " + Quoted(input.name) + " input_shape {";
    for (const int64_t dim : input.shape.dims()) {
      text_ += " dim: " + std::to_string(dim);
    }
    text_ += " } ";
  }

  void AddLayer(const Layer& layer, const std::vector<std::string>& tensors) {
    for (; line_ < layer.line; ++line_) {
      text_ += '\n';
    }
    AppendLayer(layer.name, layer.type, layer.bottoms, layer.tops, layer.body);
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (i > 0) {
        const std::string copy = "plumb:" + std::to_string(outline_.layer_count);
        AppendLayer(copy, "Split", {layer.tops[i]}, {copy}, {});
      }
      outline_.tops.push_back(
          {layer.name, layer.type, i, tensors[i], outline_.layer_count - 1, false});
    }
  }

  CaffeOutline Finish(const std::vector<std::string>& outputs) {
    for (CaffeTop& top : outline_.tops) {
      top.is_output = std::find(outputs.begin(), outputs.end(), top.tensor) != outputs.end();
    }
    outline_.prototxt = std::move(text_) + "\n";
    return std::move(outline_);
  }

 private:
  void AppendLayer(const std::string& name,
                   const std::string& type,
                   const std::vector<std::string>& bottoms,
                   const std::vector<std::string>& tops,
                   const TextMessage& body) {
    text_ += "layer { name: " + Quoted(name) + " type: " + Quoted(type);
    for (const std::string& bottom : bottoms) {
      text_ += " bottom: " + Quoted(bottom);
    }
    for (const std::string& top : tops) {
      text_ += " top: " + Quoted(top);
    }
    for (const TextField& field : body.fields) {
      if (std::find(kNotCopied.begin(), kNotCopied.end(), field.name) == kNotCopied.end()) {
        AppendField(field, text_);
      }
    }
    text_ += " } ";
    ++outline_.layer_count;
  }

  CaffeOutline outline_;
  std::string text_;
  uint32_t line_ = 1;
};

}  // namespace

Result<CaffeOutline> OutlineOfCaffe(const Buffer& prototxt) {
  PLUMB_ASSIGN_OR_RETURN(const caffe::Net net, caffe::ReadNet(prototxt.view()));
  const auto tensors = caffe::NameTensors(net);
  Writer writer;
  for (const caffe::NetInput& input : net.inputs) {
    writer.AddInput(input);
  }
  for (size_t i = 0; i < net.layers.size(); ++i) {
    writer.AddLayer(net.layers[i], tensors[i]);
  }
  return writer.Finish(caffe::OutputTensors(net));
}

}  // namespace plumb::npu
