#include "common/tensor/npy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "common/base/text.h"

namespace plumb {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeader = 64 * 1024;
constexpr size_t kAlignment = 64;

constexpr std::array<std::pair<std::string_view, ElementType>, 11> kTypes = {
    {{"<f4", ElementType::kFloat32},
     {"<f8", ElementType::kFloat64},
     {"<f2", ElementType::kFloat16},
     {"|u1", ElementType::kUint8},
     {"|i1", ElementType::kInt8},
     {"<i2", ElementType::kInt16},
     {"<u2", ElementType::kUint16},
     {"<i4", ElementType::kInt32},
     {"<i8", ElementType::kInt64},
     {"|b1", ElementType::kBool},
     {"<c8", ElementType::kComplex64}}};

Status Bad(const std::string& what) {
  return InvalidArgumentError("not a usable .npy file: " + what);
}

// The header is a Python dictionary of three known keys; nothing else of Python is understood.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Status Parse() {
    if (!Take('{')) {
      return Bad("its header is no dictionary");
    }
    while (!Take('}')) {
      const auto key = TakeString();
      if (!key || !Take(':')) {
        return Bad("its header is broken");
      }
      PLUMB_RETURN_IF_ERROR(ParseValue(*key));
      if (!Take(',') && Peek() != '}') {
        return Bad("its header is broken");
      }
    }
    if (!descr || !fortran_order || !shape || !Trim(text_.substr(position_)).empty()) {
      return Bad("its header must have descr, fortran_order and shape, each once");
    }
    return OkStatus();
  }

  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> shape;

 private:
  char Peek() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) {
      ++position_;
    }
    return position_ < text_.size() ? text_[position_] : '\0';
  }

  bool Take(char wanted) {
    if (Peek() != wanted || position_ >= text_.size()) {
      return false;
    }
    ++position_;
    return true;
  }

  bool TakeWord(std::string_view word) {
    if (Peek() == '\0' || !text_.substr(position_).starts_with(word)) {
      return false;
    }
    position_ += word.size();
    return true;
  }

  std::optional<std::string> TakeString() {
    const char quote = Peek();
    if ((quote != '\'' && quote != '"') || !Take(quote)) {
      return std::nullopt;
    }
    const size_t end = text_.find(quote, position_);
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    std::string value(text_.substr(position_, end - position_));
    position_ = end + 1;
    return value;
  }

  std::optional<int64_t> TakeInt() {
    Peek();
    size_t end = position_;
    while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') {
      ++end;
    }
    const auto value = ParseInt(text_.substr(position_, end - position_));
    position_ = end;
    return value;
  }

  Status ParseShape() {
    std::vector<int64_t> dims;
    if (!Take('(')) {
      return Bad("its shape is no tuple");
    }
    while (!Take(')')) {
      const auto dim = TakeInt();
      if (!dim || dims.size() > Shape::kMaxRank || (!Take(',') && Peek() != ')')) {
        return Bad("its shape is broken");
      }
      dims.push_back(*dim);
    }
    shape = std::move(dims);
    return OkStatus();
  }

  Status ParseValue(const std::string& key) {
    if (key == "descr" && !descr) {
      descr = TakeString();
      return descr ? OkStatus() : Bad("it holds records, not plain numbers");
    }
    if (key == "fortran_order" && !fortran_order) {
      fortran_order = TakeWord("True");
      return *fortran_order || TakeWord("False") ? OkStatus() : Bad("its header is broken");
    }
    if (key == "shape" && !shape) {
      return ParseShape();
    }
    return Bad("its header has an unknown or repeated key '" + EscapeForDisplay(key) + "'");
  }

  std::string_view text_;
  size_t position_ = 0;
};

struct Parts {
  std::string_view header;
  size_t data_begin = 0;
};

Result<Parts> SplitHeader(const Buffer& bytes) {
  const std::string_view text = bytes.view();
  if (!text.starts_with(kMagic) || text.size() < kMagic.size() + 2) {
    return Bad("it does not begin with \\x93NUMPY and a version");
  }
  const auto byte = [&](size_t at) { return static_cast<size_t>(bytes.data()[at]); };
  const size_t version = byte(6);
  if (version < 1 || version > 3) {
    return Bad("its format version " + std::to_string(version) + " is unknown");
  }
  const size_t length_size = version == 1 ? 2 : 4;
  const size_t begin = kMagic.size() + 2 + length_size;
  if (text.size() < begin) {
    return Bad("it ends within its header");
  }
  size_t length = 0;
  for (size_t i = 0; i < length_size; ++i) {
    length |= byte(kMagic.size() + 2 + i) << (8 * i);
  }
  if (length > kMaxHeader) {
    return Bad("its header of " + std::to_string(length) + " bytes is too long");
  }
  if (text.size() - begin < length) {
    return Bad("it ends within its header");
  }
  return Parts{text.substr(begin, length), begin + length};
}

Result<ElementType> TypeOf(const std::string& descr) {
  for (const auto& [code, type] : kTypes) {
    // '=' is the writer's own order; everything that plumb runs on is little-endian.
    if (code == descr || (descr.starts_with('=') && code.substr(1) == descr.substr(1)) ||
        (code.starts_with('|') && descr.starts_with('<') && code.substr(1) == descr.substr(1))) {
      return type;
    }
  }
  if (descr.starts_with('>')) {
    return Bad("its elements are big-endian").WithHint("save a.astype(a.dtype.newbyteorder('<'))");
  }
  return Bad("its element type '" + EscapeForDisplay(descr) + "' is not supported")
      .WithHint("save a.astype(np.float32), or another of f16 f32 f64 s8 u8 s16 u16 s32 s64 bool");
}

// With at most one dimension above 1 both orders are the same bytes.
bool OrderMatters(const Shape& shape) {
  const auto dims = shape.dims();
  return std::count_if(dims.begin(), dims.end(), [](int64_t dim) { return dim > 1; }) > 1;
}

std::string HeaderText(std::string_view descr, const Shape& shape) {
  std::string text = "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (";
  for (const int64_t dim : shape.dims()) {
    text += std::to_string(dim) + ", ";
  }
  if (shape.rank() > 1) {
    text.resize(text.size() - 2);
  } else if (shape.rank() == 1) {
    text.resize(text.size() - 1);
  }
  text += "), }";
  const size_t used = kMagic.size() + 4 + text.size() + 1;
  text.append((kAlignment - used % kAlignment) % kAlignment, ' ');
  return text + "\n";
}

}  // namespace

bool IsNpy(const Buffer& bytes) {
  return bytes.view().starts_with(kMagic);
}

Result<Tensor> ParseNpy(std::string name, const Buffer& bytes) {
  PLUMB_ASSIGN_OR_RETURN(const Parts parts, SplitHeader(bytes));
  HeaderParser header(parts.header);
  PLUMB_RETURN_IF_ERROR(header.Parse());
  PLUMB_ASSIGN_OR_RETURN(const ElementType type, TypeOf(*header.descr));
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(*header.shape));
  if (*header.fortran_order && OrderMatters(shape)) {
    return Bad("it is in Fortran order").WithHint("save np.ascontiguousarray(a)");
  }
  Tensor tensor;
  PLUMB_ASSIGN_OR_RETURN(tensor.desc, MakeContiguousDesc(std::move(name), type, shape));
  const uint64_t there = bytes.size() - parts.data_begin;
  if (there != tensor.desc.aligned_size) {
    return Bad("it has " + std::to_string(there) + " bytes of data, its shape needs " +
               std::to_string(tensor.desc.aligned_size));
  }
  tensor.bytes = bytes.Slice(parts.data_begin, there);
  return tensor;
}

Result<std::vector<uint8_t>> SerializeNpy(const Tensor& tensor) {
  PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(tensor.desc));
  const auto* found = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& entry) {
    return entry.second == tensor.desc.element_type;
  });
  if (found == kTypes.end() || tensor.bytes.size() < region.extent()) {
    return InvalidArgumentError("tensor '" + EscapeForDisplay(tensor.desc.name) +
                                "' cannot be written as .npy");
  }
  const std::string header = HeaderText(found->first, tensor.desc.shape);
  std::vector<uint8_t> bytes(kMagic.begin(), kMagic.end());
  bytes.reserve(kMagic.size() + 4 + header.size() + region.valid_size());
  bytes.insert(bytes.end(),
               {1,
                0,
                static_cast<uint8_t>(header.size() & 0xFFU),
                static_cast<uint8_t>(header.size() >> 8U)});
  bytes.insert(bytes.end(), header.begin(), header.end());
  for (uint64_t row = 0; row < region.rows; ++row) {
    const uint8_t* begin = tensor.bytes.data() + row * region.row_pitch;
    bytes.insert(bytes.end(), begin, begin + region.row_size);
  }
  return bytes;
}

}  // namespace plumb
