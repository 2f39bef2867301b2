// BoardService in this process: says what a test tells it to, breaks where a test wants it to.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "plumb/v1/board_service.grpc.pb.h"

#include "common/rpc/messages.h"
#include "common/rpc/upload_tracker.h"

namespace plumb::agent::test {

// What one Upload stream does after so many messages.
struct StreamFault {
  size_t after = 0;
  enum class Kind { kBreak, kStall, kRefuse } kind = Kind::kBreak;
};

class FakeBoardServer final : public v1::BoardService::Service {
 public:
  static constexpr std::chrono::seconds kPatience{20};

  // "127.0.0.1:0" or "unix:PATH".
  explicit FakeBoardServer(const std::string& address, rpc::UploadExpectation expectation = {});
  ~FakeBoardServer() override;

  // What to dial.
  [[nodiscard]] const std::string& address() const { return address_; }

  // Ends every call and the listener.
  void Shutdown();

  // Settings; before anyone dials.
  uint32_t protocol_major = 1;
  std::vector<StreamFault> upload_faults;    // by stream, in order
  std::map<std::string, std::string> files;  // content by digest
  size_t break_read_after = 0;               // chunks of the first ReadArtifact; 0: never
  bool damage_chunks = false;
  bool dribble = false;  // every ReadArtifact gives one byte and then nothing
  bool boast = false;    // acknowledges events that were never sent
  bool refuse_name = false;

  // Sends on every open control stream, or on the next one.
  void Command(const v1::SessionResponse& response);

  // Waits for something to be true of what was seen.
  template <class Predicate>
  bool WaitUntil(Predicate predicate) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, predicate);
  }

  // What was seen; under WaitUntil, or after Shutdown().
  std::vector<v1::Hello> hellos;
  std::vector<v1::RunFailed> failures;
  std::vector<v1::RunPhase> phases;
  std::map<std::pair<uint32_t, uint32_t>, std::vector<uint8_t>> outputs;
  std::optional<Status> run_end;
  Status violation;
  size_t upload_streams = 0;
  size_t acknowledgements = 0;
  std::vector<uint64_t> read_offsets;
  std::string session_peer;
  std::string upload_peer;
  std::string upload_instance;

  grpc::Status Session(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::SessionResponse, v1::SessionRequest>* stream) override;
  grpc::Status Upload(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::UploadResponse, v1::UploadRequest>* stream) override;
  grpc::Status ReadArtifact(grpc::ServerContext* context,
                            const v1::ReadArtifactRequest* request,
                            grpc::ServerWriter<v1::ReadArtifactResponse>* writer) override;

 private:
  using UploadServerStream = grpc::ServerReaderWriter<v1::UploadResponse, v1::UploadRequest>;

  void NoteSessionRequest(const v1::SessionRequest& request);
  void SendCommands(grpc::ServerReaderWriter<v1::SessionResponse, v1::SessionRequest>* stream,
                    const bool& over);
  grpc::Status Dribble(grpc::ServerContext* context,
                       uint64_t offset,
                       grpc::ServerWriter<v1::ReadArtifactResponse>* writer);
  std::optional<grpc::Status> ApplyFault(const std::optional<StreamFault>& fault, size_t taken);
  // False once the run has ended or something was out of order.
  Status Take(v1::UploadRequest& request);

  std::string address_;
  std::unique_ptr<grpc::Server> server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::SessionResponse> commands_;
  rpc::UploadTracker tracker_;
  bool down_ = false;
};

}  // namespace plumb::agent::test
