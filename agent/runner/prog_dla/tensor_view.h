// One output buffer as the vendor's board tool reads it: rows without padding, real values. C++14.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/ring/protocol.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Where the valid bytes of a tensor are.
struct TensorRows {
  uint64_t rows = 0;
  uint64_t row_size = 0;   // bytes
  uint64_t row_pitch = 0;  // bytes
  uint32_t element_size = 0;
};

// False when the descriptor cannot be: rank, sizes, stride, or an element format that is no number.
// `complaint` says which. The library is not believed: nothing is read before this is true.
bool FindRows(const ring::TensorRecord& record, TensorRows* rows, std::string* complaint);

// "scores", or "output 3" for a tensor without a name; control characters become '_'.
std::string TensorName(const ring::TensorRecord& record, const char* role);

// U8, INT16, …
const char* MiFormatName(uint32_t mi_format);

// The text of one output: docs/formats/simulator-text.md. `data` holds record.aligned_size bytes.
void AppendText(const ring::TensorRecord& record,
                const TensorRows& rows,
                const uint8_t* data,
                std::string* text);

// The vendor's "All outputs XOR": byte i of all valid bytes in order goes into lane i mod 4.
class OutputXor {
 public:
  void Add(const TensorRows& rows, const uint8_t* data);

  uint32_t value() const { return value_; }

 private:
  uint32_t value_ = 0;
  uint64_t count_ = 0;
};

}  // namespace mi
}  // namespace plumb
