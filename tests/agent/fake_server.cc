#include "tests/agent/fake_server.h"

#include <algorithm>
#include <thread>

#include "common/rpc/board_convert.h"
#include "common/rpc/channel.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"

namespace plumb::agent::test {

FakeBoardServer::FakeBoardServer(const std::string& address, rpc::UploadExpectation expectation)
    : tracker_(expectation) {
  rpc::KeepGrpcAlive();
  grpc::ServerBuilder builder;
  rpc::ConfigureServer(builder);
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = address.rfind("unix:", 0) == 0 ? address : "127.0.0.1:" + std::to_string(port);
}

FakeBoardServer::~FakeBoardServer() {
  Shutdown();
}

void FakeBoardServer::Shutdown() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(down_, true)) {
      return;
    }
    changed_.notify_all();
  }
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

void FakeBoardServer::Command(const v1::SessionResponse& response) {
  const std::lock_guard lock(mutex_);
  commands_.push_back(response);
  changed_.notify_all();
}

grpc::Status FakeBoardServer::Session(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::SessionResponse, v1::SessionRequest>* stream) {
  v1::SessionRequest request;
  if (!stream->Read(&request)) {
    return grpc::Status::OK;
  }
  {
    const std::lock_guard lock(mutex_);
    hellos.push_back(request.hello());
    session_peer = context->peer();
    changed_.notify_all();
  }
  if (refuse_name) {
    return rpc::ToGrpc(
        AlreadyExistsError("another board has that name").WithReason(kReasonBoardNameTaken));
  }
  v1::SessionResponse response;
  rpc::Welcome welcome;
  welcome.protocol_major = protocol_major;
  welcome.server_version = "test";
  *response.mutable_welcome() = rpc::ToProto(welcome);
  stream->Write(response);
  bool over = false;
  std::thread sender([&] { SendCommands(stream, over); });
  while (stream->Read(&request)) {
    NoteSessionRequest(request);
  }
  {
    const std::lock_guard lock(mutex_);
    over = true;
    changed_.notify_all();
  }
  sender.join();
  return grpc::Status::OK;
}

void FakeBoardServer::NoteSessionRequest(const v1::SessionRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.has_run_failed()) {
    failures.push_back(request.run_failed());
  } else if (request.has_run_progress()) {
    phases.push_back(request.run_progress().phase());
  }
  changed_.notify_all();
}

void FakeBoardServer::SendCommands(
    grpc::ServerReaderWriter<v1::SessionResponse, v1::SessionRequest>* stream, const bool& over) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return over || down_ || !commands_.empty(); });
    if (over || down_) {
      return;
    }
    const v1::SessionResponse response = commands_.front();
    commands_.pop_front();
    lock.unlock();
    stream->Write(response);
    lock.lock();
  }
}

grpc::Status FakeBoardServer::Upload(grpc::ServerContext* context, UploadServerStream* stream) {
  v1::UploadRequest request;
  if (!stream->Read(&request) || !request.has_begin()) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "no begin"};
  }
  std::optional<StreamFault> fault;
  {
    const std::lock_guard lock(mutex_);
    upload_peer = context->peer();
    upload_instance = request.begin().instance_id();
    if (upload_streams < upload_faults.size()) {
      fault = upload_faults[upload_streams];
    }
    ++upload_streams;
  }
  stream->Write(rpc::ToProto(tracker_.position()));
  for (size_t taken = 0; stream->Read(&request); ++taken) {
    if (const auto end = ApplyFault(fault, taken)) {
      return *end;
    }
    const Status status = Take(request);
    if (!status.ok()) {
      return rpc::ToGrpc(status);
    }
    if (tracker_.AckDue()) {
      rpc::UploadPosition position = tracker_.position();
      position.sequence += boast ? 1'000 : 0;
      stream->Write(rpc::ToProto(position));
      tracker_.AckSent();
      const std::lock_guard lock(mutex_);
      ++acknowledgements;
    }
    if (tracker_.finished()) {
      return grpc::Status::OK;
    }
  }
  return {grpc::StatusCode::UNAVAILABLE, "the stream ended before the run"};
}

std::optional<grpc::Status> FakeBoardServer::ApplyFault(const std::optional<StreamFault>& fault,
                                                        size_t taken) {
  if (!fault || taken < fault->after) {
    return std::nullopt;
  }
  switch (fault->kind) {
    case StreamFault::Kind::kBreak:
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "cut");
    case StreamFault::Kind::kRefuse:
      return rpc::ToGrpc(AbortedError("the run is over").WithReason("cancelled"));
    case StreamFault::Kind::kStall:
      break;
  }
  // Until a newer stream comes or the test is over.
  std::unique_lock lock(mutex_);
  const size_t mine = upload_streams;
  changed_.wait_for(lock, kPatience, [&] { return upload_streams > mine || down_; });
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "stalled");
}

Status FakeBoardServer::Take(v1::UploadRequest& request) {
  auto message = rpc::TakeUploadMessage(request);
  const auto is_new = message.ok() ? tracker_.Check(*message) : Result<bool>(message.status());
  const std::lock_guard lock(mutex_);
  if (!is_new.ok()) {
    violation = is_new.status();
    changed_.notify_all();
    return is_new.status();
  }
  if (!*is_new) {
    return OkStatus();
  }
  if (const auto* chunk = std::get_if<rpc::TensorChunk>(&*message)) {
    auto& bytes = outputs[{chunk->repetition, chunk->index}];
    bytes.insert(bytes.end(), chunk->bytes.span().begin(), chunk->bytes.span().end());
  } else if (const auto* end =
                 std::get_if<rpc::RunEnd>(&std::get<rpc::NumberedEvent>(*message).event)) {
    run_end = end->status;
  }
  tracker_.Commit(*message);
  changed_.notify_all();
  return OkStatus();
}

grpc::Status FakeBoardServer::Dribble(grpc::ServerContext* context,
                                      uint64_t offset,
                                      grpc::ServerWriter<v1::ReadArtifactResponse>* writer) {
  v1::ReadArtifactResponse response;
  *response.mutable_chunk() = rpc::MakeDataChunk(offset, Buffer::FromString("m"));
  writer->Write(response);
  std::unique_lock lock(mutex_);
  while (!down_ && !context->IsCancelled()) {
    changed_.wait_for(lock, std::chrono::milliseconds(20));
  }
  return grpc::Status::CANCELLED;
}

grpc::Status FakeBoardServer::ReadArtifact(grpc::ServerContext* context,
                                           const v1::ReadArtifactRequest* request,
                                           grpc::ServerWriter<v1::ReadArtifactResponse>* writer) {
  size_t chunks_left = SIZE_MAX;
  std::string content;
  {
    const std::lock_guard lock(mutex_);
    read_offsets.push_back(request->offset());
    const auto file = files.find(request->artifact().sha256());
    if (file == files.end()) {
      return rpc::ToGrpc(NotFoundError("no such artifact"));
    }
    content = file->second;
    if (break_read_after != 0) {
      chunks_left = std::exchange(break_read_after, 0);
    }
  }
  if (dribble) {
    return Dribble(context, request->offset(), writer);
  }
  for (size_t offset = request->offset(); offset < content.size(); offset += rpc::kChunkSize) {
    if (chunks_left-- == 0) {
      return {grpc::StatusCode::UNAVAILABLE, "cut"};
    }
    v1::ReadArtifactResponse response;
    *response.mutable_chunk() =
        rpc::MakeDataChunk(offset, Buffer::FromString(content.substr(offset, rpc::kChunkSize)));
    if (damage_chunks) {
      response.mutable_chunk()->mutable_data()->front() ^= 1;
    }
    writer->Write(response);
  }
  return grpc::Status::OK;
}

}  // namespace plumb::agent::test
