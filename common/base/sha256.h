// SHA-256, the identity of models and inputs everywhere in the project (OpenSSL's libcrypto).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace plumb {

using Sha256Digest = std::array<uint8_t, 32>;

// Incremental hash; not thread-safe.
class Sha256 {
 public:
  Sha256();
  void Update(std::span<const uint8_t> bytes);
  // The digest of all bytes so far; the object then starts anew.
  Sha256Digest Finish();

 private:
  struct Deleter {
    void operator()(void* context) const;
  };

  std::unique_ptr<void, Deleter> context_;
};

Sha256Digest Sha256Of(std::span<const uint8_t> bytes);
// 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::span<const uint8_t> bytes);
std::string ToHex(const Sha256Digest& digest);
// Reads in bounded memory.
Result<std::string> Sha256HexOfFile(const std::filesystem::path& path);
// True for 64 lower-case hexadecimal digits: the only form in which a digest becomes a file name.
bool IsSha256Hex(std::string_view text);

}  // namespace plumb
