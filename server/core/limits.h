// What a server takes on at once, so that no peer can use it up. The reasons for the numbers and
// what a refused peer is told: SECURITY.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/status.h"
#include "common/rpc/limits.h"

namespace plumb::server {

// The defaults are the product's; tests take smaller ones.
struct ServerLimits {
  size_t boards = 1024;
  // Open gRPC streams by kind, whatever connection they come on. Control streams: those that have
  // not said hello yet included.
  size_t session_streams = 1088;
  size_t upload_streams = 256;
  size_t artifact_uploads = 32;  // PutArtifact
  size_t artifact_reads = 256;   // ReadArtifact
  size_t report_reads = 64;      // GetReport
  size_t watch_streams = 512;    // WatchRun

  size_t queued_runs = 256;
  size_t running_runs = 64;  // each has three threads and a simulator
  size_t watchers_per_run = 256;
  size_t recent_runs = 64;  // finished runs whose details stay in memory

  // Until the first message of a Session or Upload.
  std::chrono::milliseconds first_message{10'000};
  // Until a board answers a run command; the protocol asks for one second.
  std::chrono::milliseconds accept{10'000};
  // A peer must move `least_progress` bytes, or what is left, within this while the other side
  // waits for it.
  std::chrono::milliseconds stall = rpc::kStallTimeout;
  uint64_t least_progress = rpc::kLeastProgress;
};

// The least that a simulator gets for one Invoke; the run's deadline ends it all the same.
constexpr std::chrono::milliseconds kSimulatorInvokeTimeout{600'000};

// kResourceExhausted with kReasonLimit: "this server takes at most 32 uploads at once".
Status LimitReached(const std::string& what, size_t limit, std::string_view hint);

}  // namespace plumb::server
