#include "common/npu/import/caffe/ops.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/npu/import/caffe/schema.h"

namespace plumb::npu::caffe {
namespace {

constexpr int32_t kMaxSize = 65536;

std::array<std::span<const NamedConverter>, 5> Tables() {
  return {WindowConverters(),
          PointwiseConverters(),
          AffineConverters(),
          LayoutConverters(),
          ReduceConverters()};
}

struct Reason {
  std::string_view type;
  std::string_view why;
};

constexpr std::string_view kCutBefore =
    "end the network before it and compute it on the CPU, as the chip's toolchain does";

constexpr Reason kReasons[] = {
    {"ArgMax", kCutBefore},
    {"DetectionOutput", kCutBefore},
    {"PriorBox", "its boxes depend on nothing the network computes: keep them beside the network"},
    {"Proposal", kCutBefore},
    {"Python", kCutBefore},
    {"ROIPooling", kCutBefore},
};

}  // namespace

const TextField* Param::Find(std::string_view name) const {
  return message_ == nullptr ? nullptr : message_->Find(name);
}

bool Param::Has(std::string_view name) const {
  return Find(name) != nullptr;
}

Result<int64_t> Param::Integer(std::string_view name, int64_t otherwise) const {
  const TextField* const field = Find(name);
  return field == nullptr ? Result<int64_t>(otherwise) : IntegerOf(*field);
}

Result<int32_t> Param::Size(std::string_view name, int32_t least, int32_t otherwise) const {
  PLUMB_ASSIGN_OR_RETURN(const int64_t value, Integer(name, otherwise));
  if (value < least || value > kMaxSize) {
    const TextField* const field = Find(name);
    return InvalidArgumentError((field == nullptr ? "" : AtLine(field->line)) + std::string(name) +
                                " is " + std::to_string(value) + "; it must be " +
                                std::to_string(least) + " to 65536");
  }
  return static_cast<int32_t>(value);
}

Result<float> Param::Real(std::string_view name, float otherwise) const {
  const TextField* const field = Find(name);
  return field == nullptr ? Result<float>(otherwise) : RealOf(*field);
}

Result<bool> Param::Flag(std::string_view name, bool otherwise) const {
  const TextField* const field = Find(name);
  return field == nullptr ? Result<bool>(otherwise) : FlagOf(*field);
}

Result<int32_t> Param::Choice(std::string_view name,
                              std::span<const std::string_view> names,
                              int32_t otherwise,
                              int32_t first) const {
  const TextField* const field = Find(name);
  if (field == nullptr) {
    return otherwise;
  }
  for (size_t i = 0; !field->quoted && !field->message && i < names.size(); ++i) {
    const auto number = first + static_cast<int32_t>(i);
    if (field->value == names[i] || field->value == std::to_string(number)) {
      return number;
    }
  }
  return InvalidArgumentError(AtLine(field->line) + std::string(name) + " has the unknown value '" +
                              EscapeForDisplay(field->value) + "'")
      .WithHint("it takes " + Join({names.begin(), names.end()}, ", "));
}

Result<std::vector<int64_t>> Param::Integers(std::string_view name) const {
  std::vector<int64_t> values;
  if (message_ == nullptr) {
    return values;
  }
  for (const TextField* const field : message_->All(name)) {
    PLUMB_ASSIGN_OR_RETURN(const int64_t value, IntegerOf(*field));
    values.push_back(value);
  }
  return values;
}

Result<std::vector<float>> Param::Reals(std::string_view name) const {
  std::vector<float> values;
  if (message_ == nullptr) {
    return values;
  }
  for (const TextField* const field : message_->All(name)) {
    PLUMB_ASSIGN_OR_RETURN(const float value, RealOf(*field));
    values.push_back(value);
  }
  return values;
}

Result<const TextMessage*> Param::Message(std::string_view name) const {
  const TextField* const field = Find(name);
  return field == nullptr ? Result<const TextMessage*>(nullptr) : MessageOf(*field);
}

Status LayerView::NeedBottoms(size_t count) const {
  if (bottoms_.size() != count) {
    return InvalidArgumentError("has " + std::to_string(bottoms_.size()) + " bottoms instead of " +
                                std::to_string(count));
  }
  return OkStatus();
}

Status LayerView::NeedPicture() const {
  if (bottom().shape.rank() != 4) {
    return InvalidArgumentError("needs a picture [N, C, H, W], but '" +
                                EscapeForDisplay(bottom().name) + "' is " +
                                bottom().shape.ToString());
  }
  return OkStatus();
}

Result<Param> LayerView::Read(std::string_view name) const {
  const auto fields = layer_.body.All(name);
  if (fields.empty()) {
    return Param();
  }
  if (fields.size() > 1) {
    return InvalidArgumentError(AtLine(fields[1]->line) + "has a second " + std::string(name));
  }
  PLUMB_ASSIGN_OR_RETURN(const TextMessage* const message, MessageOf(*fields[0]));
  PLUMB_RETURN_IF_ERROR(CheckFields(name, *message));
  return Param(message);
}

Result<Blob*> LayerView::Weight(size_t index, uint64_t elements) const {
  if (index >= blobs_.size()) {
    return InvalidArgumentError("needs " + std::to_string(index + 1) +
                                " weight blobs, but the caffemodel has " +
                                std::to_string(blobs_.size()) + " for it");
  }
  Blob& blob = blobs_[index];
  if (blob.shape.element_count() != elements || blob.values.size() != elements) {
    return InvalidArgumentError("needs " + std::to_string(elements) + " numbers in weight blob " +
                                std::to_string(index) + ", which is " + blob.shape.ToString())
        .WithHint("check that prototxt and caffemodel belong together");
  }
  return &blob;
}

Status LayerView::Make(Layout layout,
                       OpKind kind,
                       std::vector<uint32_t> inputs,
                       GraphOpAttributes attributes,
                       const Shape& declared) const {
  PLUMB_ASSIGN_OR_RETURN(
      const uint32_t tensor,
      builder_.Emit(top(), kind, std::move(inputs), std::move(attributes), declared));
  return builder_.Define(top(), tensor, layout);
}

Result<uint32_t> LayerView::Step(std::string_view suffix,
                                 OpKind kind,
                                 std::vector<uint32_t> inputs,
                                 GraphOpAttributes attributes,
                                 const Shape& declared) const {
  return builder_.Emit(
      builder_.NewName(top(), suffix), kind, std::move(inputs), std::move(attributes), declared);
}

Result<uint32_t> LayerView::Scalar(std::string_view suffix, float value) const {
  return Constant(suffix, Shape{1}, {value});
}

Result<uint32_t> LayerView::Constant(std::string_view suffix,
                                     const Shape& shape,
                                     std::vector<float> values) const {
  return builder_.AddConstant(builder_.NewName(top(), suffix), shape, std::move(values));
}

Status LayerView::MakeCopies() const {
  PLUMB_ASSIGN_OR_RETURN(const Operand x, Take(*this, bottom()));
  const Shape shape = builder_.ShapeOf(x.tensor);
  for (const std::string& name : tops_) {
    PLUMB_ASSIGN_OR_RETURN(const uint32_t copy,
                           builder_.Emit(name, OpKind::kReshape, {x.tensor}, {}, shape));
    PLUMB_RETURN_IF_ERROR(builder_.Define(name, copy, x.layout));
  }
  return OkStatus();
}

Result<Operand> Take(const LayerView& layer, Value& value) {
  PLUMB_ASSIGN_OR_RETURN(const uint32_t tensor, layer.graph().Use(value, value.home));
  return Operand{value.home, tensor};
}

ConvertLayer FindConverter(std::string_view type) {
  for (const std::span<const NamedConverter> table : Tables()) {
    for (const NamedConverter& converter : table) {
      if (converter.type == type) {
        return converter.convert;
      }
    }
  }
  return nullptr;
}

std::string_view WhyNot(std::string_view type) {
  for (const Reason& reason : kReasons) {
    if (reason.type == type) {
      return reason.why;
    }
  }
  return {};
}

std::vector<std::string> SupportedTypes() {
  std::vector<std::string> names = {"Input"};
  for (const std::span<const NamedConverter> table : Tables()) {
    for (const NamedConverter& converter : table) {
      names.emplace_back(converter.type);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace plumb::npu::caffe
