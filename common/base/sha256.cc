// The hash itself and not EVP, which OpenSSL 3 would rather see used: EVP brings two thirds of
// libcrypto into a static program, 1.9 MB that a board without TLS has no use for.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "common/base/sha256.h"

#include <fcntl.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "common/base/text.h"
#include "common/base/unique_fd.h"

namespace plumb {

void Sha256::Deleter::operator()(void* context) const {
  delete static_cast<SHA256_CTX*>(context);
}

Sha256::Sha256() : context_(new SHA256_CTX) {
  SHA256_Init(static_cast<SHA256_CTX*>(context_.get()));
}

void Sha256::Update(std::span<const uint8_t> bytes) {
  SHA256_Update(static_cast<SHA256_CTX*>(context_.get()), bytes.data(), bytes.size());
}

Sha256Digest Sha256::Finish() {
  Sha256Digest digest{};
  auto* context = static_cast<SHA256_CTX*>(context_.get());
  SHA256_Final(digest.data(), context);
  SHA256_Init(context);
  return digest;
}

Sha256Digest Sha256Of(std::span<const uint8_t> bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

std::string ToHex(const Sha256Digest& digest) {
  return ToHex(digest.data(), digest.size());
}

std::string Sha256Hex(std::span<const uint8_t> bytes) {
  return ToHex(Sha256Of(bytes));
}

Result<std::string> Sha256HexOfFile(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return ErrnoError(errno, "cannot open '" + EscapeForDisplay(path.string()) + "'");
  }
  Sha256 hash;
  std::vector<uint8_t> block(size_t{1} << 18U);
  for (;;) {
    const ssize_t got = ::read(fd.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ErrnoError(errno, "cannot read '" + EscapeForDisplay(path.string()) + "'");
    }
    if (got == 0) {
      return ToHex(hash.Finish());
    }
    hash.Update({block.data(), static_cast<size_t>(got)});
  }
}

bool IsSha256Hex(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace plumb
