// v1.RunService over the server's core: for clients.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "plumb/v1/run_service.grpc.pb.h"

#include "server/core/server_core.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/stream_quota.h"

namespace plumb::server {

class RunService final : public v1::RunService::CallbackService {
 public:
  // Both must outlive every call.
  RunService(ServerCore* core,
             Authorizer* authorizer,
             const ServerLimits& limits,
             std::string version);

  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context,
                                          const v1::GetServerInfoRequest* request,
                                          v1::GetServerInfoResponse* response) override;
  grpc::ServerUnaryReactor* FindMissing(grpc::CallbackServerContext* context,
                                        const v1::FindMissingRequest* request,
                                        v1::FindMissingResponse* response) override;
  grpc::ServerReadReactor<v1::PutArtifactRequest>* PutArtifact(
      grpc::CallbackServerContext* context, v1::PutArtifactResponse* response) override;
  grpc::ServerUnaryReactor* StartRun(grpc::CallbackServerContext* context,
                                     const v1::StartRunRequest* request,
                                     v1::StartRunResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchRunResponse>* WatchRun(
      grpc::CallbackServerContext* context, const v1::WatchRunRequest* request) override;
  grpc::ServerUnaryReactor* CancelRun(grpc::CallbackServerContext* context,
                                      const v1::CancelRunRequest* request,
                                      v1::CancelRunResponse* response) override;
  grpc::ServerUnaryReactor* ListRuns(grpc::CallbackServerContext* context,
                                     const v1::ListRunsRequest* request,
                                     v1::ListRunsResponse* response) override;
  grpc::ServerUnaryReactor* ListBoards(grpc::CallbackServerContext* context,
                                       const v1::ListBoardsRequest* request,
                                       v1::ListBoardsResponse* response) override;
  grpc::ServerWriteReactor<v1::GetReportResponse>* GetReport(
      grpc::CallbackServerContext* context, const v1::GetReportRequest* request) override;
  grpc::ServerWriteReactor<v1::GetCapturedInputResponse>* GetCapturedInput(
      grpc::CallbackServerContext* context, const v1::GetCapturedInputRequest* request) override;

 private:
  // The file of a run that `find` names, which is called on the strand.
  template <class Response>
  grpc::ServerWriteReactor<Response>* SendFile(
      grpc::CallbackServerContext* context,
      const std::string& run_id,
      const std::function<Result<std::filesystem::path>()>& find);
  // A place for a stream of somebody who may have it.
  Result<StreamQuota::Place> PlaceFor(const grpc::ServerContextBase& context,
                                      store::Role role,
                                      StreamQuota& quota);

  ServerCore* core_;
  Authorizer* authorizer_;
  const ServerLimits limits_;
  const std::string version_;
  StreamQuota uploads_;
  StreamQuota reports_;
  StreamQuota watchers_;
};

}  // namespace plumb::server
