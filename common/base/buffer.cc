#include "common/base/buffer.h"

#include <algorithm>
#include <utility>

namespace plumb {

Buffer Buffer::FromVector(std::vector<uint8_t> bytes) {
  auto owner = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
  const std::span<const uint8_t> view(*owner);
  return {std::move(owner), view};
}

Buffer Buffer::FromString(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const auto view = AsBytes(*owner);
  return {std::move(owner), view};
}

Buffer Buffer::Copy(std::span<const uint8_t> bytes) {
  return FromVector(std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

Buffer Buffer::Wrap(std::shared_ptr<const void> owner, std::span<const uint8_t> bytes) {
  return {std::move(owner), bytes};
}

std::string_view Buffer::view() const {
  return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

Buffer Buffer::Slice(size_t offset, size_t size) const {
  const size_t begin = std::min(offset, bytes_.size());
  return {owner_, bytes_.subspan(begin, std::min(size, bytes_.size() - begin))};
}

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace plumb
