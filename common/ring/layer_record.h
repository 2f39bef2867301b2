// What plumb-virtual-tap writes to its parent, who has given it a pipe: layer after layer while the
// virtual IPU computes, then the outputs as the vendor's interface delivered them, then kDone. A
// stream that ends without kDone or kError ended with its writer.
//
// Each record is this struct and `byte_size` bytes behind it. Plain fixed sizes; the reader checks
// every one of them against the model it sent.
#pragma once

#include <cstdint>

#include "common/ring/protocol.h"

namespace plumb::ring {

constexpr int kTapFd = 3;  // in the child
constexpr uint32_t kTapMagic = 0x50415450;
constexpr uint32_t kMaxTapMessage = 4096;

enum class TapKind : uint32_t {
  kLayer = 1,   // int16 stored values of one layer, as the tap shows them
  kOutput = 2,  // the bytes of an output's buffer, aligned_size of them; the canary (canary.h)
                // where nothing was written
  kDone = 3,    // no bytes
  kError = 4,   // text: what went wrong, then after a '\n' how to mend it
};

struct TapRecord {
  uint32_t magic;
  TapKind kind;
  uint64_t byte_size;
  TensorRecord tensor;  // of kLayer and kOutput; a layer's name is cut to fit
};

static_assert(sizeof(TapRecord) == 376, "a record without padding");

}  // namespace plumb::ring
