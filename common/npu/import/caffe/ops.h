// Layers of a Caffe network to operations of the graph.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/npu/import/caffe/net.h"
#include "common/npu/import/caffe/weights.h"
#include "common/npu/import/graph_builder.h"

namespace plumb::npu::caffe {

using importing::AxisUnder;
using importing::Builder;
using importing::Layout;
using importing::Value;
using importing::WrapAxis;

// One X_param of a layer; one that the file leaves out has the defaults only. Errors name the line.
class Param {
 public:
  explicit Param(const TextMessage* message = nullptr) : message_(message) {}

  [[nodiscard]] bool Has(std::string_view name) const;
  [[nodiscard]] Result<int64_t> Integer(std::string_view name, int64_t otherwise) const;
  // kInvalidArgument outside [least, 65536].
  [[nodiscard]] Result<int32_t> Size(std::string_view name, int32_t least, int32_t otherwise) const;
  [[nodiscard]] Result<float> Real(std::string_view name, float otherwise) const;
  [[nodiscard]] Result<bool> Flag(std::string_view name, bool otherwise) const;
  // The number of an enumerator, given by name or number; `names` are those from `first` on.
  [[nodiscard]] Result<int32_t> Choice(std::string_view name,
                                       std::span<const std::string_view> names,
                                       int32_t otherwise,
                                       int32_t first = 0) const;
  [[nodiscard]] Result<std::vector<int64_t>> Integers(std::string_view name) const;
  [[nodiscard]] Result<std::vector<float>> Reals(std::string_view name) const;
  // Null when absent.
  [[nodiscard]] Result<const TextMessage*> Message(std::string_view name) const;

 private:
  [[nodiscard]] const TextField* Find(std::string_view name) const;

  const TextMessage* message_;
};

// What a converter sees of one layer. Errors do not name the layer: the importer adds that.
class LayerView {
 public:
  // `tops` are the tensors' names. The vectors live as long as the view.
  LayerView(const Layer& layer,
            const std::vector<Value*>& bottoms,
            const std::vector<std::string>& tops,
            std::vector<Blob>& blobs,
            Builder& builder)
      : layer_(layer),
        bottoms_(bottoms),
        tops_(tops),
        blobs_(blobs),
        builder_(builder) {}

  [[nodiscard]] const std::string& type() const { return layer_.type; }

  [[nodiscard]] Builder& graph() const { return builder_; }

  [[nodiscard]] const std::vector<Value*>& bottoms() const { return bottoms_; }

  [[nodiscard]] const std::vector<std::string>& tops() const { return tops_; }

  // The importer has checked that there are a bottom and a top.
  [[nodiscard]] Value& bottom() const { return *bottoms_.front(); }

  [[nodiscard]] const std::string& top() const { return tops_.front(); }

  // kInvalidArgument for another number of bottoms.
  [[nodiscard]] Status NeedBottoms(size_t count) const;
  // kInvalidArgument unless the bottom is [N, C, H, W].
  [[nodiscard]] Status NeedPicture() const;

  // X_param with its fields' names checked.
  [[nodiscard]] Result<Param> Read(std::string_view name) const;

  // How many weights the caffemodel has for this layer.
  [[nodiscard]] size_t blob_count() const { return blobs_.size(); }

  // Weight `index`, which has `elements` elements; kInvalidArgument otherwise. May be moved from.
  [[nodiscard]] Result<Blob*> Weight(size_t index, uint64_t elements) const;

  // Appends the operation whose result is the first top.
  [[nodiscard]] Status Make(Layout layout,
                            OpKind kind,
                            std::vector<uint32_t> inputs,
                            GraphOpAttributes attributes = {},
                            const Shape& declared = {}) const;
  // Appends an operation whose result is called 'top:suffix'.
  [[nodiscard]] Result<uint32_t> Step(std::string_view suffix,
                                      OpKind kind,
                                      std::vector<uint32_t> inputs,
                                      GraphOpAttributes attributes = {},
                                      const Shape& declared = {}) const;
  [[nodiscard]] Result<uint32_t> Scalar(std::string_view suffix, float value) const;
  // The constant 'top:suffix' of row-major `values`.
  [[nodiscard]] Result<uint32_t> Constant(std::string_view suffix,
                                          const Shape& shape,
                                          std::vector<float> values) const;
  // The elements of the bottom under each top's name.
  [[nodiscard]] Status MakeCopies() const;

 private:
  const Layer& layer_;
  const std::vector<Value*>& bottoms_;
  const std::vector<std::string>& tops_;
  std::vector<Blob>& blobs_;
  Builder& builder_;
};

// Where a bottom lies, as it lies.
struct Operand {
  Layout layout = Layout::kPlain;
  uint32_t tensor = 0;
};

Result<Operand> Take(const LayerView& layer, Value& value);

using ConvertLayer = Status (*)(const LayerView& layer);

// Null for a type outside the supported set.
ConvertLayer FindConverter(std::string_view type);
// Why a type that many networks have is not supported and what to do; "" for others.
std::string_view WhyNot(std::string_view type);
std::vector<std::string> SupportedTypes();

struct NamedConverter {
  std::string_view type;
  ConvertLayer convert;
};

// The table's parts, each sorted by name.
std::span<const NamedConverter> WindowConverters();
std::span<const NamedConverter> PointwiseConverters();
std::span<const NamedConverter> AffineConverters();
std::span<const NamedConverter> LayoutConverters();
std::span<const NamedConverter> ReduceConverters();

}  // namespace plumb::npu::caffe
