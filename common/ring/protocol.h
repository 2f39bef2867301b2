// The ring protocol: how a Runner in this process drives a child process that owns the model.
//
// Two descriptors join them: a SOCK_SEQPACKET pair (kControlFd in the child) for the messages below
// and a shared memory ring (kRingFd) of kSlotCount slots for tensor bytes. The host asks, the child
// answers each request with exactly one message (kLoad: with every kTensor first), in order:
//
//   kHello → kHelloReply            kLoad → kTensor… kLoaded        kClearInputs → kInputsCleared
//   kFillInput → kInputFilled       kInvoke → kInvoked              kReadOutput → kOutputReady
//
// Instead of its answer the child may send kError; after that only the end of the child follows.
// Several kFillInput or kReadOutput may be on their way, one per slot. A request's slot belongs to
// the child until its answer. End of file on the socket ends the child.
//
// Plain C++14 with fixed sizes and no padding, so that old toolchains compile it and a 32-bit child
// understands a 64-bit host; every machine it runs on is little-endian. Neither side trusts the
// other: sizes, counts, indices and slots are checked by the one that uses them.
#pragma once

#include <cstddef>
#include <cstdint>

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace ring {

constexpr uint32_t kMagic = 0x474E5250;  // "PRNG" in memory
constexpr uint32_t kVersion = 2;
constexpr int kControlFd = 3;
constexpr int kRingFd = 4;

constexpr uint32_t kSlotSize = 256 * 1024;
constexpr uint32_t kSlotCount = 4;
constexpr uint32_t kRingSize = kSlotSize * kSlotCount;

constexpr uint32_t kMaxTensors = 61;    // inputs, and outputs: the largest any generation allows
constexpr uint32_t kMaxRank = 10;       // likewise
constexpr uint32_t kMaxName = 256;      // with its final NUL
constexpr uint32_t kMaxPath = 4096;     // likewise
constexpr uint32_t kMaxMessage = 8192;  // header and body

enum class MessageType : uint32_t {
  kHello = 1,
  kHelloReply = 2,
  kLoad = 3,
  kTensor = 4,
  kLoaded = 5,
  kClearInputs = 6,
  kInputsCleared = 7,
  kFillInput = 8,
  kInputFilled = 9,
  kInvoke = 10,
  kInvoked = 11,
  kReadOutput = 12,
  kOutputReady = 13,
  kError = 14,
};

// Before every body; `body_size` must equal what follows.
struct Header {
  MessageType type;
  uint32_t body_size;
};

// kHello and kHelloReply: both sides must agree on all of it.
struct Hello {
  uint32_t magic;
  uint32_t version;
  uint32_t slot_size;
  uint32_t slot_count;
};

struct Load {
  char model_path[kMaxPath];
  char rounding_profile[64];  // "": the model's own; only simulators obey it
};

enum class TensorRole : uint32_t { kInput = 0, kOutput = 1 };

// kTensor: a descriptor as the runtime reported it (common/tensor/tensor_desc.h has the meaning).
struct TensorRecord {
  TensorRole role;
  uint32_t index;
  uint32_t mi_format;  // MI_IPU_ELEMENT_FORMAT
  uint32_t rank;
  uint32_t dims[kMaxRank];
  uint32_t inner_stride;
  float scale;
  int64_t zero_point;
  uint64_t aligned_size;
  uint64_t payload_size;  // 0: not reported
  uint32_t layout;
  uint32_t width_alignment;
  uint32_t height_alignment;
  uint32_t reserved;
  char name[kMaxName];
};

// kLoaded: how many kTensor went before, and the SDK or program that computes.
struct Loaded {
  uint32_t input_count;
  uint32_t output_count;
  char sdk[128];
};

// kFillInput, kReadOutput and, unchanged, their answers: `size` bytes at `offset` of tensor `index`
// from or to the start of ring slot `slot`.
struct Transfer {
  uint32_t index;
  uint32_t slot;
  uint64_t offset;
  uint32_t size;
  uint32_t reserved;
};

struct Invoked {
  uint64_t duration_ns;  // of the runtime's Invoke alone
  // What the chip itself tells of it (MI_IPU_RuntimeInfo_t); nothing but 0 unless has_costs is 1.
  uint64_t ipu_time_us;
  uint64_t bandwidth;
  uint64_t bandwidth_read;
  uint64_t bandwidth_write;
  uint32_t has_costs;
  uint32_t reserved;
};

enum class ErrorKind : uint32_t {
  kInternal = 0,
  kProtocol = 1,
  kRuntimeUnavailable = 2,
  kModelRefused = 3,
  kInputRefused = 4,
  kOutOfMemory = 5,
  kInvokeFailed = 6,
  kHung = 7,  // the runtime itself reports a time-out or a hang
  kUsage = 8,
};

struct Error {
  ErrorKind kind;
  uint32_t code;  // the runtime's number; 0: none
  char message[1024];
  char hint[512];
};

static_assert(sizeof(Header) == 8, "a header without padding");
static_assert(sizeof(Hello) == 16, "a body without padding");
static_assert(sizeof(Load) == 4160, "a body without padding");
static_assert(sizeof(TensorRecord) == 360, "a body without padding");
static_assert(sizeof(Loaded) == 136, "a body without padding");
static_assert(sizeof(Transfer) == 24, "a body without padding");
static_assert(sizeof(Invoked) == 48, "a body without padding");
static_assert(sizeof(Error) == 1544, "a body without padding");
static_assert(sizeof(Header) + sizeof(Load) <= kMaxMessage, "the largest message fits");

}  // namespace ring
}  // namespace plumb
