// An agent of a few lines that speaks the wire, and can break its rules. The real one is tested
// end to end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "plumb/v1/board_service.grpc.pb.h"

#include "common/base/status.h"

namespace plumb::test {

// The control stream of one agent. Calls block; not thread-safe.
class FakeAgent {
 public:
  FakeAgent(const std::string& address,
            const std::string& name,
            char instance = 'a',
            const std::shared_ptr<grpc::ChannelCredentials>& credentials =
                grpc::InsecureChannelCredentials());
  // Breaks its streams off.
  ~FakeAgent();
  FakeAgent(const FakeAgent&) = delete;
  FakeAgent& operator=(const FakeAgent&) = delete;

  v1::Hello& hello() { return hello_; }

  v1::BoardService::Stub& stub() { return *stub_; }

  // Says hello and waits for the welcome; the server's refusal otherwise.
  Status Connect();
  // The next message of the server; an error when the stream ended.
  Result<v1::SessionResponse> Next();
  Status SendFailed(const v1::RunKey& key, const Status& status);
  // Sends whatever `fill` makes of a message.
  bool SendRaw(const std::function<void(v1::SessionRequest& request)>& fill);
  // Breaks the control stream off.
  void Disconnect();

 private:
  v1::Hello hello_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::BoardService::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SessionRequest, v1::SessionResponse>> stream_;
};

// One Upload stream.
class FakeUpload {
 public:
  FakeUpload(FakeAgent* agent, const v1::RunKey& key);
  // Breaks off what is not finished.
  ~FakeUpload();
  FakeUpload(const FakeUpload&) = delete;
  FakeUpload& operator=(const FakeUpload&) = delete;

  // The answer to begin, or the next acknowledgement; an error when the stream ended.
  Result<v1::UploadResponse> NextAck();

  bool Send(const v1::UploadRequest& request) { return stream_->Write(request); }

  // Ends the sending side and gives the stream's status.
  Status Finish();
  void Break();

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::UploadRequest, v1::UploadResponse>> stream_;
  bool finished_ = false;
};

// One output as a board uploads it.
struct BoardOutput {
  v1::TensorDesc desc;
  std::string bytes;        // the whole buffer
  std::string valid_bytes;  // without padding
};

// Everything of a run of one repetition without probe, in order: model, invoke, per output its
// bytes in chunks of `chunk_size` and its end, run_end.
std::vector<v1::UploadRequest> UploadOf(const std::vector<v1::TensorDesc>& inputs,
                                        const std::vector<BoardOutput>& outputs,
                                        size_t chunk_size);

}  // namespace plumb::test
