// Who may do what on the farm: tokens as the store keeps them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plumb::store {

// What somebody with a token may do; each includes the ones before it.
enum class Role : uint8_t {
  kViewer,    // look
  kOperator,  // also run, cancel and reserve
  kAdmin,     // also take boards from others and out of service, read the audit, make tokens
};

std::string_view RoleName(Role role);
// Empty for a word that is no role.
std::optional<Role> RoleFrom(std::string_view name);

// A right that a person or a CI holds. The secret itself is never kept.
struct Token {
  std::string id;           // names it; no secret
  std::string secret_hash;  // SHA-256 of the secret, in hexadecimal digits
  std::string name;         // whose it is: the owner of what is done with it
  Role role = Role::kViewer;
  std::string pool;  // tag_expression.h: the boards it is for; empty: all
  int64_t made_ms = 0;
  int64_t expires_ms = 0;
  int64_t revoked_ms = 0;  // 0: not
};

}  // namespace plumb::store
