// BoardService.Upload: what one run produces on the board.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <grpcpp/support/byte_buffer.h>

#include "common/base/block_pool.h"
#include "common/rpc/messages.h"
#include "server/core/remote_runner.h"
#include "server/core/strand.h"
#include "server/rpc/strand_stream.h"

namespace plumb::server {

// Where uploads go; as the functions of RunManager. Called on the strand.
struct UploadPort {
  Strand* strand = nullptr;
  std::function<Result<std::shared_ptr<RemoteRunner>>(
      const rpc::UploadBegin& begin, uint64_t serial, std::function<void(const Status& why)> close)>
      open;
  std::function<void(const std::string& run_id, uint64_t serial)> close;
};

// Reads ahead of the archive by at most kReadAhead messages: the next ones arrive and are checked
// while the last ones are written. Then gRPC's flow control holds the agent back.
class UploadStream final : public StrandStream<grpc::ByteBuffer, grpc::ByteBuffer>,
                           public std::enable_shared_from_this<UploadStream> {
 public:
  static constexpr size_t kReadAhead = 8;

  // `serial`: unique among the uploads of this server.
  UploadStream(const UploadPort& port,
               grpc::CallbackServerContext* context,
               const ServerLimits& limits,
               uint64_t serial);

 private:
  void OnRequest(grpc::ByteBuffer& request) override;
  void OnPeerDone() override;
  void OnClosed() override;

  void OnFirst(const grpc::ByteBuffer& request);
  void OnBegin(const Result<rpc::UploadBegin>& begin);
  void OnOpened(const RemoteRunner::Answer& answer);
  // Any thread, once for each message after the first.
  void OnAnswer(const RemoteRunner::Answer& answer);
  void NoteAnswered(bool end);
  void CloseAfterAnswers();
  // On the strand.
  void Acknowledge(const RemoteRunner::Answer& answer);

  const UploadPort port_;
  const uint64_t serial_;
  BlockPool blocks_;
  std::string run_id_;  // once begun
  // Written on the strand before the next read starts, read by the read's reaction.
  std::shared_ptr<RemoteRunner> runner_;
  uint64_t stream_ = 0;

  std::mutex mutex_;  // of what follows
  size_t unanswered_ = 0;
  bool parked_ = false;  // too many are unanswered: no read is under way
  bool ended_ = false;   // an answer was the last one
  bool peer_done_ = false;
};

}  // namespace plumb::server
