// The numbers both ends of the wire agree on (docs/formats/wire.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/runner/limits.h"

namespace plumb::rpc {

constexpr uint32_t kProtocolMajor = 1;
constexpr uint32_t kProtocolMinor = 0;

constexpr size_t kChunkSize = size_t{256} * 1024;
constexpr int kMaxMessageSize = 2 * 1024 * 1024;
constexpr uint64_t kAckInterval = uint64_t{4}
                                  << 20;  // bytes of chunks between two acknowledgements

constexpr uint64_t kMaxArtifactSize = uint64_t{4} << 30;
constexpr uint64_t kMaxTensorBytes = kMaxModelTensorBytes;
constexpr uint64_t kMaxOutputBytes = kMaxModelOutputBytes;
constexpr uint64_t kMaxInputBytes = uint64_t{4} << 30;  // all inputs of a run

// What an application's capture of an input of so many bytes may have: a wrong element type, wrong
// alignment or a whole frame of the sensor is an answer, a disk full of anything is not.
constexpr uint64_t MaxCapturedSize(uint64_t input_size) {
  return 8 * input_size + (uint64_t{1} << 20);
}

// Among an agent's capabilities: it gives what its application feeds.
constexpr std::string_view kCaptureInputs = "capture-inputs";

constexpr uint64_t kMaxReportSize = uint64_t{64} << 20;
constexpr int kMaxTensors = kMaxModelTensors;
constexpr int kMaxTags = 32;
constexpr size_t kMaxTagBytes = 512;  // all tags of a board: the list of boards is one message
constexpr int kMaxCapabilities = 64;
constexpr int kMaxArtifactsAsked = 1024;
constexpr uint32_t kMaxRepetitions = 10'000;
constexpr uint32_t kMaxDurationMs = 86'400'000;
constexpr size_t kMaxTextSize = 4096;        // messages and hints inside messages
constexpr size_t kMaxStatusTextSize = 1024;  // the same in a call's status: headers hold 8 KiB
constexpr size_t kMaxListedTextSize = 512;   // the same in a list of runs, which is one message
constexpr size_t kMaxReasonSize = 64;

constexpr std::chrono::milliseconds kKeepaliveTime{10'000};
constexpr std::chrono::milliseconds kKeepaliveTimeout{5'000};
// How long a broken upload may stay broken: the agent tries, and the server waits, this long.
constexpr std::chrono::milliseconds kResumeWindow{5'000};
// A stream on which nothing moves for this long although something should is taken for broken.
constexpr std::chrono::milliseconds kStallTimeout{30'000};
// What must move within kStallTimeout of a row of bytes, unless less is left of it: a peer that
// sends or reads byte by byte is no better than one that does nothing.
constexpr uint64_t kLeastProgress = uint64_t{64} << 10;

}  // namespace plumb::rpc
