#include "common/rpc/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <optional>

#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kWriteInstead =
    "write HOST:PORT such as 127.0.0.1:7070, [::1]:7070, or unix:/path/to/socket";

Status Malformed(std::string_view text, std::string_view why) {
  return InvalidArgumentError("the address '" + EscapeForDisplay(text) + "' " + std::string(why))
      .WithReason(kReasonUsage)
      .WithHint(kWriteInstead);
}

bool IsLoopbackHost(const std::string& host) {
  if (host == "localhost") {
    return true;
  }
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127;
  }
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool IsHostName(std::string_view host) {
  for (const char c : host) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    if (!allowed) {
      return false;
    }
  }
  return !host.empty() && host.size() <= 253;
}

Result<Address> ParseUnix(std::string_view text) {
  const std::string_view path = text.substr(kUnixPrefix.size());
  // One byte stays for the terminating zero.
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path) || !IsSafeName(path)) {
    return Malformed(text, "has no usable path: 1 to 107 bytes are needed");
  }
  Address address;
  address.unix_path = path;
  address.loopback = true;
  return address;
}

Status RefuseRemote(std::string_view verb, const Address& address) {
  return PermissionDeniedError("will not " + std::string(verb) + " " + address.ToString() +
                               ": the connection is not encrypted, and that is neither this "
                               "machine's loopback nor a unix socket")
      .WithReason(kReasonUsage)
      .WithHint(
          "add --tls-ca FILE --tls-cert FILE --tls-key FILE (plumb-server certs makes them), or "
          "use "
          "127.0.0.1:PORT, [::1]:PORT or unix:PATH; agent and server also take --insecure, for a "
          "network you trust");
}

}  // namespace

std::string Address::ToString() const {
  if (is_unix()) {
    return std::string(kUnixPrefix) + unix_path;
  }
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> ParseAddress(std::string_view text) {
  if (text.substr(0, kUnixPrefix.size()) == kUnixPrefix) {
    return ParseUnix(text);
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Malformed(text, "has no port");
  }
  const auto port = ParseUint(text.substr(colon + 1));
  if (!port || *port > 65'535) {
    return Malformed(text, "has no port between 0 and 65535");
  }
  Address address;
  address.port = static_cast<uint16_t>(*port);
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    address.host = host.substr(1, host.size() - 2);
    in6_addr v6{};
    if (::inet_pton(AF_INET6, address.host.c_str(), &v6) != 1) {
      return Malformed(text, "has no IPv6 address in its brackets");
    }
  } else if (IsHostName(host)) {
    address.host = host;
  } else {
    return Malformed(text, "has no usable host");
  }
  address.loopback = IsLoopbackHost(address.host);
  return address;
}

Result<Address> CheckListenAddress(std::string_view text, bool allow_remote) {
  PLUMB_ASSIGN_OR_RETURN(Address address, ParseAddress(text));
  if (!address.loopback && !allow_remote) {
    return RefuseRemote("listen on", address);
  }
  return address;
}

Result<Address> CheckDialAddress(std::string_view text, bool allow_remote) {
  PLUMB_ASSIGN_OR_RETURN(Address address, ParseAddress(text));
  if (!address.is_unix() && address.port == 0) {
    return Malformed(text, "has port 0, which nobody can dial");
  }
  if (!address.loopback && !allow_remote) {
    return RefuseRemote("dial", address);
  }
  return address;
}

}  // namespace plumb::rpc
