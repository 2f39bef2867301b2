#include "client/lib/batch_queue.h"

#include <string>

namespace plumb::client {
namespace {

Status NotOut(size_t index) {
  return InternalError("input " + std::to_string(index) + " of the batch is at no board");
}

}  // namespace

BatchQueue::BatchQueue(size_t count, const std::vector<bool>& known) : losses_(count, 0) {
  for (size_t i = 0; i < count; ++i) {
    if (i >= known.size() || !known[i]) {
      waiting_.insert(waiting_.end(), i);
    }
  }
}

std::optional<size_t> BatchQueue::Take() {
  if (waiting_.empty()) {
    return std::nullopt;
  }
  const size_t index = *waiting_.begin();
  waiting_.erase(waiting_.begin());
  out_.insert(index);
  return index;
}

Status BatchQueue::GiveBack(size_t index, GivenBack why) {
  if (out_.erase(index) == 0) {
    return NotOut(index);
  }
  waiting_.insert(index);
  losses_[index] += why == GivenBack::kLost ? 1 : 0;
  given_again_ += why == GivenBack::kStopped ? 0 : 1;
  return OkStatus();
}

Status BatchQueue::Finish(size_t index) {
  return out_.erase(index) == 0 ? NotOut(index) : OkStatus();
}

}  // namespace plumb::client
