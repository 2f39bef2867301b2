// An input file of prog_dla_simulator into the chip's buffer. C++14.
#pragma once

#include <cstdint>
#include <string>

#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Fills `buffer` (record.aligned_size bytes) from `path`. DUMP_RAWDATA: its bytes as they are,
// payload ≤ size ≤ aligned size, the rest zero. RAWDATA_NHWC, RAWDATA_S16_NHWC: float32 values,
// quantised to clip(x / scale, ±32767) for INT16 inputs, each row at the tensor's stride. Other
// formats are pictures, which are made on the PC. kInputRefused says what is wrong.
ring::Outcome FillInput(const std::string& path,
                        const std::string& format,
                        const ring::TensorRecord& record,
                        uint8_t* buffer);

}  // namespace mi
}  // namespace plumb
