// Who makes a call, and whether he may.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include <grpcpp/grpcpp.h>

#include "common/base/status.h"
#include "server/store/store.h"

namespace plumb::server {

// Somebody whose call was let in.
struct Caller {
  std::string name;  // the token's, else the certificate's; empty: nobody said
  store::Role role = store::Role::kAdmin;
  std::string pool;  // the boards he may use, as an expression; empty: all

  // Who is responsible for what the call does: the name, else what the caller says of itself.
  [[nodiscard]] Result<std::string> OwnerOr(const std::string& said) const;
};

// A token comes as metadata "authorization: Bearer plumb_ID_SECRET". With one a caller is what it
// says. Without one: everything, unless tokens are required; then nothing but over a unix socket,
// which its file's permissions guard.
//
// Thread-safe. What the store says of a token counts for kRemembered, so a revoked one is refused
// that much later.
class Authorizer {
 public:
  static constexpr std::chrono::seconds kRemembered{5};

  // `store` must outlive it.
  Authorizer(store::Store* store, bool required) : store_(store), required_(required) {}

  // May ask the store, so it may take a moment. kUnauthenticated with token_missing, token_unknown,
  // token_expired or token_revoked; kPermissionDenied with role_too_low. What is refused is written
  // into the audit, some of it when it is much.
  Result<Caller> Admit(const grpc::ServerContextBase& context, store::Role needed);

 private:
  struct Known {
    store::Token token;
    bool expired = false;
    std::chrono::steady_clock::time_point asked;
  };

  Result<Caller> Identify(const grpc::ServerContextBase& context);
  Result<Caller> WithToken(std::string_view text);
  Result<Known> Look(const std::string& id);
  void Record(const grpc::ServerContextBase& context, const Status& refusal);

  store::Store* store_;
  const bool required_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;  // by id; bounded
  std::chrono::steady_clock::time_point next_record_;
};

// A new token and what its holder shows.
struct NewToken {
  store::Token token;  // id and hash
  std::string secret;  // "plumb_ID_SECRET"
};

NewToken MakeToken();

}  // namespace plumb::server
