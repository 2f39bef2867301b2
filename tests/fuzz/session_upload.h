// One board's upload in the session fuzzer: what an honest board would send, bent as the input
// says.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plumb/v1/board_service.pb.h"

#include "server/core/remote_runner.h"
#include "tests/fuzz/fuzz.h"
#include "tests/server/core/fakes.h"

namespace plumb::fuzz {

// What the server took for good of a run's first repetition.
struct Taken {
  ModelInfo model;
  std::map<uint32_t, std::vector<uint8_t>> bytes;  // by output
  bool ended = false;
};

// What an honest board sends for `spec` with these outputs, begin left out.
std::vector<v1::UploadRequest> HonestUpload(const std::vector<Tensor>& outputs,
                                            const RunSpec& spec);

// True when what was taken is, valid byte for valid byte, what the reference gave.
bool SameOutputs(const Taken& taken, const std::vector<Tensor>& reference);

class Upload {
 public:
  Upload(std::shared_ptr<server::RemoteRunner> runner, std::vector<v1::UploadRequest> honest);
  // Every message must have been answered once by then: the run is over.
  void RequireAnswered() const;

  // Sends one message, as UploadStream does, and waits for its answer; `taken` gets what was
  // accepted. False once the stream is closed.
  bool Send(Input& input, Taken* taken);

 private:
  struct Answers;

  v1::UploadRequest Choose(Input& input);
  bool Deliver(rpc::UploadMessage message, Taken* taken);

  std::shared_ptr<server::RemoteRunner> runner_;
  std::vector<v1::UploadRequest> honest_;
  std::shared_ptr<Answers> answers_;
  size_t next_ = 0;
  uint64_t stream_ = 0;
  bool open_ = true;
};

}  // namespace plumb::fuzz
