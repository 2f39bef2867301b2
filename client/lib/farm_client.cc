#include "client/lib/farm_client.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "plumb/v1/farm_service.grpc.pb.h"

#include "client/lib/token.h"
#include "common/base/text.h"
#include "common/rpc/address.h"
#include "common/rpc/channel.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "common/rpc/tls.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

constexpr std::chrono::seconds kCallTimeout{20};

// What a server says is shown, whatever it is; made harmless, so that --json is as well.
std::string Text(const std::string& from) {
  return rpc::WireText(from, rpc::kMaxTextSize);
}

Reservation FromWire(const v1::Reservation& wire) {
  return {Text(wire.id()),
          Text(wire.board()),
          Text(wire.owner()),
          Text(wire.note()),
          wire.from_unix_ms(),
          wire.until_unix_ms()};
}

v1::TokenRole RoleToWire(const std::string& role) {
  return role == "admin"      ? v1::TOKEN_ROLE_ADMIN
         : role == "operator" ? v1::TOKEN_ROLE_OPERATOR
         : role == "viewer"   ? v1::TOKEN_ROLE_VIEWER
                              : v1::TOKEN_ROLE_UNSPECIFIED;
}

std::string RoleFromWire(v1::TokenRole role) {
  switch (role) {
    case v1::TOKEN_ROLE_ADMIN:
      return "admin";
    case v1::TOKEN_ROLE_OPERATOR:
      return "operator";
    case v1::TOKEN_ROLE_VIEWER:
      return "viewer";
    default:
      return "unknown";
  }
}

Token FromWire(const v1::Token& wire) {
  return {Text(wire.id()),
          Text(wire.name()),
          RoleFromWire(wire.role()),
          Text(wire.pool()),
          wire.made_unix_ms(),
          wire.expires_unix_ms(),
          wire.revoked_unix_ms()};
}

v1::BoardServiceState StateToWire(BoardState state) {
  switch (state) {
    case BoardState::kDraining:
      return v1::BOARD_SERVICE_STATE_DRAINING;
    case BoardState::kQuarantined:
      return v1::BOARD_SERVICE_STATE_QUARANTINED;
    default:
      return v1::BOARD_SERVICE_STATE_IN_SERVICE;
  }
}

}  // namespace

std::string DefaultOwner() {
  const char* given = std::getenv("PLUMB_OWNER");
  if (given != nullptr && IsSafeName(given)) {
    return given;
  }
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr && IsSafeName(user->pw_name) ? user->pw_name : "anonymous";
}

class FarmClient::Impl {
 public:
  Impl(const rpc::Endpoint& server, std::string owner, std::string token)
      : address_(server.address.ToString()),
        token_(std::move(token)),
        owner_(std::move(owner)),
        stub_(v1::FarmService::NewStub(rpc::OpenChannel(server, rpc::ChannelPurpose::kControl))) {}

  [[nodiscard]] const std::string& owner() const { return owner_; }

  template <class Request, class Response>
  Status Call(grpc::Status (v1::FarmService::Stub::*method)(grpc::ClientContext*,
                                                            const Request&,
                                                            Response*),
              const Request& request,
              Response* response) {
    grpc::ClientContext context;
    ShowToken(token_, &context);
    context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
    Status outcome = rpc::FromGrpc((stub_.get()->*method)(&context, request, response));
    if (outcome.code() == StatusCode::kUnimplemented) {
      return std::move(outcome).WithHint("this server is older than the farm's verbs: update it");
    }
    if (!outcome.ok() && outcome.reason().empty() && rpc::IsLinkError(outcome)) {
      return UnavailableError("the connection to the server at " + address_ +
                              " broke: " + outcome.message())
          .WithReason(kReasonServerLost);
    }
    return outcome;
  }

 private:
  const std::string address_;
  const std::string token_;
  const std::string owner_;
  std::unique_ptr<v1::FarmService::Stub> stub_;
};

FarmClient::FarmClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FarmClient::~FarmClient() = default;

Result<std::unique_ptr<FarmClient>> FarmClient::Connect(const ClientOptions& options,
                                                        std::string owner) {
  // Its greeting says why a server does not answer.
  PLUMB_RETURN_IF_ERROR(Client::Connect(options).status());
  PLUMB_ASSIGN_OR_RETURN(
      const rpc::Address address,
      rpc::CheckDialAddress(options.address, options.allow_insecure || options.tls.given()));
  rpc::Endpoint server(address);
  if (!address.is_unix()) {
    PLUMB_ASSIGN_OR_RETURN(server.tls, rpc::LoadTls(options.tls));
  }
  PLUMB_ASSIGN_OR_RETURN(std::string token, ReadToken(options));
  return std::unique_ptr<FarmClient>(
      new FarmClient(std::make_unique<Impl>(server, std::move(owner), std::move(token))));
}

Status FarmClient::SetBoardService(const std::string& board,
                                   BoardState state,
                                   const std::string& reason) {
  v1::SetBoardServiceRequest request;
  request.set_board(board);
  request.set_state(StateToWire(state));
  request.set_reason(reason);
  request.set_actor(impl_->owner());
  v1::SetBoardServiceResponse response;
  return impl_->Call(&v1::FarmService::Stub::SetBoardService, request, &response);
}

Result<std::string> FarmClient::Kick(const std::string& board) {
  v1::KickBoardRequest request;
  request.set_board(board);
  request.set_actor(impl_->owner());
  v1::KickBoardResponse response;
  PLUMB_RETURN_IF_ERROR(impl_->Call(&v1::FarmService::Stub::KickBoard, request, &response));
  return Text(response.run_id());
}

Result<std::vector<Reservation>> FarmClient::Reserve(const ReservationRequest& wanted) {
  v1::ReserveBoardRequest request;
  for (const std::string& word : wanted.board) {
    request.add_board(word);
  }
  request.set_owner(impl_->owner());
  request.set_note(wanted.note);
  request.set_from_ms(static_cast<uint64_t>(wanted.from.count()));
  request.set_length_ms(static_cast<uint64_t>(wanted.length.count()));
  request.set_count(wanted.count);
  v1::ReserveBoardResponse response;
  PLUMB_RETURN_IF_ERROR(impl_->Call(&v1::FarmService::Stub::ReserveBoard, request, &response));
  std::vector<Reservation> made = {FromWire(response.reservation())};
  for (const v1::Reservation& other : response.more()) {
    made.push_back(FromWire(other));
  }
  if (made.size() < wanted.count) {
    return FailedPreconditionError("the server is older and reserves one board at a time")
        .WithReason(kReasonVersionMismatch)
        .WithHint("'plumb release " + made.front().board + "' gives back the one it kept");
  }
  return made;
}

Result<Reservation> FarmClient::Extend(const std::string& id, std::chrono::milliseconds length) {
  v1::ExtendReservationRequest request;
  request.set_id(id);
  request.set_owner(impl_->owner());
  request.set_length_ms(static_cast<uint64_t>(length.count()));
  v1::ExtendReservationResponse response;
  PLUMB_RETURN_IF_ERROR(impl_->Call(&v1::FarmService::Stub::ExtendReservation, request, &response));
  return FromWire(response.reservation());
}

Status FarmClient::EndReservation(const std::string& id, bool force) {
  v1::EndReservationRequest request;
  request.set_id(id);
  request.set_owner(impl_->owner());
  request.set_force(force);
  v1::EndReservationResponse response;
  return impl_->Call(&v1::FarmService::Stub::EndReservation, request, &response);
}

Result<std::vector<Reservation>> FarmClient::Reservations() {
  v1::ListReservationsResponse response;
  PLUMB_RETURN_IF_ERROR(impl_->Call(
      &v1::FarmService::Stub::ListReservations, v1::ListReservationsRequest(), &response));
  std::vector<Reservation> list;
  for (const v1::Reservation& wire : response.reservations()) {
    list.push_back(FromWire(wire));
  }
  return list;
}

Result<WaitingRun> FarmClient::Explain(const std::string& run_id) {
  v1::ExplainRunRequest request;
  request.set_run_id(run_id);
  v1::ExplainRunResponse response;
  PLUMB_RETURN_IF_ERROR(impl_->Call(&v1::FarmService::Stub::ExplainRun, request, &response));
  return WaitingRun{response.position(), response.queued(), Text(response.reason())};
}

Result<std::vector<AuditEntry>> FarmClient::Audit(int64_t after, uint32_t max_count) {
  v1::ListAuditRequest request;
  request.set_after(after);
  request.set_max_count(max_count);
  v1::ListAuditResponse response;
  PLUMB_RETURN_IF_ERROR(impl_->Call(&v1::FarmService::Stub::ListAudit, request, &response));
  std::vector<AuditEntry> entries;
  for (const v1::AuditEntry& wire : response.entries()) {
    entries.push_back({wire.id(),
                       wire.at_unix_ms(),
                       Text(wire.actor()),
                       Text(wire.action()),
                       Text(wire.subject()),
                       Text(wire.detail())});
  }
  return entries;
}

Result<std::pair<Token, std::string>> FarmClient::AddToken(const Token& wanted,
                                                           std::chrono::hours life) {
  v1::AddTokenRequest request;
  request.set_name(wanted.name);
  request.set_role(RoleToWire(wanted.role));
  request.set_pool(wanted.pool);
  request.set_life_hours(static_cast<uint32_t>(life.count()));
  v1::AddTokenResponse response;
  PLUMB_RETURN_IF_ERROR(impl_->Call(&v1::FarmService::Stub::AddToken, request, &response));
  return std::pair(FromWire(response.token()), Text(response.secret()));
}

Result<std::vector<Token>> FarmClient::Tokens() {
  v1::ListTokensResponse response;
  PLUMB_RETURN_IF_ERROR(
      impl_->Call(&v1::FarmService::Stub::ListTokens, v1::ListTokensRequest(), &response));
  std::vector<Token> list;
  for (const v1::Token& wire : response.tokens()) {
    list.push_back(FromWire(wire));
  }
  return list;
}

Status FarmClient::RevokeToken(const std::string& id) {
  v1::RevokeTokenRequest request;
  request.set_id(id);
  v1::RevokeTokenResponse response;
  return impl_->Call(&v1::FarmService::Stub::RevokeToken, request, &response);
}

}  // namespace plumb::client
