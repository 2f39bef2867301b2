#include "common/ring/output_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace plumb {

Status OutputStream::Request() {
  while (waiting_.size() < ring::kSlotCount && requested_ < size_) {
    ring::Transfer transfer{};
    transfer.index = index_;
    transfer.slot = next_slot_;
    transfer.offset = requested_;
    transfer.size = static_cast<uint32_t>(std::min<uint64_t>(ring::kSlotSize, size_ - requested_));
    PLUMB_RETURN_IF_ERROR(session_.Send(ring::MessageType::kReadOutput, transfer, step_));
    waiting_.push_back(transfer);
    requested_ += transfer.size;
    next_slot_ = (next_slot_ + 1) % ring::kSlotCount;
  }
  return OkStatus();
}

Result<ring::Transfer> OutputStream::Await() {
  const ring::Transfer asked = waiting_.front();
  waiting_.pop_front();
  PLUMB_ASSIGN_OR_RETURN(const auto got,
                         session_.Expect<ring::Transfer>(ring::MessageType::kOutputReady, step_));
  if (std::memcmp(&asked, &got, sizeof got) != 0) {
    return session_.BrokenProtocol(step_);
  }
  return asked;
}

Status OutputStream::Seek(uint64_t offset) {
  while (!waiting_.empty()) {
    PLUMB_RETURN_IF_ERROR(Await().status());
  }
  requested_ = std::min(offset, size_);
  return OkStatus();
}

Result<Buffer> OutputStream::Next() {
  PLUMB_RETURN_IF_ERROR(Request());
  if (waiting_.empty()) {
    return Buffer();
  }
  PLUMB_ASSIGN_OR_RETURN(const ring::Transfer transfer, Await());
  // A copy, because the child may still write the slot while the bytes are judged.
  BlockPool::Block block = blocks_.Take();
  std::memcpy(block.bytes.data(), session_.slot(transfer.slot).data(), transfer.size);
  return std::move(block).Finish(transfer.size);
}

}  // namespace plumb
