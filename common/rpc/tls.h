// Mutual TLS: who this process is, whom it trusts, and who the other side says it is.
//
// Every process has a certificate of the lab's own authority and shows it; nobody without one gets
// as far as a message. Left out of a build with PLUMB_TLS=OFF (an agent for very small flash), in
// which LoadTls refuses.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/security/credentials.h>
#include <grpcpp/server_context.h>

#include "common/base/status.h"
#include "common/rpc/tls_files.h"

namespace plumb::rpc {

// What was read from them.
struct TlsIdentity {
  std::string ca;
  std::string certificate;
  std::string key;
  std::string server_name;
  TlsFiles files;
};

// Null: not encrypted.
using Tls = std::shared_ptr<const TlsIdentity>;

// Null when nothing is given. kInvalidArgument or kPermissionDenied with kReasonUsage, naming flag
// and file: one of the three is missing, a file cannot be read or holds no PEM, the key does not
// fit the certificate, others may read the key, the certificate has ended or has not begun, this
// build has no TLS.
Result<Tls> LoadTls(const TlsFiles& files);

// `tls` as its files are now; as it is where they cannot be used any more.
Tls Refreshed(const Tls& tls);

// Plain credentials for null.
std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsFor(const Tls& tls);

// Who the other side's certificate says it is; empty without TLS.
struct PeerIdentity {
  std::string common_name;
  std::vector<std::string> names;  // subject alternative names

  [[nodiscard]] bool known() const { return !common_name.empty() || !names.empty(); }
};

PeerIdentity IdentityOf(const grpc::ServerContextBase& context);

// A certificate may name the one board it is for: the alternative name URI
// "plumbline:agent:NAME". One for a person is "plumbline:client:NAME" and for no board. A
// certificate with no such name (of an authority of the lab's own) may be any board.
// kPermissionDenied.
Status CheckBoardIdentity(const PeerIdentity& peer, std::string_view board);

}  // namespace plumb::rpc
