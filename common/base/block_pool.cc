#include "common/base/block_pool.h"

#include <mutex>
#include <utility>
#include <vector>

namespace plumb {

struct BlockPool::State {
  State(size_t size, size_t limit) : block_size(size), kept(limit) { waiting.reserve(limit); }

  using Bytes = std::unique_ptr<uint8_t[]>;  // NOLINT(*-avoid-c-arrays): not zeroed, unlike vector

  const size_t block_size;
  const size_t kept;
  std::mutex mutex;
  std::vector<Bytes> waiting;

  Bytes Take() {
    const std::lock_guard lock(mutex);
    if (waiting.empty()) {
      return nullptr;
    }
    Bytes bytes = std::move(waiting.back());
    waiting.pop_back();
    return bytes;
  }

  void Put(Bytes bytes) {
    const std::lock_guard lock(mutex);
    if (waiting.size() < kept) {
      waiting.push_back(std::move(bytes));
    }
  }
};

BlockPool::BlockPool(size_t block_size, size_t kept)
    : state_(std::make_shared<State>(block_size, kept)) {}

BlockPool::~BlockPool() = default;

size_t BlockPool::block_size() const {
  return state_->block_size;
}

BlockPool::Block BlockPool::Take() {
  State::Bytes bytes = state_->Take();
  if (bytes == nullptr) {
    bytes = State::Bytes(new uint8_t[state_->block_size]);
  }
  uint8_t* data = bytes.get();
  std::shared_ptr<void> owner(bytes.release(),
                              [state = state_](uint8_t* back) { state->Put(State::Bytes(back)); });
  return {std::move(owner), {data, state_->block_size}};
}

}  // namespace plumb
