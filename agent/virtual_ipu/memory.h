// The chip's memory: pieces with physical addresses that map into this process (the MMA heap).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

#include "agent/runner/abi/mi_base.h"

namespace plumb::virtual_ipu {

// Addresses start above 4 GiB, so that a caller who cuts them to 32 bits is found out. Thread-safe.
class Memory {
 public:
  // Together with what is still mapped; a full heap is out of memory, as on a chip.
  static constexpr uint64_t kHeapSize = uint64_t{3} << 30;
  static constexpr uint64_t kPageSize = 4096;

  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  // A page-aligned address of `size` zero bytes, or 0.
  MI_PHY Allocate(uint64_t size);
  // False for an address that Allocate did not give. What is mapped stays until it is unmapped.
  bool Free(MI_PHY address);
  // The bytes at [address, address+size), which must lie in one piece; nullptr otherwise.
  uint8_t* Map(MI_PHY address, uint64_t size);
  // False for what Map did not give.
  bool Unmap(const void* mapping);
  // Like Map without counting: what the chip itself sees.
  uint8_t* At(MI_PHY address, uint64_t size);
  // True when [data, data+size) lies in one piece.
  bool Holds(const void* data, uint64_t size);

 private:
  struct Piece {
    uint8_t* base = nullptr;
    uint64_t size = 0;
    uint64_t mappings = 0;
    bool freed = false;
  };

  Piece* Find(MI_PHY address, uint64_t size);
  std::map<MI_PHY, Piece>::iterator FindByData(const void* data, uint64_t size);
  void ReleaseIfUnused(std::map<MI_PHY, Piece>::iterator piece);

  std::mutex mutex_;
  std::map<MI_PHY, Piece> pieces_;
  MI_PHY next_ = 0x1'4000'0000;
  uint64_t used_ = 0;
};

}  // namespace plumb::virtual_ipu
