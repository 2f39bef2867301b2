#include "common/ring/output_check.h"

#include <xxhash.h>
#ifdef PLUMB_XXHASH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/ring/canary.h"

namespace plumb {
namespace {

constexpr uint64_t kShortestRun = 8;

}  // namespace

struct OutputCheck::Digest {
  XXH3_state_t* state = XXH3_createState();

  Digest() { XXH3_64bits_reset(state); }

  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  ~Digest() { XXH3_freeState(state); }
};

OutputCheck::OutputCheck(uint32_t index, const ValidRegion& region)
    : index_(index),
      region_(region),
      digest_(std::make_unique<Digest>()) {
  if (region_.contiguous()) {
    const uint64_t size = region_.valid_size();
    region_ = {size == 0 ? 0U : 1U, size, std::max<uint64_t>(size, 1)};
  }
}

OutputCheck::~OutputCheck() = default;

void OutputCheck::Feed(uint64_t offset, std::span<const uint8_t> bytes) {
  const uint64_t end = offset + bytes.size();
  const uint64_t extent = region_.extent();
  uint64_t at = std::max(offset, position_);
  while (at < std::min(end, extent)) {
    const uint64_t row_start = at / region_.row_pitch * region_.row_pitch;
    const uint64_t valid_end = std::min(end, row_start + region_.row_size);
    if (at < valid_end) {
      FeedValid(at, bytes.subspan(at - offset, valid_end - at));
    }
    at = row_start + region_.row_pitch;
  }
  position_ = std::max(position_, end);
}

void OutputCheck::FeedValid(uint64_t offset, std::span<const uint8_t> bytes) {
  XXH3_64bits_update(digest_->state, bytes.data(), bytes.size());
  CountCanary(offset, bytes);
}

void OutputCheck::CountCanary(uint64_t offset, std::span<const uint8_t> bytes) {
  size_t i = 0;
  while (i < bytes.size()) {
    const uint64_t position = offset + i;
    if (position % 8 == 0 && bytes.size() - i >= 8) {
      CountWord(position, bytes.data() + i);
      i += 8;
      continue;
    }
    const uint64_t expected = ring::CanaryWord(index_, position / 8) >> (8 * (position % 8));
    if (bytes[i] == static_cast<uint8_t>(expected)) {
      ++run_;
    } else {
      CloseRun();
    }
    ++i;
  }
}

void OutputCheck::CountWord(uint64_t offset, const uint8_t* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  const uint64_t difference = word ^ ring::CanaryWord(index_, offset / 8);
  if (difference == 0) {
    run_ += 8;
    return;
  }
  run_ += static_cast<uint64_t>(std::countr_zero(difference)) / 8;
  CloseRun();
  run_ = static_cast<uint64_t>(std::countl_zero(difference)) / 8;
}

void OutputCheck::CloseRun() {
  if (run_ >= kShortestRun) {
    canary_size_ += run_;
  }
  run_ = 0;
}

TensorEnd OutputCheck::Finish(uint32_t repetition) {
  const bool whole = run_ == region_.valid_size();
  const uint64_t last_run = run_;
  CloseRun();
  TensorEnd end;
  end.repetition = repetition;
  end.index = index_;
  end.valid_digest = XXH3_64bits_digest(digest_->state);
  end.canary_size = whole ? last_run : canary_size_;
  return end;
}

}  // namespace plumb
