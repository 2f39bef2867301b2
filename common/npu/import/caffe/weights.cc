#include "common/npu/import/caffe/weights.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/npu/import/constant.h"
#include "common/npu/import/wire.h"

namespace plumb::npu::caffe {
namespace {

using importing::WireField;
using importing::WireReader;
using importing::WireType;

constexpr uint32_t kOldLayers = 2;  // fields of NetParameter
constexpr uint32_t kLayer = 100;
constexpr size_t kMaxLayers = 65536;

struct BlobMessage {
  std::vector<int64_t> dims;
  std::vector<int64_t> old_dims;
  bool has_dims = false;
  bool has_old_dims = false;
  std::vector<float> values;
};

class Reader {
 public:
  Result<Weights> Read(std::span<const uint8_t> file);

 private:
  Status ReadLayer(const WireField& field, bool old);
  Result<Blob> ReadBlob(const WireField& field);
  Status ReadBlobField(const WireField& field, BlobMessage& blob);
  Status Spend(const WireField& field, size_t size);

  Weights weights_;
  size_t layers_ = 0;
  uint64_t budget_ = importing::kMaxConstantElements;
};

// BlobShape: its dimensions, packed or one by one.
Status ReadShape(const WireField& field, std::vector<int64_t>& dims) {
  constexpr size_t kLongest = 10 * Shape::kMaxRank;  // bytes of so many packed numbers
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
  WireReader reader(message);
  while (!reader.done()) {
    PLUMB_ASSIGN_OR_RETURN(const WireField part, reader.Next());
    if (part.number != 1) {
      continue;
    }
    if (part.bytes.size() > kLongest || dims.size() > Shape::kMaxRank) {
      return InvalidArgumentError("a blob has more than 10 dimensions");
    }
    PLUMB_RETURN_IF_ERROR(part.AppendIntegers(dims));
  }
  return OkStatus();
}

Status Reader::Spend(const WireField& field, size_t size) {
  const uint64_t elements = field.type == WireType::kBytes ? field.bytes.size() / size : 1;
  if (elements > budget_) {
    return ResourceExhaustedError("the weights have more than 2^28 elements");
  }
  budget_ -= elements;
  return OkStatus();
}

// BlobProto: num, channels, height and width are 1 to 4, data is 5, shape 7, double_data 8.
Status Reader::ReadBlobField(const WireField& field, BlobMessage& blob) {
  switch (field.number) {
    case 1:
    case 2:
    case 3:
    case 4: {
      PLUMB_ASSIGN_OR_RETURN(blob.old_dims[field.number - 1], field.Integer());
      blob.has_old_dims = true;
      return OkStatus();
    }
    case 5:
      PLUMB_RETURN_IF_ERROR(Spend(field, sizeof(float)));
      return field.AppendFloats(blob.values);
    case 7:
      blob.has_dims = true;
      return ReadShape(field, blob.dims);
    case 8:
      PLUMB_RETURN_IF_ERROR(Spend(field, sizeof(double)));
      return field.AppendDoubles(blob.values);
    default:
      return OkStatus();
  }
}

Result<Blob> Reader::ReadBlob(const WireField& field) {
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
  BlobMessage parts;
  parts.old_dims.resize(4, 0);
  WireReader reader(message);
  while (!reader.done()) {
    PLUMB_ASSIGN_OR_RETURN(const WireField part, reader.Next());
    PLUMB_RETURN_IF_ERROR(ReadBlobField(part, parts));
  }
  if (!parts.has_dims && !parts.has_old_dims) {
    parts.old_dims = {static_cast<int64_t>(parts.values.size())};
  }
  Blob blob;
  PLUMB_ASSIGN_OR_RETURN(blob.shape, Shape::Create(parts.has_dims ? parts.dims : parts.old_dims));
  if (blob.shape.element_count() != parts.values.size()) {
    return InvalidArgumentError("a blob of shape " + blob.shape.ToString() + " holds " +
                                std::to_string(parts.values.size()) + " numbers");
  }
  blob.values = std::move(parts.values);
  return blob;
}

// LayerParameter: name is 1, type 2, blobs 7. V1LayerParameter: name is 4, blobs 6; 1 holds the
// format before it.
Status Reader::ReadLayer(const WireField& field, bool old) {
  if (++layers_ > kMaxLayers) {
    return ResourceExhaustedError("the file has more than 65536 layers");
  }
  PLUMB_ASSIGN_OR_RETURN(const std::span<const uint8_t> message, field.Bytes());
  std::string name;
  LayerWeights layer;
  WireReader reader(message);
  while (!reader.done()) {
    PLUMB_ASSIGN_OR_RETURN(const WireField part, reader.Next());
    if (old && part.number == 1) {
      return UnimplementedError("the file is of Caffe's oldest format")
          .WithHint("convert it with upgrade_net_proto_binary of Caffe");
    }
    if (part.number == (old ? 4U : 1U)) {
      PLUMB_ASSIGN_OR_RETURN(name, part.Text());
    } else if (!old && part.number == 2) {
      PLUMB_ASSIGN_OR_RETURN(layer.type, part.Text());
    } else if (part.number == (old ? 6U : 7U)) {
      PLUMB_ASSIGN_OR_RETURN(Blob blob, ReadBlob(part));
      layer.blobs.push_back(std::move(blob));
    }
  }
  weights_.insert_or_assign(std::move(name), std::move(layer));
  return OkStatus();
}

Result<Weights> Reader::Read(std::span<const uint8_t> file) {
  WireReader reader(file);
  while (!reader.done()) {
    PLUMB_ASSIGN_OR_RETURN(const WireField field, reader.Next());
    if (field.number == kLayer || field.number == kOldLayers) {
      PLUMB_RETURN_IF_ERROR(ReadLayer(field, field.number == kOldLayers)
                                .Annotate("layer " + std::to_string(layers_)));
    }
  }
  if (layers_ == 0) {
    return InvalidArgumentError("the file has no layers");
  }
  return std::move(weights_);
}

}  // namespace

Result<Weights> ReadWeights(std::span<const uint8_t> file) {
  return Reader().Read(file);
}

// A name, then layers, of which each begins with its own name or, in old files, anyhow.
bool BeginsAsWeights(std::span<const uint8_t> file) {
  constexpr uint8_t kNameTag = 0x0A;
  constexpr std::array<uint8_t, 2> kLayerTag = {0xA2, 0x06};
  WireReader reader(file);
  if (!file.empty() && file.front() == kNameTag && !reader.Next().ok()) {
    return false;
  }
  const std::span<const uint8_t> rest = reader.rest();
  if (rest.size() > kLayerTag.size() &&
      std::equal(kLayerTag.begin(), kLayerTag.end(), rest.begin())) {
    return true;
  }
  const auto field = reader.Next();
  return field.ok() && field->number == kOldLayers && field->type == WireType::kBytes;
}

}  // namespace plumb::npu::caffe
