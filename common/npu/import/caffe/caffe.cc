#include "common/npu/import/caffe/caffe.h"

#include <algorithm>
#include <unordered_map>

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/npu/import/caffe/ops.h"

namespace plumb::npu {
namespace {

using caffe::Layer;
using importing::Layout;
using importing::Value;

std::string Quoted(std::string_view name) {
  return "'" + EscapeForDisplay(name) + "'";
}

// Puts the layer's place, type and name before an error.
std::string Describe(const Layer& layer) {
  return caffe::AtLine(layer.line) + EscapeForDisplay(layer.type.substr(0, 64)) + " " +
         Quoted(layer.name);
}

class Importer {
 public:
  Importer(caffe::Net net, caffe::Weights weights, std::string name)
      : net_(std::move(net)),
        weights_(std::move(weights)),
        builder_(std::move(name)) {}

  Result<Graph> Import();

 private:
  Status AddInputs();
  Status AddLayer(const Layer& layer, const std::vector<std::string>& tops);
  Result<std::vector<Value*>> FindBottoms(const Layer& layer);
  Result<std::vector<caffe::Blob>*> FindWeights(const Layer& layer);
  Status NameTops(const Layer& layer, const std::vector<std::string>& tops);
  Status AddOutputs();

  caffe::Net net_;
  caffe::Weights weights_;
  importing::Builder builder_;
  std::vector<caffe::Blob> none_;
  std::unordered_map<std::string, std::string> tensor_of_;  // blob → tensor that it is now
};

Status Importer::AddInputs() {
  for (const caffe::NetInput& input : net_.inputs) {
    if (!tensor_of_.emplace(input.name, input.name).second) {
      return InvalidArgumentError("there are two inputs " + Quoted(input.name));
    }
    builder_.Reserve(input.name);
    PLUMB_RETURN_IF_ERROR(
        builder_
            .DefineInput(input.name,
                         input.shape,
                         input.shape.rank() == 4 ? Layout::kPicture : Layout::kPlain)
            .Annotate("input " + Quoted(input.name)));
  }
  return OkStatus();
}

Result<std::vector<Value*>> Importer::FindBottoms(const Layer& layer) {
  std::vector<Value*> bottoms;
  for (const std::string& bottom : layer.bottoms) {
    const auto found = tensor_of_.find(bottom);
    if (found == tensor_of_.end()) {
      std::vector<std::string> known;
      for (const auto& [blob, tensor] : tensor_of_) {
        known.push_back(blob);
      }
      std::sort(known.begin(), known.end());
      const auto near = ClosestOf(bottom, known);
      return InvalidArgumentError("reads " + Quoted(bottom) +
                                  ", which neither an input nor a layer before it makes")
          .WithHint(near ? "did you mean " + Quoted(*near) + "?" : "check the layer's bottom");
    }
    PLUMB_ASSIGN_OR_RETURN(Value* const value, builder_.Find(found->second));
    bottoms.push_back(value);
  }
  return bottoms;
}

Result<std::vector<caffe::Blob>*> Importer::FindWeights(const Layer& layer) {
  const auto found = weights_.find(layer.name);
  if (found == weights_.end()) {
    none_.clear();
    return &none_;
  }
  const std::string& type = found->second.type;
  if (!type.empty() && type != layer.type) {
    return InvalidArgumentError("is of another type in the caffemodel: " +
                                EscapeForDisplay(type.substr(0, 64)))
        .WithHint("check that prototxt and caffemodel belong together");
  }
  return &found->second.blobs;
}

// From here on the layer's tops are what their blobs are.
Status Importer::NameTops(const Layer& layer, const std::vector<std::string>& tops) {
  for (size_t i = 0; i < tops.size(); ++i) {
    const bool known = tensor_of_.count(layer.tops[i]) != 0;
    if (known && !layer.InPlace(i)) {
      return InvalidArgumentError("makes " + Quoted(layer.tops[i]) + ", which exists already")
          .WithHint("give the top a name of its own");
    }
    tensor_of_[layer.tops[i]] = tops[i];
  }
  return OkStatus();
}

Status Importer::AddLayer(const Layer& layer, const std::vector<std::string>& tops) {
  const caffe::ConvertLayer convert = caffe::FindConverter(layer.type);
  if (convert == nullptr) {
    const std::string_view why = caffe::WhyNot(layer.type);
    const auto near = ClosestOf(layer.type, caffe::SupportedTypes());
    return UnimplementedError("is not supported")
        .WithHint((near ? "did you mean " + *near + "? " : "") +
                  (why.empty() ? "" : std::string(why) + "; ") +
                  "supported layers: " + SupportedCaffeLayers());
  }
  PLUMB_RETURN_IF_ERROR(caffe::CheckLayerFields(layer));
  if (layer.bottoms.empty() || tops.empty()) {
    return InvalidArgumentError("has no bottom or no top");
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<Value*> bottoms, FindBottoms(layer));
  PLUMB_ASSIGN_OR_RETURN(std::vector<caffe::Blob>* const weights, FindWeights(layer));
  PLUMB_RETURN_IF_ERROR(NameTops(layer, tops));
  return convert(caffe::LayerView(layer, bottoms, tops, *weights, builder_));
}

Status Importer::AddOutputs() {
  for (const std::string& tensor : caffe::OutputTensors(net_)) {
    PLUMB_RETURN_IF_ERROR(builder_.AddOutput(tensor));
  }
  return OkStatus();
}

Result<Graph> Importer::Import() {
  const auto names = caffe::NameTensors(net_);
  for (const std::vector<std::string>& tops : names) {
    for (const std::string& top : tops) {
      builder_.Reserve(top);
    }
  }
  PLUMB_RETURN_IF_ERROR(AddInputs());
  for (size_t i = 0; i < net_.layers.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(AddLayer(net_.layers[i], names[i]).Annotate(Describe(net_.layers[i])));
  }
  PLUMB_RETURN_IF_ERROR(AddOutputs());
  Graph graph = builder_.Finish();
  PLUMB_RETURN_IF_ERROR(ValidateGraph(graph));
  return graph;
}

}  // namespace

bool LooksLikePrototxt(const Buffer& file) {
  return caffe::BeginsAsNet(file.view());
}

bool LooksLikeCaffemodel(const Buffer& file) {
  return caffe::BeginsAsWeights(file.span());
}

Result<Graph> ImportCaffe(const Buffer& prototxt, const Buffer& caffemodel, std::string name) {
  auto net = caffe::ReadNet(prototxt.view());
  if (!net.ok()) {
    return net.status().Annotate("the prototxt");
  }
  auto weights = caffe::ReadWeights(caffemodel.span());
  if (!weights.ok()) {
    return weights.status().Annotate("the caffemodel");
  }
  return Importer(std::move(net).value(), std::move(weights).value(), std::move(name)).Import();
}

std::string SupportedCaffeLayers() {
  return Join(caffe::SupportedTypes(), ", ");
}

}  // namespace plumb::npu
