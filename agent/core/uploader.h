// Brings what a runner produces to the server, across broken links.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "agent/core/ports.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/rpc/messages.h"
#include "common/runner/runner.h"

namespace plumb::agent {

struct UploaderOptions {
  std::chrono::milliseconds resume_window;  // how long the stream may stay broken
  std::chrono::milliseconds retry_pause{50};
};

// The sink of one run, used on the run's thread. Events not yet committed are kept and sent again
// after a break (a handful: OnTensorEnd and OnInput wait for commits); chunks are not kept, the
// runner is asked to go back (see TensorSink). Errors: kUnavailable with kReasonAgentLost when the
// stream stays broken for the whole window, the server's own answer otherwise, `cancel`'s status.
class Uploader final : public TensorSink {
 public:
  Uploader(UploadTransport& transport,
           rpc::RunKey key,
           const UploaderOptions& options,
           CancelToken cancel);

  Status OnModel(const ModelInfo& info) override;
  Status OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) override;
  Status OnInvoke(const InvokeInfo& info) override;
  Result<uint64_t> OnChunk(uint32_t repetition,
                           uint32_t index,
                           uint64_t offset,
                           const Buffer& bytes) override;
  Result<uint64_t> OnTensorEnd(const TensorEnd& end) override;

  // A piece of what the application fed, before anything else; kept until it is committed, at most
  // rpc::kAckInterval of them at once. With the last piece of an input waits for the server, whose
  // answer may be that the run ends here.
  Status OnInput(const rpc::InputChunk& input);

  // Tells the server how the run ended and waits for the commit, also after the run was cancelled;
  // `abandon` stops that too. An error: the server was not reached, or has ended the run itself.
  Status Finish(const Status& run_status, const CancelToken& abandon);

 private:
  Status SendEvent(rpc::UploadEvent event);
  Status Send(const rpc::UploadMessage& message);
  Status CommitAll();
  Status Resume();
  Status Adopt(OpenedUpload opened);
  Status Align(const rpc::UploadPosition& position);
  void WithdrawTensorEnd();
  Status Remember(Status status);

  UploadTransport& transport_;
  const rpc::RunKey key_;
  UploaderOptions options_;
  CancelToken cancel_;
  std::unique_ptr<UploadStream> stream_;
  std::deque<rpc::NumberedEvent> pending_;  // sent or to be sent, not committed
  uint64_t sequence_ = 0;                   // of the last event
  uint64_t input_bytes_ = 0;                // in pending_
  uint64_t offset_ = 0;                     // bytes sent of the output under way
  std::vector<uint64_t> output_sizes_;
  Status final_;  // once the server has said no, or the window is over
};

}  // namespace plumb::agent
