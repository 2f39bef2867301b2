// Every door by which a tensor's descriptor comes in, so that a requirement is tested at each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plumb/v1/tensor.pb.h"

#include "common/base/status.h"
#include "common/ring/protocol.h"

namespace plumb::test {

// What a peer or a file says of a tensor; true as it stands.
struct Claim {
  std::string name = "scores";
  int element_type = 3;                    // INT16, in the wire's numbers
  uint32_t mi_format = 2;                  // the same in the board's
  std::string type_name = "s16";           // the same in files
  std::vector<int64_t> dims = {1, 7, 13};  // 7 rows of 26 valid bytes
  uint32_t inner_stride = 32;
  uint64_t aligned_size = 256;
  uint64_t payload_size = 224;
  float scale = 0.25F;
};

struct Door {
  std::string name;
  std::function<Status(const Claim& claim)> take;
};

// Agent to server and server to client (TensorDesc), child to parent (the ring's record), file to
// reader (recording.json).
const std::vector<Door>& Doors();

// All of them refuse `claim` as kInvalidArgument, and with something to read.
void ExpectRefusedEverywhere(const Claim& claim, const std::string& what);
void ExpectTakenEverywhere(const Claim& claim, const std::string& what);

v1::TensorDesc ToWire(const Claim& claim);
ring::TensorRecord ToRecord(const Claim& claim);
// A whole recording.json with one output.
std::string ToRecordingJson(const Claim& claim);

}  // namespace plumb::test
