#include "agent/runner/prog_dla/input_file.h"

#include <sys/stat.h>

#include <cstdio>
#include <cstring>
#include <memory>

#include "agent/runner/prog_dla/format.h"
#include "agent/runner/prog_dla/tensor_view.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {
namespace {

using ring::ErrorKind;
using ring::Outcome;

constexpr uint32_t kInt16 = 2;
constexpr uint32_t kFp32 = 5;
constexpr uint32_t kNv12 = 1;
constexpr uint32_t kGray = 9;

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

using File = std::unique_ptr<std::FILE, Closer>;

Outcome Refuse(const std::string& path, const std::string& what, const char* hint) {
  return ring::Failure(
      ErrorKind::kInputRefused, Format("'%s' %s", path.c_str(), what.c_str()), hint);
}

// Bytes that a dump has at least.
uint64_t Payload(const ring::TensorRecord& record) {
  if (record.payload_size != 0) {
    return record.payload_size;
  }
  TensorRows rows;
  std::string ignored;
  const bool picture = record.mi_format == kNv12 || record.mi_format >= 7;
  if (!picture && FindRows(record, &rows, &ignored)) {
    return rows.rows == 0 ? 0 : (rows.rows - 1) * rows.row_pitch + rows.row_size;
  }
  if (record.rank < 3 || record.mi_format > kGray) {
    return record.aligned_size;
  }
  const uint64_t pixels = uint64_t{record.dims[record.rank - 3]} * record.dims[record.rank - 2];
  const uint64_t bytes = record.mi_format == kNv12   ? pixels / 2 * 3
                         : record.mi_format == kGray ? pixels
                                                     : pixels * 4;
  return bytes < record.aligned_size ? bytes : record.aligned_size;
}

Outcome FillDump(const std::string& path,
                 uint64_t size,
                 std::FILE* file,
                 const ring::TensorRecord& record,
                 uint8_t* buffer) {
  const uint64_t payload = Payload(record);
  if (size < payload || size > record.aligned_size) {
    return Refuse(path,
                  Format("has %llu bytes, but input '%s' takes %llu to %llu",
                         static_cast<unsigned long long>(size),
                         TensorName(record, "input").c_str(),
                         static_cast<unsigned long long>(payload),
                         static_cast<unsigned long long>(record.aligned_size)),
                  "dump it again with this very model: simulator.py … --dump_rawdata");
  }
  std::memset(buffer, 0, static_cast<size_t>(record.aligned_size));
  return std::fread(buffer, 1, static_cast<size_t>(size), file) == size
             ? Outcome()
             : Refuse(path, "cannot be read to its end", "check the card or the mount");
}

int16_t Quantise(float value, float scale) {
  const float q = value / (scale == 0 ? 1.0F : scale);
  if (!(q == q)) {
    return 0;
  }
  return static_cast<int16_t>(q > 32767.0F ? 32767.0F : (q < -32767.0F ? -32767.0F : q));
}

// One row of floats as the input stores them. False when the file ends before it does.
bool ReadRow(std::FILE* file,
             const ring::TensorRecord& record,
             uint32_t element_size,
             uint64_t count,
             uint8_t* out) {
  for (uint64_t i = 0; i < count; ++i, out += element_size) {
    float value = 0;
    if (std::fread(&value, sizeof value, 1, file) != 1) {
      return false;
    }
    if (record.mi_format == kInt16) {
      const int16_t q = Quantise(value, record.scale);
      std::memcpy(out, &q, sizeof q);
    } else {
      std::memcpy(out, &value, sizeof value);
    }
  }
  return true;
}

Outcome FillFloats(const std::string& path,
                   uint64_t size,
                   std::FILE* file,
                   const ring::TensorRecord& record,
                   uint8_t* buffer) {
  TensorRows rows;
  std::string complaint;
  const bool number = record.mi_format == kInt16 || record.mi_format == kFp32;
  if (!number || !FindRows(record, &rows, &complaint)) {
    return Refuse(path,
                  Format("is float32, but the input is %s", MiFormatName(record.mi_format)),
                  "give the input's own bytes with --format DUMP_RAWDATA");
  }
  const uint64_t per_row = rows.row_size / rows.element_size;
  const uint64_t wanted = rows.rows * per_row * sizeof(float);
  if (size != wanted) {
    return Refuse(path,
                  Format("has %llu bytes; as float32 the input has %llu",
                         static_cast<unsigned long long>(size),
                         static_cast<unsigned long long>(wanted)),
                  "write the input's values as float32, without padding");
  }
  std::memset(buffer, 0, static_cast<size_t>(record.aligned_size));
  for (uint64_t row = 0; row < rows.rows; ++row) {
    uint8_t* const out = buffer + row * rows.row_pitch;
    if (!ReadRow(file, record, rows.element_size, per_row, out)) {
      return Refuse(path, "cannot be read to its end", "check the card or the mount");
    }
  }
  return {};
}

}  // namespace

Outcome FillInput(const std::string& path,
                  const std::string& format,
                  const ring::TensorRecord& record,
                  uint8_t* buffer) {
  const bool dump = format == "DUMP_RAWDATA";
  const bool floats = format == "RAWDATA_NHWC" || format == "RAWDATA_S16_NHWC";
  if (!dump && !floats) {
    return Refuse(path,
                  Format("cannot be taken as '%s': pictures are not decoded here", format.c_str()),
                  "make the bytes on the PC (plumb input make, or simulator.py --dump_rawdata) and "
                  "give --format DUMP_RAWDATA");
  }

  struct stat info {};

  const File file(std::fopen(path.c_str(), "rb"));
  if (!file || fstat(fileno(file.get()), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Refuse(path, "cannot be opened as a file", "check -i");
  }
  const auto size = static_cast<uint64_t>(info.st_size);
  return dump ? FillDump(path, size, file.get(), record, buffer)
              : FillFloats(path, size, file.get(), record, buffer);
}

}  // namespace mi
}  // namespace plumb
