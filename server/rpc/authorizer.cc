#include "server/rpc/authorizer.h"

#include <openssl/crypto.h>

#include <utility>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/rpc/convert.h"
#include "common/rpc/tls.h"

namespace plumb::server {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kPrefix = "plumb_";
constexpr size_t kIdSize = 12;
constexpr size_t kSecretSize = 64;
constexpr size_t kMaxKnown = 1024;
constexpr std::chrono::milliseconds kBetweenRecords{1'000};

Status Unauthenticated(std::string message, std::string_view reason) {
  return Status(StatusCode::kUnauthenticated, std::move(message))
      .WithReason(reason)
      .WithHint("an administrator makes one: plumb token add; give it with --token-file");
}

std::string_view View(grpc::string_ref text) {
  return {text.data(), text.size()};
}

bool SameInConstantTime(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Result<std::string> Caller::OwnerOr(const std::string& said) const {
  if (!name.empty()) {
    return name;
  }
  if (said.empty()) {
    return std::string("anonymous");
  }
  PLUMB_RETURN_IF_ERROR(rpc::CheckName(said, "owner"));
  return said;
}

NewToken MakeToken() {
  NewToken made;
  made.token.id = RandomId().substr(0, kIdSize);
  const std::string secret = RandomId() + RandomId();
  made.token.secret_hash = Sha256Hex(AsBytes(secret));
  made.secret = std::string(kPrefix) + made.token.id + "_" + secret;
  return made;
}

Result<Caller> Authorizer::Admit(const grpc::ServerContextBase& context, store::Role needed) {
  Result<Caller> caller = Identify(context);
  if (caller.ok() && caller->role < needed) {
    caller = PermissionDeniedError("the token of '" + caller->name + "' is a " +
                                   std::string(store::RoleName(caller->role)) + "'s; this needs " +
                                   std::string(store::RoleName(needed)))
                 .WithReason("role_too_low")
                 .WithHint("ask an administrator for a token with that role: plumb token add");
  }
  if (!caller.ok()) {
    Record(context, caller.status());
  }
  return caller;
}

Result<Caller> Authorizer::Identify(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  if (found != metadata.end()) {
    const std::string_view text = View(found->second);
    return text.starts_with(kBearer)
               ? WithToken(text.substr(kBearer.size()))
               : Unauthenticated("the authorization is no bearer token", "token_unknown");
  }
  if (required_ && !context.peer().starts_with("unix:")) {
    return Unauthenticated("this server wants a token", "token_missing");
  }
  const rpc::PeerIdentity peer = rpc::IdentityOf(context);
  Caller caller;
  caller.name = peer.common_name;
  if (caller.name.empty() && !peer.names.empty()) {
    caller.name = peer.names.front();
  }
  return caller;
}

Result<Caller> Authorizer::WithToken(std::string_view text) {
  const bool shaped = text.size() == kPrefix.size() + kIdSize + 1 + kSecretSize &&
                      text.starts_with(kPrefix) && text[kPrefix.size() + kIdSize] == '_';
  if (!shaped) {
    return Unauthenticated("the token is not one of this farm's", "token_unknown");
  }
  const std::string id(text.substr(kPrefix.size(), kIdSize));
  const std::string hash = Sha256Hex(AsBytes(text.substr(kPrefix.size() + kIdSize + 1)));
  PLUMB_ASSIGN_OR_RETURN(const Known known, Look(id));
  if (!SameInConstantTime(known.token.secret_hash, hash)) {
    return Unauthenticated("the token is not one of this farm's", "token_unknown");
  }
  if (known.token.revoked_ms > 0) {
    return Unauthenticated("the token was revoked", "token_revoked");
  }
  if (known.expired) {
    return Unauthenticated("the token has expired", "token_expired");
  }
  return Caller{known.token.name, known.token.role, known.token.pool};
}

Result<Authorizer::Known> Authorizer::Look(const std::string& id) {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(id);
    if (known != known_.end() && now - known->second.asked < kRemembered) {
      return known->second;
    }
  }
  auto found = store_->FindToken(id);
  if (!found.ok()) {
    return found.status().code() == StatusCode::kNotFound
               ? Unauthenticated("the token is not one of this farm's", "token_unknown")
               : found.status();
  }
  Known known = {found->first, found->first.expires_ms <= found->second, now};
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMaxKnown) {
    known_.clear();
  }
  known_[id] = known;
  return known;
}

void Authorizer::Record(const grpc::ServerContextBase& context, const Status& refusal) {
  LogPeer(LogLevel::kWarning, "a call of " + context.peer() + " is refused: " + refusal.ToString());
  {
    // Somebody who tries without end must not fill the disk.
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now < next_record_) {
      return;
    }
    next_record_ = now + kBetweenRecords;
  }
  const Status written = store_->Audit(EscapeForDisplay(context.peer()),
                                       "refused",
                                       std::string(refusal.reason()),
                                       refusal.message());
  if (!written.ok()) {
    LogWarning("a refusal is not in the audit: " + written.ToString());
  }
}

}  // namespace plumb::server
