#include "common/archive/desc_json.h"

#include <limits>
#include <string>

#include "common/base/text.h"

#include <nlohmann/json.hpp>

namespace plumb::archive {
namespace {

using Json = nlohmann::ordered_json;

Result<uint64_t> UintOr(const JsonReader& json,
                        std::string_view key,
                        uint64_t highest,
                        DescKeys keys,
                        uint64_t otherwise) {
  return keys == DescKeys::kEssential && !json.Has(key) ? Result<uint64_t>(otherwise)
                                                        : json.Uint(key, highest);
}

Status ReadTypeAndShape(const JsonReader& json, TensorDesc& desc) {
  PLUMB_ASSIGN_OR_RETURN(const std::string type_name, json.String("element_type"));
  const auto type = ParseElementType(type_name);
  if (!type && !type_name.empty()) {
    return json.Wrong("element_type", "one of the known element types");
  }
  desc.element_type = type.value_or(ElementType::kUnknown);
  PLUMB_ASSIGN_OR_RETURN(const auto dims, json.Ints("shape"));
  PLUMB_ASSIGN_OR_RETURN(desc.shape, Shape::Create(dims));
  return OkStatus();
}

Status ReadQuantisation(const JsonReader& json, DescKeys keys, TensorDesc& desc) {
  if (keys == DescKeys::kAll || json.Has("scale")) {
    PLUMB_ASSIGN_OR_RETURN(const double scale, json.Number("scale"));
    if (scale < 0 || scale > static_cast<double>(std::numeric_limits<float>::max())) {
      return json.Wrong("scale", "a number that a float holds, not negative");
    }
    desc.scale = static_cast<float>(scale);
  }
  if (keys == DescKeys::kAll || json.Has("zero_point")) {
    PLUMB_ASSIGN_OR_RETURN(desc.zero_point, json.Int("zero_point", INT64_MIN, INT64_MAX));
  }
  return OkStatus();
}

Status ReadLayout(const JsonReader& json, DescKeys keys, TensorDesc& desc) {
  if (keys == DescKeys::kEssential && !json.Has("layout")) {
    return OkStatus();
  }
  const auto layout = json.String("layout");
  if (!layout.ok()) {
    return layout.status();
  }
  const bool channels_first = *layout == "nchw";
  if (!channels_first && *layout != "nhwc") {
    return json.Wrong("layout", "nhwc or nchw");
  }
  desc.layout = channels_first ? Layout::kNchw : Layout::kNhwc;
  return OkStatus();
}

}  // namespace

Json DescToJson(const TensorDesc& desc) {
  Json json;
  json["name"] = JsonText(desc.name);
  json["element_type"] = ElementTypeName(desc.element_type);
  json["shape"] = Json::array();
  for (const int64_t dim : desc.shape.dims()) {
    json["shape"].push_back(dim);
  }
  json["inner_stride"] = desc.inner_stride;
  json["scale"] = static_cast<double>(desc.scale);
  json["zero_point"] = desc.zero_point;
  json["aligned_size"] = desc.aligned_size;
  json["payload_size"] = desc.payload_size;
  json["layout"] = desc.layout == Layout::kNchw ? "nchw" : "nhwc";
  json["width_alignment"] = desc.width_alignment;
  json["height_alignment"] = desc.height_alignment;
  return json;
}

Result<TensorDesc> DescFromJson(const JsonReader& json, DescKeys keys) {
  constexpr uint64_t kMax32 = std::numeric_limits<uint32_t>::max();
  TensorDesc desc;
  PLUMB_ASSIGN_OR_RETURN(desc.name, json.String("name"));
  if (!IsSafeName(desc.name)) {
    return json.Wrong("name", "1 to 255 bytes of text without control characters");
  }
  PLUMB_RETURN_IF_ERROR(ReadTypeAndShape(json, desc));
  PLUMB_RETURN_IF_ERROR(ReadQuantisation(json, keys, desc));
  PLUMB_RETURN_IF_ERROR(ReadLayout(json, keys, desc));
  PLUMB_ASSIGN_OR_RETURN(const uint64_t stride, UintOr(json, "inner_stride", kMax32, keys, 0));
  PLUMB_ASSIGN_OR_RETURN(const uint64_t width, UintOr(json, "width_alignment", kMax32, keys, 1));
  PLUMB_ASSIGN_OR_RETURN(const uint64_t height, UintOr(json, "height_alignment", kMax32, keys, 1));
  desc.inner_stride = static_cast<uint32_t>(stride);
  desc.width_alignment = static_cast<uint32_t>(width);
  desc.height_alignment = static_cast<uint32_t>(height);
  PLUMB_ASSIGN_OR_RETURN(desc.aligned_size, UintOr(json, "aligned_size", kMaxTensorSize, keys, 0));
  PLUMB_ASSIGN_OR_RETURN(desc.payload_size, UintOr(json, "payload_size", kMaxTensorSize, keys, 0));
  return desc;
}

}  // namespace plumb::archive
