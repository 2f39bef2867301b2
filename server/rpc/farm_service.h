// v1.FarmService over the farm's store: for people and lab automation.
#pragma once

#include "plumb/v1/farm_service.grpc.pb.h"

#include "server/core/server_core.h"
#include "server/rpc/authorizer.h"

namespace plumb::server {

class FarmService final : public v1::FarmService::CallbackService {
 public:
  // Both must outlive every call.
  FarmService(ServerCore* core, Authorizer* authorizer) : core_(core), authorizer_(authorizer) {}

  grpc::ServerUnaryReactor* SetBoardService(grpc::CallbackServerContext* context,
                                            const v1::SetBoardServiceRequest* request,
                                            v1::SetBoardServiceResponse* response) override;
  grpc::ServerUnaryReactor* KickBoard(grpc::CallbackServerContext* context,
                                      const v1::KickBoardRequest* request,
                                      v1::KickBoardResponse* response) override;
  grpc::ServerUnaryReactor* ReserveBoard(grpc::CallbackServerContext* context,
                                         const v1::ReserveBoardRequest* request,
                                         v1::ReserveBoardResponse* response) override;
  grpc::ServerUnaryReactor* ExtendReservation(grpc::CallbackServerContext* context,
                                              const v1::ExtendReservationRequest* request,
                                              v1::ExtendReservationResponse* response) override;
  grpc::ServerUnaryReactor* EndReservation(grpc::CallbackServerContext* context,
                                           const v1::EndReservationRequest* request,
                                           v1::EndReservationResponse* response) override;
  grpc::ServerUnaryReactor* ListReservations(grpc::CallbackServerContext* context,
                                             const v1::ListReservationsRequest* request,
                                             v1::ListReservationsResponse* response) override;
  grpc::ServerUnaryReactor* ExplainRun(grpc::CallbackServerContext* context,
                                       const v1::ExplainRunRequest* request,
                                       v1::ExplainRunResponse* response) override;
  grpc::ServerUnaryReactor* ListAudit(grpc::CallbackServerContext* context,
                                      const v1::ListAuditRequest* request,
                                      v1::ListAuditResponse* response) override;
  grpc::ServerUnaryReactor* AddToken(grpc::CallbackServerContext* context,
                                     const v1::AddTokenRequest* request,
                                     v1::AddTokenResponse* response) override;
  grpc::ServerUnaryReactor* ListTokens(grpc::CallbackServerContext* context,
                                       const v1::ListTokensRequest* request,
                                       v1::ListTokensResponse* response) override;
  grpc::ServerUnaryReactor* RevokeToken(grpc::CallbackServerContext* context,
                                        const v1::RevokeTokenRequest* request,
                                        v1::RevokeTokenResponse* response) override;

 private:
  using Question = std::function<Status(store::Store& store, const Caller& caller)>;

  // For somebody of that role or more: asks `question` on a thread that may wait, and answers the
  // call with its result.
  grpc::ServerUnaryReactor* AskStore(grpc::CallbackServerContext* context,
                                     store::Role needed,
                                     Question question);

  ServerCore* core_;
  Authorizer* authorizer_;
};

}  // namespace plumb::server
