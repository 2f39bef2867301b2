#include "server/rpc/farm_service.h"

#include <algorithm>
#include <utility>

#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/protocol_error.h"
#include "common/rpc/status_bridge.h"
#include "server/core/request_json.h"
#include "server/rpc/peer_status.h"
#include "server/store/store.h"

namespace plumb::server {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxListed = 1000;
constexpr uint32_t kDefaultEntries = 100;
constexpr uint32_t kLongestLifeHours = 24 * 366 * 10;
constexpr uint64_t kLongestMs = uint64_t{31} * 24 * 3600 * 1000;

Result<milliseconds> LengthFrom(uint64_t ms, std::string_view field) {
  if (ms > kLongestMs) {
    return rpc::ProtocolError(field, "must be at most 31 days");
  }
  return milliseconds(static_cast<int64_t>(ms));
}

Result<std::string> TagsFrom(const google::protobuf::RepeatedPtrField<std::string>& words,
                             const std::string& pool) {
  if (words.size() > rpc::kMaxTags) {
    return rpc::ProtocolError("board", "has too many words");
  }
  for (const std::string& word : words) {
    PLUMB_RETURN_IF_ERROR(rpc::CheckName(word, "board"));
  }
  RunRequest request;
  request.board = {words.begin(), words.end()};
  request.pool = pool;
  return TagsOf(request);
}

Result<store::Service> ServiceFrom(v1::BoardServiceState state) {
  switch (state) {
    case v1::BOARD_SERVICE_STATE_IN_SERVICE:
      return store::Service::kInService;
    case v1::BOARD_SERVICE_STATE_DRAINING:
      return store::Service::kDraining;
    case v1::BOARD_SERVICE_STATE_QUARANTINED:
      return store::Service::kQuarantined;
    default:
      return rpc::ProtocolError("state", "is not known to this server");
  }
}

void Fill(const store::Reservation& from, v1::Reservation* wire) {
  wire->set_id(from.id);
  wire->set_board(from.board);
  wire->set_owner(from.owner);
  wire->set_note(rpc::WireText(from.note, rpc::kMaxListedTextSize));
  wire->set_from_unix_ms(from.from_ms);
  wire->set_until_unix_ms(from.until_ms);
}

void Fill(const store::AuditEntry& from, v1::AuditEntry* wire) {
  wire->set_id(from.id);
  wire->set_at_unix_ms(from.at_ms);
  wire->set_actor(from.actor);
  wire->set_action(from.action);
  wire->set_subject(from.subject);
  wire->set_detail(rpc::WireText(from.detail, rpc::kMaxListedTextSize));
}

void Fill(const store::Token& from, v1::Token* wire) {
  wire->set_id(from.id);
  wire->set_name(from.name);
  wire->set_role(from.role == store::Role::kAdmin      ? v1::TOKEN_ROLE_ADMIN
                 : from.role == store::Role::kOperator ? v1::TOKEN_ROLE_OPERATOR
                                                       : v1::TOKEN_ROLE_VIEWER);
  wire->set_pool(from.pool);
  wire->set_made_unix_ms(from.made_ms);
  wire->set_expires_unix_ms(from.expires_ms);
  wire->set_revoked_unix_ms(from.revoked_ms);
}

Result<store::Role> RoleFrom(v1::TokenRole role) {
  switch (role) {
    case v1::TOKEN_ROLE_VIEWER:
      return store::Role::kViewer;
    case v1::TOKEN_ROLE_OPERATOR:
      return store::Role::kOperator;
    case v1::TOKEN_ROLE_ADMIN:
      return store::Role::kAdmin;
    default:
      return rpc::ProtocolError("role", "is not known to this server");
  }
}

Status CheckText(const std::string& text, std::string_view field) {
  return text.size() <= rpc::kMaxTextSize ? OkStatus() : rpc::ProtocolError(field, "is too long");
}

}  // namespace

grpc::ServerUnaryReactor* FarmService::AskStore(grpc::CallbackServerContext* context,
                                                store::Role needed,
                                                Question question) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto caller = authorizer_->Admit(*context, needed);
  if (!caller.ok()) {
    reactor->Finish(ToPeer(caller.status()));
    return reactor;
  }
  core_->strand().Post([this, reactor, caller = *caller, question = std::move(question)] {
    const auto ask = [question, caller](store::Store& store) { return question(store, caller); };
    core_->runs().farm().AskInOrder<Status>(ask, [this, reactor](const Status& status) {
      reactor->Finish(ToPeer(status));
      core_->runs().farm().Wake();
      core_->runs().farm().Hurry();
    });
  });
  return reactor;
}

grpc::ServerUnaryReactor* FarmService::SetBoardService(grpc::CallbackServerContext* context,
                                                       const v1::SetBoardServiceRequest* request,
                                                       v1::SetBoardServiceResponse* /*response*/) {
  return AskStore(
      context, store::Role::kAdmin, [=](store::Store& store, const Caller& caller) -> Status {
        PLUMB_ASSIGN_OR_RETURN(const std::string actor, caller.OwnerOr(request->actor()));
        PLUMB_RETURN_IF_ERROR(rpc::CheckName(request->board(), "board"));
        PLUMB_RETURN_IF_ERROR(CheckText(request->reason(), "reason"));
        PLUMB_ASSIGN_OR_RETURN(const store::Service service, ServiceFrom(request->state()));
        return store.SetService(request->board(), service, request->reason(), actor);
      });
}

grpc::ServerUnaryReactor* FarmService::KickBoard(grpc::CallbackServerContext* context,
                                                 const v1::KickBoardRequest* request,
                                                 v1::KickBoardResponse* response) {
  return AskStore(
      context, store::Role::kAdmin, [=](store::Store& store, const Caller& caller) -> Status {
        PLUMB_ASSIGN_OR_RETURN(const std::string actor, caller.OwnerOr(request->actor()));
        PLUMB_RETURN_IF_ERROR(rpc::CheckName(request->board(), "board"));
        PLUMB_ASSIGN_OR_RETURN(const auto lease, store.Kick(request->board(), actor));
        response->set_run_id(lease ? lease->run_id : "");
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* FarmService::ReserveBoard(grpc::CallbackServerContext* context,
                                                    const v1::ReserveBoardRequest* request,
                                                    v1::ReserveBoardResponse* response) {
  return AskStore(
      context, store::Role::kOperator, [=](store::Store& store, const Caller& caller) -> Status {
        store::ReservationRequest wanted;
        PLUMB_ASSIGN_OR_RETURN(wanted.owner, caller.OwnerOr(request->owner()));
        PLUMB_ASSIGN_OR_RETURN(wanted.tags, TagsFrom(request->board(), caller.pool));
        PLUMB_ASSIGN_OR_RETURN(wanted.from, LengthFrom(request->from_ms(), "from_ms"));
        PLUMB_ASSIGN_OR_RETURN(wanted.length, LengthFrom(request->length_ms(), "length_ms"));
        PLUMB_RETURN_IF_ERROR(CheckText(request->note(), "note"));
        wanted.note = request->note();
        wanted.count = std::max(request->count(), 1U);
        PLUMB_ASSIGN_OR_RETURN(const auto made, store.Reserve(wanted));
        for (const store::Reservation& one : made) {
          Fill(
              one,
              response->has_reservation() ? response->add_more() : response->mutable_reservation());
        }
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* FarmService::ExtendReservation(
    grpc::CallbackServerContext* context,
    const v1::ExtendReservationRequest* request,
    v1::ExtendReservationResponse* response) {
  return AskStore(
      context, store::Role::kOperator, [=](store::Store& store, const Caller& caller) -> Status {
        PLUMB_ASSIGN_OR_RETURN(const std::string owner, caller.OwnerOr(request->owner()));
        PLUMB_ASSIGN_OR_RETURN(const milliseconds length,
                               LengthFrom(request->length_ms(), "length_ms"));
        PLUMB_ASSIGN_OR_RETURN(const store::Reservation kept,
                               store.Extend(request->id(), owner, length));
        Fill(kept, response->mutable_reservation());
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* FarmService::EndReservation(grpc::CallbackServerContext* context,
                                                      const v1::EndReservationRequest* request,
                                                      v1::EndReservationResponse* /*response*/) {
  return AskStore(
      context, store::Role::kOperator, [=](store::Store& store, const Caller& caller) -> Status {
        PLUMB_ASSIGN_OR_RETURN(const std::string owner, caller.OwnerOr(request->owner()));
        if (request->force() && caller.role < store::Role::kAdmin) {
          return PermissionDeniedError("only an administrator ends others' reservations")
              .WithReason("role_too_low");
        }
        return store.EndReservation(request->id(), request->force() ? "" : owner, owner);
      });
}

grpc::ServerUnaryReactor* FarmService::ListReservations(
    grpc::CallbackServerContext* context,
    const v1::ListReservationsRequest* /*request*/,
    v1::ListReservationsResponse* response) {
  return AskStore(
      context, store::Role::kViewer, [=](store::Store& store, const Caller& /*caller*/) -> Status {
        PLUMB_ASSIGN_OR_RETURN(auto list, store.Reservations());
        list.resize(std::min(list.size(), kMaxListed));
        for (const store::Reservation& reservation : list) {
          Fill(reservation, response->add_reservations());
        }
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* FarmService::ExplainRun(grpc::CallbackServerContext* context,
                                                  const v1::ExplainRunRequest* request,
                                                  v1::ExplainRunResponse* response) {
  return AskStore(
      context, store::Role::kViewer, [=](store::Store& store, const Caller& /*caller*/) -> Status {
        PLUMB_RETURN_IF_ERROR(rpc::CheckRunId(request->run_id()));
        PLUMB_ASSIGN_OR_RETURN(const store::Waiting waiting, store.Explain(request->run_id()));
        response->set_position(waiting.position);
        response->set_queued(waiting.queued);
        response->set_reason(rpc::WireText(waiting.reason, rpc::kMaxTextSize));
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* FarmService::ListAudit(grpc::CallbackServerContext* context,
                                                 const v1::ListAuditRequest* request,
                                                 v1::ListAuditResponse* response) {
  return AskStore(
      context, store::Role::kAdmin, [=](store::Store& store, const Caller& /*caller*/) -> Status {
        const uint32_t count = request->max_count() == 0 ? kDefaultEntries : request->max_count();
        PLUMB_ASSIGN_OR_RETURN(
            const auto entries,
            store.AuditTrail(request->after(), std::min<size_t>(count, kMaxListed)));
        for (const store::AuditEntry& entry : entries) {
          Fill(entry, response->add_entries());
        }
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* FarmService::AddToken(grpc::CallbackServerContext* context,
                                                const v1::AddTokenRequest* request,
                                                v1::AddTokenResponse* response) {
  const auto add = [=](store::Store& store, const Caller& caller) -> Status {
    PLUMB_RETURN_IF_ERROR(rpc::CheckName(request->name(), "name"));
    if (request->life_hours() == 0 || request->life_hours() > kLongestLifeHours) {
      return rpc::ProtocolError("life_hours", "must be 1 to " + std::to_string(kLongestLifeHours));
    }
    NewToken made = MakeToken();
    made.token.name = request->name();
    made.token.pool = request->pool();
    PLUMB_ASSIGN_OR_RETURN(made.token.role, RoleFrom(request->role()));
    PLUMB_ASSIGN_OR_RETURN(const std::string actor, caller.OwnerOr(""));
    PLUMB_ASSIGN_OR_RETURN(
        const store::Token kept,
        store.AddToken(made.token, std::chrono::hours(request->life_hours()), actor));
    Fill(kept, response->mutable_token());
    response->set_secret(made.secret);
    return OkStatus();
  };
  return AskStore(context, store::Role::kAdmin, add);
}

grpc::ServerUnaryReactor* FarmService::ListTokens(grpc::CallbackServerContext* context,
                                                  const v1::ListTokensRequest* /*request*/,
                                                  v1::ListTokensResponse* response) {
  const auto list = [=](store::Store& store, const Caller& /*caller*/) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const auto tokens, store.Tokens());
    for (const store::Token& token : tokens) {
      Fill(token, response->add_tokens());
    }
    return OkStatus();
  };
  return AskStore(context, store::Role::kAdmin, list);
}

grpc::ServerUnaryReactor* FarmService::RevokeToken(grpc::CallbackServerContext* context,
                                                   const v1::RevokeTokenRequest* request,
                                                   v1::RevokeTokenResponse* /*response*/) {
  const auto revoke = [=](store::Store& store, const Caller& caller) -> Status {
    PLUMB_ASSIGN_OR_RETURN(const std::string actor, caller.OwnerOr(""));
    return store.RevokeToken(request->id(), actor);
  };
  return AskStore(context, store::Role::kAdmin, revoke);
}

}  // namespace plumb::server
