#include "agent/runner/prog_dla/tensor_view.h"

#include <cstdio>
#include <cstring>

#include "agent/runner/prog_dla/format.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {
namespace {

// MI_IPU_ELEMENT_FORMAT (docs/formats/mi_ipu.md).
constexpr uint32_t kU8 = 0;
constexpr uint32_t kInt16 = 2;
constexpr uint32_t kInt32 = 3;
constexpr uint32_t kInt8 = 4;
constexpr uint32_t kFp32 = 5;

constexpr uint64_t kLargest = uint64_t{1} << 32;
constexpr int kNumbersPerLine = 16;

uint32_t ElementSizeOf(uint32_t mi_format) {
  switch (mi_format) {
    case kU8:
    case kInt8:
      return 1;
    case kInt16:
      return 2;
    case kInt32:
    case kFp32:
      return 4;
    default:
      return 0;
  }
}

template <class T>
T Load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// float · float, as the vendor's tool multiplies; 32-bit integers need a double's digits.
double RealValue(const ring::TensorRecord& record, const uint8_t* bytes) {
  int64_t q = 0;
  switch (record.mi_format) {
    case kFp32:
      return static_cast<double>(Load<float>(bytes));
    case kU8:
      q = *bytes;
      break;
    case kInt8:
      q = Load<int8_t>(bytes);  // NOLINT(bugprone-signed-char-misuse): a number
      break;
    case kInt16:
      q = Load<int16_t>(bytes);
      break;
    default:
      q = Load<int32_t>(bytes);
      break;
  }
  const float scale = record.scale == 0 ? 1.0F : record.scale;
  if (record.mi_format == kInt32) {
    return static_cast<double>(q - record.zero_point) * static_cast<double>(scale);
  }
  return static_cast<double>(static_cast<float>(q - record.zero_point) * scale);
}

}  // namespace

bool FindRows(const ring::TensorRecord& record, TensorRows* rows, std::string* complaint) {
  rows->element_size = ElementSizeOf(record.mi_format);
  if (rows->element_size == 0 || record.rank == 0 || record.rank > ring::kMaxRank) {
    *complaint = Format("has format %s and %u dimensions, which has no text",
                        MiFormatName(record.mi_format),
                        record.rank);
    return false;
  }
  rows->rows = 1;
  for (uint32_t axis = 0; axis + 1 < record.rank && rows->rows <= kLargest; ++axis) {
    rows->rows *= record.dims[axis];
  }
  rows->row_size = uint64_t{record.dims[record.rank - 1]} * rows->element_size;
  rows->row_pitch = record.inner_stride == 0 ? rows->row_size : record.inner_stride;
  const bool small = rows->rows <= kLargest && rows->row_size <= kLargest;
  const bool fits = small && rows->row_pitch >= rows->row_size &&
                    (rows->rows == 0 ||
                     (rows->rows - 1) * rows->row_pitch + rows->row_size <= record.aligned_size);
  if (!fits) {
    *complaint = Format("does not fit the buffer of %llu bytes that the library reports",
                        static_cast<unsigned long long>(record.aligned_size));
  }
  return fits;
}

std::string TensorName(const ring::TensorRecord& record, const char* role) {
  std::string name;
  for (size_t i = 0; i < sizeof record.name - 1 && record.name[i] != '\0'; ++i) {
    const auto c = static_cast<unsigned char>(record.name[i]);
    name += c < 0x20 || c == 0x7F ? '_' : record.name[i];
  }
  return name.empty() ? Format("%s %u", role, record.index) : name;
}

const char* MiFormatName(uint32_t mi_format) {
  static constexpr const char* kNames[] = {"U8",
                                           "NV12",
                                           "INT16",
                                           "INT32",
                                           "INT8",
                                           "FP32",
                                           "UNKNOWN",
                                           "ARGB8888",
                                           "ABGR8888",
                                           "GRAY",
                                           "COMPLEX64"};
  return mi_format < sizeof kNames / sizeof *kNames ? kNames[mi_format] : "UNKNOWN";
}

void AppendText(const ring::TensorRecord& record,
                const TensorRows& rows,
                const uint8_t* data,
                std::string* text) {
  *text += Format("%s Tensor:\n{\ntensor dim:%u,\tOriginal shape:[",
                  TensorName(record, "output").c_str(),
                  record.rank);
  for (uint32_t axis = 0; axis < record.rank; ++axis) {
    *text += Format("%u ", record.dims[axis]);
  }
  *text += "]\ntensor data:\n";
  uint64_t count = 0;
  for (uint64_t row = 0; row < rows.rows; ++row) {
    for (uint64_t at = 0; at < rows.row_size; at += rows.element_size) {
      char number[352];  // the largest float has 39 digits, a double 309
      const double value = RealValue(record, data + row * rows.row_pitch + at);
      std::snprintf(number, sizeof number, "%.6f", value);
      *text += count == 0 ? "" : (count % kNumbersPerLine == 0 ? "\n" : "  ");
      *text += number;
      ++count;
    }
  }
  *text += count == 0 ? "}\n\n" : "\n}\n\n";
}

void OutputXor::Add(const TensorRows& rows, const uint8_t* data) {
  for (uint64_t row = 0; row < rows.rows; ++row) {
    for (uint64_t at = 0; at < rows.row_size; ++at) {
      value_ ^= static_cast<uint32_t>(data[row * rows.row_pitch + at]) << (8 * (count_ % 4));
      ++count_;
    }
  }
}

}  // namespace mi
}  // namespace plumb
