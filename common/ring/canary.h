// The canary: what every output buffer holds before Invoke, so that bytes Invoke did not write are
// known afterwards. C++14, shared by the child, which fills, and the host, which looks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace ring {

// The eight bytes (little-endian) at byte offset 8 · `word` of output `tensor`: the finaliser of
// SplitMix64 over the position, so that no two words, no constant and no typical tensor look alike.
inline uint64_t CanaryWord(uint32_t tensor, uint64_t word) {
  uint64_t value = (word + 1) * 0x9E3779B97F4A7C15U + (static_cast<uint64_t>(tensor) << 48);
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

inline void FillCanary(uint32_t tensor, uint8_t* bytes, size_t size) {
  for (size_t offset = 0; offset < size; offset += 8) {
    const uint64_t word = CanaryWord(tensor, offset / 8);
    const size_t left = size - offset;
    std::memcpy(bytes + offset, &word, left < 8 ? left : 8);
  }
}

}  // namespace ring
}  // namespace plumb
