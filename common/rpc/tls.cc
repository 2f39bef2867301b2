#include "common/rpc/tls.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/runner/failure.h"

#ifdef PLUMB_TLS
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/rpc/tls_check.h"
#endif

namespace plumb::rpc {
namespace {

constexpr std::string_view kAgentUri = "plumbline:agent:";
constexpr std::string_view kAnyUri = "plumbline:";

Status Usage(std::string message, std::string_view hint) {
  return InvalidArgumentError(std::move(message)).WithReason(kReasonUsage).WithHint(hint);
}

#ifdef PLUMB_TLS

constexpr uint64_t kMaxPemSize = uint64_t{1} << 20;

Result<std::string> ReadPem(const char* flag, const std::string& path) {
  if (path.empty()) {
    return Usage(std::string(flag) + " is missing",
                 "TLS needs all three: --tls-ca FILE --tls-cert FILE --tls-key FILE");
  }
  const auto bytes = ReadFile(path, kMaxPemSize);
  if (!bytes.ok()) {
    return Usage(std::string(flag) + ": " + bytes.status().message(), "give a PEM file");
  }
  return std::string(bytes->span().begin(), bytes->span().end());
}

Status CheckKeyFile(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return PermissionDeniedError("--tls-key: others on this machine may read '" + path + "'")
        .WithReason(kReasonUsage)
        .WithHint("chmod 600 " + path);
  }
  return OkStatus();
}

#endif

}  // namespace

#ifdef PLUMB_TLS

Result<Tls> LoadTls(const TlsFiles& files) {
  if (!files.given()) {
    return Tls();
  }
  auto identity = std::make_shared<TlsIdentity>();
  PLUMB_ASSIGN_OR_RETURN(identity->ca, ReadPem("--tls-ca", files.ca));
  PLUMB_ASSIGN_OR_RETURN(identity->certificate, ReadPem("--tls-cert", files.certificate));
  PLUMB_ASSIGN_OR_RETURN(identity->key, ReadPem("--tls-key", files.key));
  PLUMB_RETURN_IF_ERROR(CheckKeyFile(files.key));
  PLUMB_RETURN_IF_ERROR(CheckPem(*identity));
  identity->server_name = files.server_name;
  identity->files = files;
  return Tls(std::move(identity));
}

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsFor(const Tls& tls) {
  if (!tls) {
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = tls->ca;
  options.pem_cert_chain = tls->certificate;
  options.pem_private_key = tls->key;
  return grpc::SslCredentials(options);
}

#else

Result<Tls> LoadTls(const TlsFiles& files) {
  if (files.given()) {
    return Usage(
        "this program was built without TLS (PLUMB_TLS=OFF), so --tls-ca, --tls-cert and "
        "--tls-key cannot be used",
        "use the build with TLS, or dial a port that ssh forwards to the server");
  }
  return Tls();
}

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsFor(const Tls& /*tls*/) {
  return grpc::InsecureChannelCredentials();
}

#endif

Tls Refreshed(const Tls& tls) {
  if (!tls) {
    return tls;
  }
  const auto now = LoadTls(tls->files);
  return now.ok() ? *now : tls;
}

PeerIdentity IdentityOf(const grpc::ServerContextBase& context) {
  PeerIdentity peer;
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) {
    return peer;
  }
  for (const auto& name : auth->FindPropertyValues("x509_common_name")) {
    peer.common_name.assign(name.data(), name.size());
  }
  for (const auto& name : auth->FindPropertyValues("x509_subject_alternative_name")) {
    peer.names.emplace_back(name.data(), name.size());
  }
  return peer;
}

Status CheckBoardIdentity(const PeerIdentity& peer, std::string_view board) {
  const std::string wanted = std::string(kAgentUri) + std::string(board);
  bool named = false;
  for (const std::string& name : peer.names) {
    if (name == wanted) {
      return OkStatus();
    }
    named = named || name.rfind(kAnyUri, 0) == 0;
  }
  if (!named) {
    return OkStatus();
  }
  return PermissionDeniedError("the certificate of '" + EscapeForDisplay(peer.common_name) +
                               "' is not for the board '" + EscapeForDisplay(board) + "'")
      .WithReason(kReasonWrongIdentity)
      .WithHint(
          "give the agent the --name its certificate was made for, or make one with "
          "plumb-server certs --agent " +
          EscapeForDisplay(board));
}

}  // namespace plumb::rpc
