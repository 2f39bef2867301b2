#include "server/rpc/run_service.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/base/file.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "server/rpc/bytes_stream.h"
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
static_assert(ServerLimits().boards * (rpc::kMaxTagBytes + kListedRest + kListedNames) <
              rpc::kMaxMessageSize);

// Answers a unary call with what `handle` says, on the strand. gRPC keeps request and response
// until Finish.
template <class Handler>
grpc::ServerUnaryReactor* OnStrand(Strand* strand,
                                   grpc::CallbackServerContext* context,
                                   Handler handle) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  strand->Post([reactor, handle = std::move(handle)] { reactor->Finish(rpc::ToGrpc(handle())); });
  return reactor;
}

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(rpc::ToGrpc(status));
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
    if (!blobs.Find(artifact).ok()) {
      *response->add_missing() = wire;
    }
  }
  return OkStatus();
}

}  // namespace

RunService::RunService(ServerCore* core, const ServerLimits& limits, std::string version)
    : core_(core),
      limits_(limits),
      version_(std::move(version)),
      uploads_("uploads of files at once", limits.artifact_uploads),
      reports_("readers of reports at once", limits.report_reads),
      watchers_("watchers at once", limits.watch_streams) {}

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
  return Answer(context, FindMissingIn(core_->blobs(), *request, response));
}

grpc::ServerReadReactor<v1::PutArtifactRequest>* RunService::PutArtifact(
    grpc::CallbackServerContext* /*context*/, v1::PutArtifactResponse* response) {
  return new PutArtifactStream(core_, limits_, uploads_.Take(), response);
}

grpc::ServerUnaryReactor* RunService::StartRun(grpc::CallbackServerContext* context,
                                               const v1::StartRunRequest* request,
                                               v1::StartRunResponse* response) {
  return OnStrand(&core_->strand(), context, [this, request, response]() -> Status {
    PLUMB_ASSIGN_OR_RETURN(const RunRequest run, FromProto(*request));
    PLUMB_ASSIGN_OR_RETURN(*response->mutable_run_id(), core_->runs().Start(run));
    return OkStatus();
  });
}

grpc::ServerWriteReactor<v1::WatchRunResponse>* RunService::WatchRun(
    grpc::CallbackServerContext* context, const v1::WatchRunRequest* request) {
  auto stream = std::make_shared<WatchStream>(core_, context, limits_, request->run_id());
  stream->Adopt(stream, watchers_.Take());
  return stream.get();
}

grpc::ServerUnaryReactor* RunService::CancelRun(grpc::CallbackServerContext* context,
                                                const v1::CancelRunRequest* request,
                                                v1::CancelRunResponse* response) {
  return OnStrand(&core_->strand(), context, [this, request, response]() -> Status {
    PLUMB_RETURN_IF_ERROR(rpc::CheckRunId(request->run_id()));
    PLUMB_ASSIGN_OR_RETURN(const RunSummary run, core_->runs().Cancel(request->run_id()));
    *response->mutable_run() = ToProto(run);
    return OkStatus();
  });
}

grpc::ServerUnaryReactor* RunService::ListRuns(grpc::CallbackServerContext* context,
                                               const v1::ListRunsRequest* request,
                                               v1::ListRunsResponse* response) {
  return OnStrand(&core_->strand(), context, [this, request, response] {
    const uint32_t count = request->max_count() == 0 ? kDefaultListed : request->max_count();
    for (const RunSummary& run : core_->runs().List(std::min(count, kMaxListed))) {
      *response->add_runs() = ToProto(run);
      ShortenFailure(response->mutable_runs(response->runs_size() - 1));
    }
    return OkStatus();
  });
}

grpc::ServerUnaryReactor* RunService::ListBoards(grpc::CallbackServerContext* context,
                                                 const v1::ListBoardsRequest* /*request*/,
                                                 v1::ListBoardsResponse* response) {
  return OnStrand(&core_->strand(), context, [this, response] {
    for (const BoardInfo& board : core_->boards().List()) {
      *response->add_boards() = ToProto(board);
    }
    return OkStatus();
  });
}

grpc::ServerWriteReactor<v1::GetReportResponse>* RunService::GetReport(
    grpc::CallbackServerContext* context, const v1::GetReportRequest* request) {
  const auto place = reports_.Take();
  const Result<Buffer> report = [&]() -> Result<Buffer> {
    PLUMB_RETURN_IF_ERROR(place.status());
    PLUMB_RETURN_IF_ERROR(rpc::CheckRunId(request->run_id()));
    PLUMB_ASSIGN_OR_RETURN(const auto path, core_->strand().Call([&] {
      return core_->runs().ReportPath(request->run_id());
    }));
    return MapFile(path);  // whole only once, however many read it
  }();
  const uint64_t size = report.ok() ? report->size() : 0;
  return new BytesStream<v1::GetReportResponse>(
      {&core_->strand(), limits_, context, place.ok() ? *place : nullptr},
      report,
      0,
      [size](uint64_t offset, const Buffer& piece, v1::GetReportResponse* response) {
        response->set_total_size(size);
        *response->mutable_chunk() = rpc::MakeDataChunk(offset, piece);
      });
}

}  // namespace plumb::server
