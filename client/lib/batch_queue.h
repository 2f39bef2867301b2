// Which input of a batch is next, which are out at boards and which are done: each exactly once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "common/base/status.h"

namespace plumb::client {

// Why an input comes back without an outcome.
enum class GivenBack {
  kLost,     // its board was lost while it may have been running: counted against the input
  kGone,     // its board went before it was started
  kStopped,  // the batch ends
};

// Not thread-safe. Inputs are numbered from 0 in the batch's order and given out lowest first.
class BatchQueue {
 public:
  // `known[i]`: input i was judged by an earlier batch and is not given out. Inputs beyond its end
  // are not known.
  BatchQueue(size_t count, const std::vector<bool>& known);

  // The next input, which is then out; empty when none waits (some may be out and come back).
  std::optional<size_t> Take();
  // An input that is out comes back without an outcome and waits again.
  Status GiveBack(size_t index, GivenBack why);
  // An input that is out has its outcome; kInternal when it is not out: it would count twice.
  Status Finish(size_t index);

  // How often the input was lost with its board.
  [[nodiscard]] uint32_t losses(size_t index) const { return losses_.at(index); }

  // Inputs that were given out again because of their boards, each time counted.
  [[nodiscard]] size_t given_again() const { return given_again_; }

  [[nodiscard]] size_t waiting() const { return waiting_.size(); }

  [[nodiscard]] size_t out() const { return out_.size(); }

  [[nodiscard]] bool finished() const { return waiting_.empty() && out_.empty(); }

 private:
  std::set<size_t> waiting_;
  std::set<size_t> out_;
  std::vector<uint32_t> losses_;
  size_t given_again_ = 0;
};

}  // namespace plumb::client
