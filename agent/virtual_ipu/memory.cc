#include "agent/virtual_ipu/memory.h"

#include <sys/mman.h>

#include "common/base/checked.h"

namespace plumb::virtual_ipu {

Memory::~Memory() {
  for (const auto& entry : pieces_) {
    ::munmap(entry.second.base, entry.second.size);
  }
}

MI_PHY Memory::Allocate(uint64_t size) {
  const auto rounded = CheckedAlignUp(size, kPageSize);
  const std::lock_guard lock(mutex_);
  if (size == 0 || !rounded || *rounded > kHeapSize - used_ ||
      *rounded > static_cast<uint64_t>(PTRDIFF_MAX)) {
    return 0;
  }
  void* base = ::mmap(nullptr,
                      static_cast<size_t>(*rounded),
                      PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS,
                      -1,
                      0);
  if (base == MAP_FAILED) {
    return 0;
  }
  const MI_PHY address = next_;
  pieces_[address] = Piece{static_cast<uint8_t*>(base), *rounded, 0, false};
  used_ += *rounded;
  next_ += *rounded + kPageSize;  // a gap, so that running over the end hits nothing
  return address;
}

Memory::Piece* Memory::Find(MI_PHY address, uint64_t size) {
  auto after = pieces_.upper_bound(address);
  if (after == pieces_.begin()) {
    return nullptr;
  }
  const auto entry = std::prev(after);
  Piece& piece = entry->second;
  return !piece.freed && RangeFits(address - entry->first, size, piece.size) ? &piece : nullptr;
}

std::map<MI_PHY, Memory::Piece>::iterator Memory::FindByData(const void* data, uint64_t size) {
  const auto place = reinterpret_cast<uintptr_t>(data);
  for (auto entry = pieces_.begin(); entry != pieces_.end(); ++entry) {
    const auto base = reinterpret_cast<uintptr_t>(entry->second.base);
    if (place >= base && RangeFits<uint64_t>(place - base, size, entry->second.size)) {
      return entry;
    }
  }
  return pieces_.end();
}

void Memory::ReleaseIfUnused(std::map<MI_PHY, Piece>::iterator piece) {
  if (piece->second.freed && piece->second.mappings == 0) {
    ::munmap(piece->second.base, piece->second.size);
    used_ -= piece->second.size;
    pieces_.erase(piece);
  }
}

bool Memory::Free(MI_PHY address) {
  const std::lock_guard lock(mutex_);
  const auto entry = pieces_.find(address);
  if (entry == pieces_.end() || entry->second.freed) {
    return false;
  }
  entry->second.freed = true;
  ReleaseIfUnused(entry);
  return true;
}

uint8_t* Memory::Map(MI_PHY address, uint64_t size) {
  const std::lock_guard lock(mutex_);
  Piece* piece = size == 0 ? nullptr : Find(address, size);
  if (piece == nullptr) {
    return nullptr;
  }
  ++piece->mappings;
  return piece->base + (address - std::prev(pieces_.upper_bound(address))->first);
}

bool Memory::Unmap(const void* mapping) {
  const std::lock_guard lock(mutex_);
  const auto entry = FindByData(mapping, 1);
  if (entry == pieces_.end() || entry->second.mappings == 0) {
    return false;
  }
  --entry->second.mappings;
  ReleaseIfUnused(entry);
  return true;
}

uint8_t* Memory::At(MI_PHY address, uint64_t size) {
  const std::lock_guard lock(mutex_);
  const Piece* piece = Find(address, size);
  return piece == nullptr
             ? nullptr
             : piece->base + (address - std::prev(pieces_.upper_bound(address))->first);
}

bool Memory::Holds(const void* data, uint64_t size) {
  const std::lock_guard lock(mutex_);
  return FindByData(data, size) != pieces_.end();
}

}  // namespace plumb::virtual_ipu
