// The receiving process of bench_wire_stream: raw sockets, and the server's real upload path.
#pragma once

#include <cstdint>
#include <string>

namespace plumb::bench {

// Where uploaded bytes go.
enum class Sink : uint8_t {
  kDiscard,  // every check of the wire, then nothing
  kArchive,  // the run's archive: written, hashed, digested
};

constexpr uint64_t kOutputSize = uint64_t{512} << 20;
constexpr char kInstance[] = "0123456789abcdef0123456789abcdef";

// What the sender asks for over the control socket, and the answer: all of it has arrived.
struct Job {
  bool raw = false;
  Sink sink = Sink::kDiscard;
  uint32_t block = 0;   // of recv
  uint32_t number = 0;  // of the run
};

struct Ports {
  int raw = 0;
  int grpc = 0;
};

// Runs until the control socket ends. Sends Ports, then for each Job one byte when it is ready and
// one when everything has arrived. `folder`: for archives.
int ReceiveForEver(int control, const std::string& folder);

}  // namespace plumb::bench
