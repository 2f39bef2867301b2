#include "client/lib/token.h"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "client/lib/client.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/rpc/address.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

constexpr uint64_t kMaxFileSize = 1024;

Status WrongFile(const std::string& file, const std::string& what, std::string_view hint) {
  return InvalidArgumentError("--token-file '" + EscapeForDisplay(file) + "' " + what)
      .WithReason(kReasonUsage)
      .WithHint(hint);
}

Status CheckPrivate(const std::string& file) {
  struct stat info {};

  if (::stat(file.c_str(), &info) != 0) {
    return WrongFile(file, "cannot be read", "it holds what `plumb token add` printed");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return WrongFile(file, "may be read by others", "chmod 600 it");
  }
  return OkStatus();
}

}  // namespace

Result<std::string> ReadToken(const ClientOptions& options) {
  if (options.token_file.empty()) {
    return std::string();
  }
  PLUMB_ASSIGN_OR_RETURN(
      const rpc::Address address,
      rpc::CheckDialAddress(options.address, options.allow_insecure || options.tls.given()));
  if (!address.is_unix() && !address.loopback && !options.tls.given()) {
    return InvalidArgumentError("a token is not sent over an unencrypted network")
        .WithReason(kReasonUsage)
        .WithHint("give --tls-ca --tls-cert --tls-key");
  }
  PLUMB_RETURN_IF_ERROR(CheckPrivate(options.token_file));
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(options.token_file, kMaxFileSize));
  std::string token(Trim(bytes.view()));
  const bool plain = !token.empty() && std::all_of(token.begin(), token.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_';
  });
  if (!plain) {
    return WrongFile(
        options.token_file, "holds no token", "it holds what `plumb token add` printed");
  }
  return token;
}

void ShowToken(const std::string& token, grpc::ClientContext* context) {
  if (!token.empty()) {
    context->AddMetadata("authorization", "Bearer " + token);
  }
}

}  // namespace plumb::client
