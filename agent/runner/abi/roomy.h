// Room for a struct that a library of another generation may take for a longer one. C++14.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "agent/runner/abi/types.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Both lengths of generation B export the same functions, so a library may clear or fill more than
// the layout asked for holds. The rest of the room catches that, and shows it. The object is zero
// at first.
template <class T>
class Roomy {
 public:
  Roomy() : room_(new Room()) {
    std::memset(room_->bytes, kUntouched, kSize);
    std::memset(room_->bytes, 0, sizeof(T));
  }

  T* get() const { return reinterpret_cast<T*>(room_->bytes); }

  T* operator->() const { return get(); }

  T& operator*() const { return *get(); }

  // True when something was written behind the object.
  bool overrun() const {
    for (size_t i = sizeof(T); i < kSize; ++i) {
      if (room_->bytes[i] != kUntouched) {
        return true;
      }
    }
    return false;
  }

 private:
  static constexpr uint8_t kUntouched = 0xA5;
  // The largest struct of any generation is C's table of descriptors.
  static constexpr size_t kSize = sizeof(TypesC::SubNetDesc);
  static_assert(sizeof(T) <= kSize, "no struct is larger");

  struct Room {
    alignas(8) uint8_t bytes[kSize];
  };

  std::unique_ptr<Room> room_;
};

}  // namespace mi
}  // namespace plumb
