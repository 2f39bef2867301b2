// Immutable shared bytes with cheap slices: bytes move through the program, they are not copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumb {

// A view of bytes and a share in whatever owns them. Thread-safe to copy and read; never written
// after construction. An empty Buffer owns nothing.
class Buffer {
 public:
  Buffer() = default;
  // Takes ownership without copying.
  static Buffer FromVector(std::vector<uint8_t> bytes);
  static Buffer FromString(std::string bytes);
  // Copies `bytes`.
  static Buffer Copy(std::span<const uint8_t> bytes);
  // Bytes that `owner` keeps alive (a mapping, a message).
  static Buffer Wrap(std::shared_ptr<const void> owner, std::span<const uint8_t> bytes);

  [[nodiscard]] const uint8_t* data() const { return bytes_.data(); }

  [[nodiscard]] size_t size() const { return bytes_.size(); }

  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  [[nodiscard]] std::span<const uint8_t> span() const { return bytes_; }

  [[nodiscard]] std::string_view view() const;

  // The part [offset, offset+size), clamped to what there is; shares ownership.
  [[nodiscard]] Buffer Slice(size_t offset, size_t size) const;

 private:
  Buffer(std::shared_ptr<const void> owner, std::span<const uint8_t> bytes)
      : owner_(std::move(owner)),
        bytes_(bytes) {}

  std::shared_ptr<const void> owner_;
  std::span<const uint8_t> bytes_;
};

std::span<const uint8_t> AsBytes(std::string_view text);

}  // namespace plumb
