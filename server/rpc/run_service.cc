#include "server/rpc/run_service.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "server/core/input_check.h"
#include "server/rpc/bytes_stream.h"
#include "server/rpc/peer_status.h"
#include "server/rpc/put_artifact_stream.h"
#include "server/rpc/run_convert.h"
#include "server/rpc/watch_stream.h"

namespace plumb::server {
namespace {

constexpr uint32_t kDefaultListed = 100;
constexpr uint32_t kMaxListed = 1000;
// A list is one message, whatever peers put into its entries: names of 255 bytes, ids, numbers.
constexpr size_t kListedNames = size_t{4} * 255;
constexpr size_t kListedRest = 256;
static_assert(kMaxListed * (2 * rpc::kMaxListedTextSize + kListedRest + kListedNames / 2) <
              rpc::kMaxMessageSize);
constexpr size_t kMaxListBytes = rpc::kMaxMessageSize - 1024;

// Answers a unary call with what `handle` says, on the strand. gRPC keeps request and response
// until Finish.
template <class Handler>
grpc::ServerUnaryReactor* OnStrand(Strand* strand,
                                   grpc::CallbackServerContext* context,
                                   Handler handle) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  strand->Post([reactor, handle = std::move(handle)] { reactor->Finish(ToPeer(handle())); });
  return reactor;
}

// As OnStrand, for what has its answer later: `handle` gets a function to call with it, once.
template <class Handler>
grpc::ServerUnaryReactor* LaterOnStrand(Strand* strand,
                                        grpc::CallbackServerContext* context,
                                        Handler handle) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  strand->Post([reactor, handle = std::move(handle)] {
    handle([reactor](const Status& status) { reactor->Finish(ToPeer(status)); });
  });
  return reactor;
}

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToPeer(status));
  return reactor;
}

// A list is one message, so each run in it says less than alone.
void ShortenFailure(v1::RunSummary* run) {
  if (run->has_failure()) {
    v1::Failure* failure = run->mutable_failure();
    failure->set_message(rpc::WireText(failure->message(), rpc::kMaxListedTextSize));
    failure->set_hint(rpc::WireText(failure->hint(), rpc::kMaxListedTextSize));
  }
}

Status FindMissingIn(const BlobStore& blobs,
                     const v1::FindMissingRequest& request,
                     v1::FindMissingResponse* response) {
  if (request.artifacts_size() > rpc::kMaxArtifactsAsked) {
    return rpc::ProtocolError("artifacts", "are too many");
  }
  for (const v1::Artifact& wire : request.artifacts()) {
    PLUMB_ASSIGN_OR_RETURN(const Artifact artifact, rpc::FromProto(wire));
    if (!blobs.Use(artifact).ok()) {
      *response->add_missing() = wire;
      response->add_committed(blobs.Committed(artifact));
    }
  }
  return OkStatus();
}

// As many as fit into one message; the rest is counted.
Status AddBoards(const std::vector<store::BoardRecord>& boards, v1::ListBoardsResponse* response) {
  size_t bytes = 0;
  for (const store::BoardRecord& board : boards) {
    v1::BoardSummary wire = ToProto(board);
    bytes += wire.ByteSizeLong() + 8;
    if (bytes > kMaxListBytes) {
      response->set_left_out(response->left_out() + 1);
    } else {
      *response->add_boards() = std::move(wire);
    }
  }
  return OkStatus();
}

}  // namespace

RunService::RunService(ServerCore* core,
                       Authorizer* authorizer,
                       const ServerLimits& limits,
                       std::string version)
    : core_(core),
      authorizer_(authorizer),
      limits_(limits),
      version_(std::move(version)),
      uploads_("uploads of files at once", limits.artifact_uploads),
      reports_("readers of reports at once", limits.report_reads),
      watchers_("watchers at once", limits.watch_streams) {}

Result<StreamQuota::Place> RunService::PlaceFor(const grpc::ServerContextBase& context,
                                                store::Role role,
                                                StreamQuota& quota) {
  PLUMB_RETURN_IF_ERROR(authorizer_->Admit(context, role).status());
  return quota.Take();
}

grpc::ServerUnaryReactor* RunService::GetServerInfo(grpc::CallbackServerContext* context,
                                                    const v1::GetServerInfoRequest* request,
                                                    v1::GetServerInfoResponse* response) {
  *response->mutable_protocol() = rpc::CurrentProtocol();
  response->set_server_version(version_);
  return Answer(context, rpc::CheckProtocol(request->protocol(), "client"));
}

grpc::ServerUnaryReactor* RunService::FindMissing(grpc::CallbackServerContext* context,
                                                  const v1::FindMissingRequest* request,
                                                  v1::FindMissingResponse* response) {
  const auto caller = authorizer_->Admit(*context, store::Role::kOperator);
  return Answer(context,
                caller.ok() ? FindMissingIn(core_->blobs(), *request, response) : caller.status());
}

grpc::ServerReadReactor<v1::PutArtifactRequest>* RunService::PutArtifact(
    grpc::CallbackServerContext* context, v1::PutArtifactResponse* response) {
  return new PutArtifactStream(
      core_, limits_, PlaceFor(*context, store::Role::kOperator, uploads_), response);
}

grpc::ServerUnaryReactor* RunService::StartRun(grpc::CallbackServerContext* context,
                                               const v1::StartRunRequest* request,
                                               v1::StartRunResponse* response) {
  const auto caller = authorizer_->Admit(*context, store::Role::kOperator);
  if (!caller.ok()) {
    return Answer(context, caller.status());
  }
  return LaterOnStrand(&core_->strand(), context, [=, this](const auto& finish) {
    Result<RunRequest> run = FromProto(*request);
    const auto owner = run.ok() ? caller->OwnerOr(run->owner) : Result<std::string>(run.status());
    if (!owner.ok()) {
      finish(owner.status());
      return;
    }
    run->owner = *owner;
    run->pool = caller->pool;
    core_->runs().Start(*std::move(run), [=](const Result<std::string>& run_id) {
      if (run_id.ok()) {
        response->set_run_id(*run_id);
      }
      finish(run_id.status());
    });
  });
}

grpc::ServerWriteReactor<v1::WatchRunResponse>* RunService::WatchRun(
    grpc::CallbackServerContext* context, const v1::WatchRunRequest* request) {
  auto stream = std::make_shared<WatchStream>(core_, context, limits_, request->run_id());
  stream->Adopt(stream, PlaceFor(*context, store::Role::kViewer, watchers_));
  return stream.get();
}

grpc::ServerUnaryReactor* RunService::CancelRun(grpc::CallbackServerContext* context,
                                                const v1::CancelRunRequest* request,
                                                v1::CancelRunResponse* response) {
  const auto caller = authorizer_->Admit(*context, store::Role::kOperator);
  if (!caller.ok()) {
    return Answer(context, caller.status());
  }
  return LaterOnStrand(&core_->strand(), context, [=, this](const auto& finish) {
    if (const Status status = rpc::CheckRunId(request->run_id()); !status.ok()) {
      finish(status);
      return;
    }
    core_->runs().Cancel(
        request->run_id(), *caller->OwnerOr(""), [=](const Result<RunSummary>& run) {
          if (run.ok()) {
            *response->mutable_run() = ToProto(*run);
          }
          finish(run.status());
        });
  });
}

grpc::ServerUnaryReactor* RunService::ListRuns(grpc::CallbackServerContext* context,
                                               const v1::ListRunsRequest* request,
                                               v1::ListRunsResponse* response) {
  if (const auto caller = authorizer_->Admit(*context, store::Role::kViewer); !caller.ok()) {
    return Answer(context, caller.status());
  }
  return LaterOnStrand(&core_->strand(), context, [=, this](const auto& finish) {
    const uint32_t count = request->max_count() == 0 ? kDefaultListed : request->max_count();
    core_->runs().ListAll(
        std::min(count, kMaxListed), [=](const Result<std::vector<RunSummary>>& runs) {
          for (const RunSummary& run : runs.ok() ? *runs : std::vector<RunSummary>()) {
            *response->add_runs() = ToProto(run);
            ShortenFailure(response->mutable_runs(response->runs_size() - 1));
          }
          finish(runs.status());
        });
  });
}

grpc::ServerUnaryReactor* RunService::ListBoards(grpc::CallbackServerContext* context,
                                                 const v1::ListBoardsRequest* /*request*/,
                                                 v1::ListBoardsResponse* response) {
  using Boards = Result<std::vector<store::BoardRecord>>;
  if (const auto caller = authorizer_->Admit(*context, store::Role::kViewer); !caller.ok()) {
    return Answer(context, caller.status());
  }
  return LaterOnStrand(&core_->strand(), context, [=, this](const auto& finish) {
    core_->runs().farm().AskInOrder<Boards>(
        [](store::Store& store) { return store.Boards(); },
        [=](const Boards& boards) {
          finish(boards.ok() ? AddBoards(*boards, response) : boards.status());
        });
  });
}

grpc::ServerWriteReactor<v1::GetReportResponse>* RunService::GetReport(
    grpc::CallbackServerContext* context, const v1::GetReportRequest* request) {
  return SendFile<v1::GetReportResponse>(
      context, request->run_id(), [&] { return core_->runs().ReportPath(request->run_id()); });
}

grpc::ServerWriteReactor<v1::GetCapturedInputResponse>* RunService::GetCapturedInput(
    grpc::CallbackServerContext* context, const v1::GetCapturedInputRequest* request) {
  using Path = Result<std::filesystem::path>;
  return SendFile<v1::GetCapturedInputResponse>(context, request->run_id(), [&]() -> Path {
    const auto report = core_->runs().ReportPath(request->run_id());
    return report.ok() ? FindCaptured(report->parent_path(), request->index()) : report.status();
  });
}

template <class Response>
grpc::ServerWriteReactor<Response>* RunService::SendFile(
    grpc::CallbackServerContext* context,
    const std::string& run_id,
    const std::function<Result<std::filesystem::path>()>& find) {
  const auto place = PlaceFor(*context, store::Role::kViewer, reports_);
  const Result<Buffer> file = [&]() -> Result<Buffer> {
    PLUMB_RETURN_IF_ERROR(place.status());
    PLUMB_RETURN_IF_ERROR(rpc::CheckRunId(run_id));
    PLUMB_ASSIGN_OR_RETURN(const auto path, core_->strand().Call(find));
    auto mapped = MapFile(path);  // whole only once, however many read it
    if (!mapped.ok()) {
      LogError("run '" + run_id + "': " + mapped.status().ToString());
      return NotFoundError("the server has lost that file of run '" + run_id + "'")
          .WithHint("it may have been removed by --keep-days or --keep-size; run it again");
    }
    return mapped;
  }();
  const uint64_t size = file.ok() ? file->size() : 0;
  return new BytesStream<Response>(
      {&core_->strand(), limits_, context, place.ok() ? *place : nullptr},
      file,
      0,
      [size](uint64_t offset, const Buffer& piece, Response* response) {
        response->set_total_size(size);
        *response->mutable_chunk() = rpc::MakeDataChunk(offset, piece);
      });
}

}  // namespace plumb::server
