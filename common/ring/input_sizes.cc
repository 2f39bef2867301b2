#include "common/ring/input_sizes.h"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/checked.h"

namespace plumb {
namespace {

constexpr std::array<Family, 5> kFamilies = {
    Family::k1x, Family::kQ, Family::kS1, Family::kS3, Family::kS6};
constexpr uint64_t kSlip = 4;  // bytes by which a cut or a stray newline misses
constexpr uint64_t kNpyHeaderUnit = 64;
constexpr uint64_t kNpyHeaderMax = 256;
constexpr const char* kMakeAgain =
    "make the input for this very model: plumb input make --model M --image P";

bool IsOld(Family family) {
  return family == Family::k1x || family == Family::kQ;
}

std::optional<uint64_t> Product(std::optional<uint64_t> a, std::optional<uint64_t> b) {
  return a && b ? CheckedMul(*a, *b) : std::nullopt;
}

// "1.x", "1.x and Q", "S1, S3 and S6".
std::string Listed(const std::vector<Family>& families, const char* last) {
  std::string text;
  for (size_t i = 0; i < families.size(); ++i) {
    const bool final = i + 1 == families.size();
    text += i == 0 ? "" : final ? " " + std::string(last) + " " : ", ";
    text += FamilyName(families[i]);
  }
  return text;
}

// Families whose dump has this size; a buffer's whole size is a dump too.
std::vector<Family> FamiliesOfSize(const TensorDesc& desc, uint64_t size) {
  std::vector<Family> families;
  for (const Family family : kFamilies) {
    const auto dump = DumpSize(desc, family);
    if (dump && (size == *dump || size == CheckedAlignUp(*dump, kBufferAlignment))) {
      families.push_back(family);
    }
  }
  return families;
}

std::string Bytes(uint64_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

std::optional<SizeCause> Slipped(const TensorDesc& desc, uint64_t payload, uint64_t size) {
  if (size < payload && payload - size <= kSlip) {
    return SizeCause{Bytes(payload - size) + " too few: the file was cut short",
                     "copy or dump the file again and compare its SHA-256 on both sides"};
  }
  if (size > desc.aligned_size && size - desc.aligned_size <= kSlip) {
    return SizeCause{
        Bytes(size - desc.aligned_size) + " too many: something was appended, such as a newline",
        "write the bytes alone, in binary mode"};
  }
  return std::nullopt;
}

std::optional<SizeCause> NpyHeader(const TensorDesc& desc, uint64_t payload, uint64_t size) {
  if (size <= desc.aligned_size || (size - payload) % kNpyHeaderUnit != 0 ||
      size - payload > kNpyHeaderMax) {
    return std::nullopt;
  }
  return SizeCause{"that is the payload and a header of " + Bytes(size - payload) +
                       ": this looks like a .npy file",
                   "a dump has no header: write the array with tofile()"};
}

// The same shape with elements of another size, or a picture in another format.
std::optional<SizeCause> OtherFormat(const TensorDesc& desc, uint64_t size) {
  struct Candidate {
    ElementType type;
    const char* name;
  };

  static constexpr std::array<Candidate, 7> kCandidates = {{
      {ElementType::kUint8, "8-bit values (RGB or BGR pixels)"},
      {ElementType::kInt16, "INT16 values"},
      {ElementType::kFloat32, "FP32 values"},
      {ElementType::kFloat64, "64-bit floats"},
      {ElementType::kNv12, "a YUV_NV12 picture"},
      {ElementType::kArgb8888, "a BGRA or RGBA picture"},
      {ElementType::kGray, "a GRAY picture"},
  }};
  const bool pixels = desc.shape.rank() >= 3 && desc.shape.innermost() == 3;
  for (const Candidate& candidate : kCandidates) {
    if (candidate.type == desc.element_type || (IsPicture(candidate.type) && !pixels)) {
      continue;
    }
    TensorDesc other = desc;
    other.element_type = candidate.type;
    if (DumpSize(other, Family::kS6) == size) {
      return SizeCause{"this looks like " + std::string(candidate.name) + ", but the model takes " +
                           std::string(ElementTypeName(desc.element_type)),
                       kMakeAgain};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint64_t> PictureBytes(const TensorDesc& desc,
                                     uint64_t row_alignment,
                                     uint64_t height_alignment) {
  const size_t rank = desc.shape.rank();
  if (rank < 3) {
    return std::nullopt;
  }
  const bool wide =
      desc.element_type == ElementType::kArgb8888 || desc.element_type == ElementType::kAbgr8888;
  const auto width = static_cast<uint64_t>(desc.shape[rank - 2]);  // below 2^31
  const auto height = static_cast<uint64_t>(desc.shape[rank - 3]);
  std::optional<uint64_t> size = Product(CheckedAlignUp(wide ? width * 4 : width, row_alignment),
                                         CheckedAlignUp(height, height_alignment));
  if (desc.element_type == ElementType::kNv12) {
    size = size ? CheckedAdd(*size, *size / 2) : size;
  }
  for (size_t axis = 0; axis + 3 < rank; ++axis) {
    size = Product(size, static_cast<uint64_t>(desc.shape[axis]));
  }
  return size;
}

std::optional<uint64_t> DumpSize(const TensorDesc& desc, Family family) {
  const ElementType type = desc.element_type;
  if (IsOld(family) && (type == ElementType::kFloat32 || type == ElementType::kComplex64)) {
    return std::nullopt;
  }
  if (IsPicture(type)) {
    const bool wide = type == ElementType::kArgb8888 || type == ElementType::kAbgr8888;
    const uint64_t pair = type == ElementType::kNv12 ? 2 : 1;
    return IsOld(family) ? PictureBytes(desc, 16, wide ? 1 : 2) : PictureBytes(desc, pair, pair);
  }
  const auto innermost = static_cast<uint64_t>(desc.shape.innermost());
  return Product(
      desc.shape.row_count(),
      CheckedMul(RawInputInnermost(family, type, innermost), uint64_t{ElementSize(type)}));
}

std::string SizesOfFamilies(const TensorDesc& desc) {
  std::vector<std::pair<std::optional<uint64_t>, std::vector<Family>>> groups;
  for (const Family family : kFamilies) {
    const auto size = DumpSize(desc, family);
    if (groups.empty() || groups.back().first != size) {
      groups.push_back({size, {}});
    }
    groups.back().second.push_back(family);
  }
  std::string text;
  for (const auto& [size, families] : groups) {
    text += text.empty() ? "" : ", ";
    text += (size ? std::to_string(*size) : "none") + " in " + Listed(families, "and");
  }
  return text;
}

SizeCause LikelyCause(const TensorDesc& desc, uint64_t payload, uint64_t size) {
  if (size == 0) {
    return {"the file is empty", "what wrote it failed, or the disk is full: dump it again"};
  }
  const std::vector<Family> families = FamiliesOfSize(desc, size);
  if (!families.empty()) {
    const bool vowel = !IsOld(families.front());  // an S dump
    return {
        (vowel ? "this looks like an " : "this looks like a ") + Listed(families, "or") + " dump",
        "dump the input again with the offline model of this board's family"};
  }
  if (auto cause = OtherFormat(desc, size)) {
    return *std::move(cause);
  }
  if (auto cause = Slipped(desc, payload, size)) {
    return *std::move(cause);
  }
  if (auto cause = NpyHeader(desc, payload, size)) {
    return *std::move(cause);
  }
  if (payload > 0 && size % payload == 0) {
    return {"that is " + std::to_string(size / payload) + " inputs behind each other",
            "give one input a run, or compile the model with --batch"};
  }
  return {"", kMakeAgain};
}

}  // namespace plumb
