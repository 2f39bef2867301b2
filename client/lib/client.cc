#include "client/lib/client.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "plumb/v1/run_service.grpc.pb.h"

#include "client/lib/board_convert.h"
#include "client/lib/chunk_reader.h"
#include "client/lib/progress_guard.h"
#include "client/lib/run_fold.h"
#include "client/lib/run_request.h"
#include "client/lib/token.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/rpc/address.h"
#include "common/rpc/channel.h"
#include "common/rpc/chunks.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"

namespace plumb::client {
namespace {

constexpr std::chrono::milliseconds kCallTimeout{20'000};
// Of a call to a server that does not answer: it fails with the reason.
constexpr std::chrono::milliseconds kReasonTimeout{1'000};
// The server syncs an uploaded file to its disk before it answers: 4 GiB on a slow one.
constexpr std::chrono::milliseconds kCommitPatience{300'000};
constexpr int kUploadTries = 3;
constexpr std::chrono::milliseconds kUploadPause{300};

void SetDeadline(grpc::ClientContext* context, std::chrono::milliseconds timeout) {
  context->set_deadline(std::chrono::system_clock::now() + timeout);
}

// Why a stream of chunks failed: what the server says, unless it only heard that we gave up.
Status Settled(const Status& read, const Status& outcome) {
  const bool heard = outcome.ok() || outcome.code() == StatusCode::kCancelled;
  return read.ok() ? outcome : heard ? read : outcome;
}

}  // namespace

class Client::Impl {
 public:
  Impl(const rpc::Endpoint& server, std::chrono::milliseconds stall, std::string token)
      : address_(server.address.ToString()),
        token_(std::move(token)),
        encrypted_(server.tls != nullptr),
        stall_(stall),
        control_(rpc::OpenChannel(server, rpc::ChannelPurpose::kControl)),
        bulk_(rpc::OpenChannel(server, rpc::ChannelPurpose::kBulk)),
        stub_(v1::RunService::NewStub(control_)),
        bulk_stub_(v1::RunService::NewStub(bulk_)) {}

  Status Greet(std::chrono::milliseconds timeout) {
    if (!control_->WaitForConnected(std::chrono::system_clock::now() + timeout)) {
      return NoAnswer();
    }
    v1::GetServerInfoRequest request;
    *request.mutable_protocol() = rpc::CurrentProtocol();
    v1::GetServerInfoResponse response;
    PLUMB_RETURN_IF_ERROR(Call(&v1::RunService::Stub::GetServerInfo, request, &response));
    return rpc::CheckProtocol(response.protocol(), "server");
  }

  template <class Request, class Response>
  Status Call(grpc::Status (v1::RunService::Stub::*method)(grpc::ClientContext*,
                                                           const Request&,
                                                           Response*),
              const Request& request,
              Response* response) {
    grpc::ClientContext context;
    ShowToken(token_, &context);
    SetDeadline(&context, kCallTimeout);
    return Outcome((stub_.get()->*method)(&context, request, response));
  }

  // The status of a call as callers of this library see it.
  [[nodiscard]] Status Outcome(const grpc::Status& status) const {
    Status outcome = rpc::FromGrpc(status);
    // What a caller cancelled is told by the caller; anything else was cut by a server that stops.
    const bool cut = rpc::IsLinkError(outcome) || outcome.code() == StatusCode::kCancelled;
    if (!outcome.ok() && outcome.reason().empty() && cut) {
      return ServerLost("the connection to the server at " + address_ +
                        " broke: " + outcome.message());
    }
    return outcome;
  }

  [[nodiscard]] Status Upload(const Artifact& artifact, uint64_t offset, const CancelToken& cancel);
  Status FollowRun(const std::string& run_id,
                   const EventCallback& on_event,
                   const CancelToken& cancel,
                   RunFold* fold);
  Result<std::string> ReadReport(const std::string& run_id);
  Status SaveCapturedInput(const std::string& run_id,
                           uint32_t index,
                           const std::filesystem::path& path);

 private:
  [[nodiscard]] static Status ServerLost(const std::string& message) {
    return UnavailableError(message)
        .WithReason(kReasonServerLost)
        .WithHint("is plumb-server running there? see its log; --server names another one");
  }

  // A call that fails at once tells what the attempts to connect came to.
  [[nodiscard]] Status NoAnswer() {
    grpc::ClientContext context;
    ShowToken(token_, &context);
    SetDeadline(&context, kReasonTimeout);
    v1::GetServerInfoRequest request;
    *request.mutable_protocol() = rpc::CurrentProtocol();
    v1::GetServerInfoResponse response;
    const grpc::Status status = stub_->GetServerInfo(&context, request, &response);
    const Status lost = UnavailableError("no server answers at " + address_ +
                                         (status.ok() || status.error_message().empty()
                                              ? ""
                                              : ": " + EscapeForDisplay(status.error_message())))
                            .WithReason(kReasonServerLost);
    return encrypted_
               ? Status(lost).WithHint(
                     "does it speak TLS, is its certificate of --tls-ca and for this host "
                     "(--tls-server-name names another), and ours of the authority it trusts?")
               : Status(lost).WithHint(
                     "is it running (plumb-server --listen " + address_ +
                     " --data DIR)? or does it want --tls-ca --tls-cert --tls-key?");
  }

  static Status SendPieces(int fd,
                           const Artifact& artifact,
                           uint64_t offset,
                           grpc::ClientWriter<v1::PutArtifactRequest>* writer,
                           ProgressGuard* progress);

  const std::string address_;
  const std::string token_;
  const bool encrypted_;
  const std::chrono::milliseconds stall_;
  std::shared_ptr<grpc::Channel> control_;
  std::shared_ptr<grpc::Channel> bulk_;
  std::unique_ptr<v1::RunService::Stub> stub_;
  std::unique_ptr<v1::RunService::Stub> bulk_stub_;
};

Status Client::Impl::SendPieces(int fd,
                                const Artifact& artifact,
                                uint64_t offset,
                                grpc::ClientWriter<v1::PutArtifactRequest>* writer,
                                ProgressGuard* progress) {
  v1::PutArtifactRequest request;
  *request.mutable_artifact() = rpc::ToProto(artifact);
  request.set_offset(offset);
  bool open = writer->Write(request);
  request.clear_offset();
  while (open && offset < artifact.size) {
    std::vector<uint8_t> piece(std::min<uint64_t>(rpc::kChunkSize, artifact.size - offset));
    PLUMB_RETURN_IF_ERROR(ReadAt(fd, offset, piece));
    const uint64_t begin = offset;
    offset += piece.size();
    *request.mutable_chunk() = rpc::MakeDataChunk(begin, Buffer::FromVector(std::move(piece)));
    open = writer->Write(request);
    progress->Advance(offset - begin);
  }
  writer->WritesDone();
  return OkStatus();
}

Status Client::Impl::Upload(const Artifact& artifact, uint64_t offset, const CancelToken& cancel) {
  const UniqueFd fd(::open(artifact.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return ErrnoError(errno, "cannot open '" + artifact.path.string() + "'");
  }
  grpc::ClientContext context;
  ShowToken(token_, &context);
  const auto stop = cancel.OnCancel([&] { context.TryCancel(); });
  v1::PutArtifactResponse response;
  const auto writer = bulk_stub_->PutArtifact(&context, &response);
  ProgressGuard progress(&context, stall_);
  const Status sent = SendPieces(fd.get(), artifact, offset, writer.get(), &progress);
  if (!sent.ok()) {
    context.TryCancel();
  }
  progress.AwaitEnd(std::max(stall_, kCommitPatience));
  const Status outcome = Outcome(writer->Finish());
  if (cancel.cancelled()) {
    return cancel.status();
  }
  if (progress.stalled()) {
    return ServerLost("the server took nothing of the file for " + std::to_string(stall_.count()) +
                      " ms");
  }
  return sent.ok() ? outcome : sent;
}

Status Client::Impl::FollowRun(const std::string& run_id,
                               const EventCallback& on_event,
                               const CancelToken& cancel,
                               RunFold* fold) {
  grpc::ClientContext context;
  ShowToken(token_, &context);
  const auto stop = cancel.OnCancel([&] { context.TryCancel(); });
  v1::WatchRunRequest request;
  request.set_run_id(run_id);
  const auto reader = stub_->WatchRun(&context, request);
  v1::WatchRunResponse response;
  Status status;
  while (status.ok() && reader->Read(&response)) {
    status = fold->Add(response.event());
    // The last event is the caller's, with the report.
    if (status.ok() && !fold->finished() && on_event) {
      on_event(fold->Current());
    }
  }
  if (!status.ok()) {
    context.TryCancel();
  }
  const Status outcome = Outcome(reader->Finish());
  if (cancel.cancelled()) {
    return cancel.status();
  }
  if (!status.ok()) {
    return status;
  }
  PLUMB_RETURN_IF_ERROR(outcome);
  return fold->finished() ? OkStatus() : ServerLost("the server stopped telling of the run");
}

Result<std::string> Client::Impl::ReadReport(const std::string& run_id) {
  grpc::ClientContext context;
  ShowToken(token_, &context);
  SetDeadline(&context, kCallTimeout);
  v1::GetReportRequest request;
  request.set_run_id(run_id);
  const auto reader = bulk_stub_->GetReport(&context, request);
  std::string report;
  const Status status = ReadChunks<v1::GetReportResponse>(
      *reader, context, "report", rpc::kMaxReportSize, [&](std::span<const uint8_t> bytes) {
        report.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return OkStatus();
      });
  PLUMB_RETURN_IF_ERROR(Settled(status, Outcome(reader->Finish())));
  return report;
}

Status Client::Impl::SaveCapturedInput(const std::string& run_id,
                                       uint32_t index,
                                       const std::filesystem::path& path) {
  grpc::ClientContext context;
  ShowToken(token_, &context);
  v1::GetCapturedInputRequest request;
  request.set_run_id(run_id);
  request.set_index(index);
  const auto reader = bulk_stub_->GetCapturedInput(&context, request);
  std::optional<AtomicFile> file;
  const Status status = ReadChunks<v1::GetCapturedInputResponse>(
      *reader,
      context,
      "captured input",
      rpc::MaxCapturedSize(rpc::kMaxInputBytes),
      [&](std::span<const uint8_t> bytes) -> Status {
        if (!file) {
          PLUMB_ASSIGN_OR_RETURN(AtomicFile made, AtomicFile::Create(path));
          file.emplace(std::move(made));
        }
        return file->Append(bytes);
      });
  PLUMB_RETURN_IF_ERROR(Settled(status, Outcome(reader->Finish())));
  return file->Commit();
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::Connect(const ClientOptions& options) {
  PLUMB_ASSIGN_OR_RETURN(
      const rpc::Address address,
      rpc::CheckDialAddress(options.address, options.allow_insecure || options.tls.given()));
  rpc::KeepGrpcAlive();
  rpc::Endpoint server(address);
  if (!address.is_unix()) {
    PLUMB_ASSIGN_OR_RETURN(server.tls, rpc::LoadTls(options.tls));
  }
  PLUMB_ASSIGN_OR_RETURN(std::string token, ReadToken(options));
  auto impl = std::make_unique<Impl>(server, options.stall_timeout, std::move(token));
  PLUMB_RETURN_IF_ERROR(impl->Greet(options.connect_timeout));
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Result<Artifact> Client::EnsureArtifact(const std::filesystem::path& path,
                                        const CancelToken& cancel) {
  Artifact artifact;
  artifact.path = path;
  PLUMB_ASSIGN_OR_RETURN(artifact.size, FileSize(path));
  PLUMB_ASSIGN_OR_RETURN(artifact.sha256, Sha256HexOfFile(path));
  v1::FindMissingRequest request;
  *request.add_artifacts() = rpc::ToProto(artifact);
  for (int left = kUploadTries;; --left) {
    v1::FindMissingResponse response;
    PLUMB_RETURN_IF_ERROR(impl_->Call(&v1::RunService::Stub::FindMissing, request, &response));
    if (response.missing().empty()) {
      return artifact;
    }
    const uint64_t there = response.committed().empty() ? 0 : response.committed(0);
    Status status = impl_->Upload(artifact, there <= artifact.size ? there : 0, cancel);
    if (status.ok()) {
      return artifact;
    }
    // A link that broke: the server has kept what came, so the next try goes on there.
    const bool again = status.reason() == kReasonServerLost || status.reason() == "offset_lost";
    if (!again || left == 1 || cancel.WaitFor(kUploadPause)) {
      return std::move(status).Annotate("uploading '" + EscapeForDisplay(path.string()) + "'");
    }
  }
}

Result<std::string> Client::StartRun(const RunRequest& request) {
  PLUMB_ASSIGN_OR_RETURN(const v1::StartRunRequest wire, ToProto(request));
  v1::StartRunResponse response;
  PLUMB_RETURN_IF_ERROR(impl_->Call(&v1::RunService::Stub::StartRun, wire, &response));
  PLUMB_RETURN_IF_ERROR(rpc::CheckRunId(response.run_id()));
  return response.run_id();
}

Result<RunEvent> Client::Watch(const std::string& run_id,
                               const EventCallback& on_event,
                               const CancelToken& cancel) {
  RunFold fold;
  PLUMB_RETURN_IF_ERROR(impl_->FollowRun(run_id, on_event, cancel, &fold));
  RunEvent last = fold.Current();
  PLUMB_ASSIGN_OR_RETURN(last.report_json, impl_->ReadReport(run_id));
  if (on_event) {
    on_event(last);
  }
  return last;
}

Status Client::CancelRun(const std::string& run_id) {
  v1::CancelRunRequest request;
  request.set_run_id(run_id);
  v1::CancelRunResponse response;
  return impl_->Call(&v1::RunService::Stub::CancelRun, request, &response);
}

Result<std::vector<BoardSummary>> Client::ListBoards() {
  v1::ListBoardsResponse response;
  PLUMB_RETURN_IF_ERROR(
      impl_->Call(&v1::RunService::Stub::ListBoards, v1::ListBoardsRequest(), &response));
  std::vector<BoardSummary> boards;
  for (const v1::BoardSummary& wire : response.boards()) {
    boards.push_back(FromWire(wire));
  }
  return boards;
}

Result<std::vector<RunSummary>> Client::ListRuns(uint32_t limit) {
  v1::ListRunsRequest request;
  request.set_max_count(limit);
  v1::ListRunsResponse response;
  PLUMB_RETURN_IF_ERROR(impl_->Call(&v1::RunService::Stub::ListRuns, request, &response));
  std::vector<RunSummary> runs;
  for (const v1::RunSummary& wire : response.runs()) {
    PLUMB_ASSIGN_OR_RETURN(RunSummary run, FromProto(wire));
    runs.push_back(std::move(run));
  }
  return runs;
}

Status Client::SaveCapturedInput(const std::string& run_id,
                                 uint32_t index,
                                 const std::filesystem::path& path) {
  return impl_->SaveCapturedInput(run_id, index, path);
}

Result<std::string> Client::GetReport(const std::string& run_id) {
  return impl_->ReadReport(run_id);
}

}  // namespace plumb::client
