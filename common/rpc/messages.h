// The board service's messages as plain values, checked on the way in (board_convert.h). They know
// neither protobuf nor gRPC, so that agent/core and server/core can speak in them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/runner/runner.h"

namespace plumb::rpc {

// One try of one run.
struct RunKey {
  std::string run_id;
  uint32_t attempt = 1;

  friend bool operator==(const RunKey&, const RunKey&) = default;
};

struct Hello {
  uint32_t protocol_major = 0;
  uint32_t protocol_minor = 0;
  std::vector<std::string> capabilities;
  std::string instance_id;
  std::string board_name;
  std::vector<std::string> tags;
  std::string family;
  std::string abi;
  std::string agent_version;
  std::optional<RunKey> current_run;
};

struct Welcome {
  uint32_t protocol_major = 0;
  uint32_t protocol_minor = 0;
  std::string server_version;
  std::vector<std::string> capabilities;
};

// Which grant of a board a command belongs to: of two from one farm the one with the lower epoch is
// old, whatever the clocks say.
struct Fence {
  std::string farm;  // 32 lower-case hexadecimal digits; empty: none
  uint64_t epoch = 0;
};

struct RunCommand {
  RunKey key;
  Fence fence;
  Artifact model;  // paths are empty: files are named by digest on the wire
  std::vector<Artifact> inputs;
  uint32_t repetitions = 1;
  bool probe = false;
  std::chrono::milliseconds invoke_timeout{30'000};
  std::chrono::milliseconds deadline{600'000};
  bool capture_inputs = false;  // what the application feeds is wanted before the model runs
};

struct CancelCommand {
  RunKey key;
  std::string message;
};

enum class RunPhase { kAccepted, kFetching, kRunning };

struct ProbeResult {
  std::vector<uint64_t> valid_digests;
  bool input_was_zero = false;
};

// TensorEnd of the runner and how many bytes were sent for it.
struct UploadedTensorEnd {
  TensorEnd end;
  uint64_t byte_size = 0;
};

struct RunEnd {
  Status status;
};

// A piece of an input that the application on the board fed.
struct InputChunk {
  uint32_t index = 0;
  uint64_t total_size = 0;  // of the whole input
  uint64_t offset = 0;
  Buffer bytes;

  [[nodiscard]] bool last() const { return offset + bytes.size() == total_size; }
};

// What carries a sequence number on an Upload stream.
using UploadEvent =
    std::variant<ModelInfo, ProbeResult, InvokeInfo, UploadedTensorEnd, RunEnd, InputChunk>;

struct TensorChunk {
  uint32_t repetition = 0;
  uint32_t index = 0;
  uint64_t offset = 0;
  Buffer bytes;
};

// Everything an Upload stream carries after begin.
struct NumberedEvent {
  uint64_t sequence = 0;  // ≥ 1
  UploadEvent event;
};

using UploadMessage = std::variant<NumberedEvent, TensorChunk>;

struct UploadBegin {
  std::string instance_id;
  RunKey key;
};

// What the server has taken for good: events up to `sequence`, and `offset` bytes of the output
// that ends next.
struct UploadPosition {
  uint64_t sequence = 0;
  uint64_t offset = 0;

  friend bool operator==(const UploadPosition&, const UploadPosition&) = default;
};

}  // namespace plumb::rpc
