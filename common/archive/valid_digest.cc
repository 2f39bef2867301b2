#include "common/archive/valid_digest.h"

#include <xxhash.h>
#ifdef PLUMB_XXHASH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

#include <algorithm>
#include <new>

namespace plumb::archive {
namespace {

XXH3_state_t* StateOf(void* state) {
  return static_cast<XXH3_state_t*>(state);
}

}  // namespace

void ValidDigest::Deleter::operator()(void* state) const {
  XXH3_freeState(StateOf(state));
}

ValidDigest::ValidDigest(const ValidRegion& region) : region_(region), state_(XXH3_createState()) {
  if (!state_) {
    throw std::bad_alloc();
  }
  XXH3_64bits_reset(StateOf(state_.get()));
}

void ValidDigest::Update(std::span<const uint8_t> raw) {
  const uint64_t pitch = region_.contiguous() ? region_.valid_size() : region_.row_pitch;
  const uint64_t row_size = region_.contiguous() ? region_.valid_size() : region_.row_size;
  const uint64_t extent = region_.extent();
  while (!raw.empty() && position_ < extent) {
    const uint64_t column = position_ % pitch;
    const uint64_t in_period = std::min<uint64_t>(pitch - column, raw.size());
    const uint64_t valid = column < row_size ? std::min(row_size - column, in_period) : 0;
    XXH3_64bits_update(StateOf(state_.get()), raw.data(), valid);
    raw = raw.subspan(in_period);
    position_ += in_period;
  }
  position_ += raw.size();
}

uint64_t ValidDigest::value() const {
  return XXH3_64bits_digest(StateOf(state_.get()));
}

uint64_t ValidDigestOf(const ValidRegion& region, std::span<const uint8_t> raw) {
  ValidDigest digest(region);
  digest.Update(raw);
  return digest.value();
}

}  // namespace plumb::archive
