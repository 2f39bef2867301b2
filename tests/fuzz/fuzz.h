// What the fuzzers share: a requirement that ends the program, and bytes read as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

// One input of any bytes; always returns 0. What must not happen ends the program.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// libFuzzer's own mutation, for custom mutators (compiled with PLUMB_LIBFUZZER alone).
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace plumb::fuzz {

[[noreturn]] inline void Violated(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: violated: %s\n", file, line, what);
  std::abort();
}

// Reads a fuzzer's input as small numbers and pieces; zeros and nothing once it is used up.
class Input {
 public:
  explicit Input(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  template <class T>
  T Number() {
    T value{};
    const auto piece = Take(sizeof value);
    if (!piece.empty()) {
      std::memcpy(&value, piece.data(), piece.size());
    }
    return value;
  }

  // 0 … limit − 1.
  uint32_t Below(uint32_t limit) { return Number<uint8_t>() % limit; }

  // At most `size` bytes.
  std::span<const uint8_t> Take(size_t size) {
    const auto piece = bytes_.first(size < bytes_.size() ? size : bytes_.size());
    bytes_ = bytes_.subspan(piece.size());
    return piece;
  }

  std::span<const uint8_t> Rest() { return Take(bytes_.size()); }

  // One byte of length, then so many bytes.
  std::string Text() {
    const auto piece = Take(Number<uint8_t>());
    return {piece.begin(), piece.end()};
  }

 private:
  std::span<const uint8_t> bytes_;
};

inline std::string_view TextOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace plumb::fuzz

// Holds in every build: a fuzzer that cannot fail proves nothing.
#define FUZZ_REQUIRE(condition)                                \
  do {                                                         \
    if (!(condition)) {                                        \
      ::plumb::fuzz::Violated(#condition, __FILE__, __LINE__); \
    }                                                          \
  } while (false)
