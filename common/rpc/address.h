// Where to listen and where to dial. Anything but this machine is refused unless the connection is
// encrypted, or the person insists.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace plumb::rpc {

// A checked address.
struct Address {
  std::string host;       // without brackets; empty for a unix socket
  uint16_t port = 0;      // 0 when listening: the system chooses
  std::string unix_path;  // empty for TCP
  bool loopback = false;  // true for unix sockets too

  [[nodiscard]] bool is_unix() const { return !unix_path.empty(); }

  // As gRPC and people write it: "127.0.0.1:7070", "[::1]:7070", "unix:/run/plumb.sock".
  [[nodiscard]] std::string ToString() const;
};

// "host:port", "[v6]:port" or "unix:PATH" (at most 107 bytes). kInvalidArgument with kReasonUsage
// says what to write instead. Names are not resolved; only "localhost" counts as loopback.
Result<Address> ParseAddress(std::string_view text);

// Parses and refuses, with kPermissionDenied and kReasonUsage, what is neither loopback nor a unix
// socket unless `allow_remote`: with TLS, or because the person insists.
Result<Address> CheckListenAddress(std::string_view text, bool allow_remote);
// Likewise for dialling; the port must not be 0.
Result<Address> CheckDialAddress(std::string_view text, bool allow_remote);

}  // namespace plumb::rpc
