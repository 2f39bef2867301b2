// What is said of an output besides its bytes: the digest of its valid bytes, and how much of it
// still holds the canary.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "common/runner/runner.h"
#include "common/tensor/tensor_desc.h"

namespace plumb {

// Fed with the buffer of one output in ascending order; bytes seen before (after a rewind) are
// passed over.
class OutputCheck {
 public:
  // `region` as ValidRegionOf gave it for the output's descriptor.
  OutputCheck(uint32_t index, const ValidRegion& region);
  OutputCheck(const OutputCheck&) = delete;
  OutputCheck& operator=(const OutputCheck&) = delete;
  ~OutputCheck();

  void Feed(uint64_t offset, std::span<const uint8_t> bytes);

  // After the last byte. `canary_size` counts runs of at least eight valid bytes, padding left out,
  // that equal the canary; a shorter run is chance, unless it is the whole output.
  [[nodiscard]] TensorEnd Finish(uint32_t repetition);

 private:
  struct Digest;

  void FeedValid(uint64_t offset, std::span<const uint8_t> bytes);
  void CountCanary(uint64_t offset, std::span<const uint8_t> bytes);
  void CountWord(uint64_t offset, const uint8_t* bytes);
  void CloseRun();

  uint32_t index_;
  ValidRegion region_;
  uint64_t position_ = 0;
  uint64_t run_ = 0;
  uint64_t canary_size_ = 0;
  std::unique_ptr<Digest> digest_;
};

}  // namespace plumb
