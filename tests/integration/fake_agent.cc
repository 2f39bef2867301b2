#include "tests/integration/fake_agent.h"

#include <utility>

#include "common/base/buffer.h"
#include "common/rpc/chunks.h"
#include "common/rpc/convert.h"
#include "common/rpc/status_bridge.h"

namespace plumb::test {

FakeAgent::FakeAgent(const std::string& address,
                     const std::string& name,
                     char instance,
                     const std::shared_ptr<grpc::ChannelCredentials>& credentials)
    : channel_(grpc::CreateChannel(address, credentials)),
      stub_(v1::BoardService::NewStub(channel_)) {
  *hello_.mutable_protocol() = rpc::CurrentProtocol();
  hello_.set_instance_id(std::string(32, instance));
  hello_.set_board_name(name);
  hello_.set_agent_version("fake");
}

FakeAgent::~FakeAgent() {
  Disconnect();
}

Status FakeAgent::Connect() {
  context_ = std::make_unique<grpc::ClientContext>();
  stream_ = stub_->Session(context_.get());
  v1::SessionRequest request;
  *request.mutable_hello() = hello_;
  stream_->Write(request);
  const auto welcome = Next();
  PLUMB_RETURN_IF_ERROR(welcome.status());
  return welcome->has_welcome() ? OkStatus() : InternalError("the first message is no welcome");
}

Result<v1::SessionResponse> FakeAgent::Next() {
  v1::SessionResponse response;
  if (stream_->Read(&response)) {
    return response;
  }
  const Status status = rpc::FromGrpc(stream_->Finish());
  stream_.reset();
  return status.ok() ? CancelledError("the server ended the stream") : status;
}

Status FakeAgent::SendFailed(const v1::RunKey& key, const Status& status) {
  v1::SessionRequest request;
  *request.mutable_run_failed()->mutable_key() = key;
  *request.mutable_run_failed()->mutable_failure() = rpc::ToProto(status);
  return stream_->Write(request) ? OkStatus() : CancelledError("the stream broke");
}

bool FakeAgent::SendRaw(const std::function<void(v1::SessionRequest& request)>& fill) {
  v1::SessionRequest request;
  fill(request);
  return stream_->Write(request);
}

void FakeAgent::Disconnect() {
  if (stream_) {
    context_->TryCancel();
    static_cast<void>(stream_->Finish());
    stream_.reset();
  }
}

FakeUpload::FakeUpload(FakeAgent* agent, const v1::RunKey& key)
    : stream_(agent->stub().Upload(&context_)) {
  v1::UploadRequest request;
  request.mutable_begin()->set_instance_id(agent->hello().instance_id());
  *request.mutable_begin()->mutable_key() = key;
  stream_->Write(request);
}

FakeUpload::~FakeUpload() {
  Break();
}

Result<v1::UploadResponse> FakeUpload::NextAck() {
  v1::UploadResponse response;
  if (stream_->Read(&response)) {
    return response;
  }
  finished_ = true;
  const Status status = rpc::FromGrpc(stream_->Finish());
  return status.ok() ? CancelledError("the server ended the stream") : status;
}

Status FakeUpload::Finish() {
  stream_->WritesDone();
  v1::UploadResponse response;
  while (stream_->Read(&response)) {
  }
  finished_ = true;
  return rpc::FromGrpc(stream_->Finish());
}

void FakeUpload::Break() {
  if (!std::exchange(finished_, true)) {
    context_.TryCancel();
    static_cast<void>(stream_->Finish());
  }
}

std::vector<v1::UploadRequest> UploadOf(const std::vector<v1::TensorDesc>& inputs,
                                        const std::vector<BoardOutput>& outputs,
                                        size_t chunk_size) {
  std::vector<v1::UploadRequest> requests;
  uint64_t sequence = 0;
  const auto add_event = [&]() -> v1::UploadRequest& {
    requests.emplace_back();
    requests.back().set_sequence(++sequence);
    return requests.back();
  };
  v1::ModelInfo* model = add_event().mutable_model();
  for (const v1::TensorDesc& input : inputs) {
    *model->add_inputs() = input;
  }
  for (const BoardOutput& output : outputs) {
    *model->add_outputs() = output.desc;
  }
  model->set_sdk("fake board");
  add_event().mutable_invoke()->set_invoke_ms(2.5);
  for (uint32_t index = 0; index < outputs.size(); ++index) {
    const BoardOutput& output = outputs[index];
    for (size_t offset = 0; offset < output.bytes.size(); offset += chunk_size) {
      v1::TensorChunk* chunk = requests.emplace_back().mutable_chunk();
      chunk->set_index(index);
      *chunk->mutable_data() =
          rpc::MakeDataChunk(offset, Buffer::FromString(output.bytes.substr(offset, chunk_size)));
    }
    v1::TensorEnd* end = add_event().mutable_tensor_end();
    end->set_index(index);
    end->set_valid_digest(rpc::ChunkChecksum(AsBytes(output.valid_bytes)));
    end->set_byte_size(output.bytes.size());
  }
  add_event().mutable_run_end();
  return requests;
}

}  // namespace plumb::test
