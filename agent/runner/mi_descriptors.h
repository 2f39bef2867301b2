// The descriptors of a model's tensors, in any generation's layout. C++14.
#pragma once

#include <cstdint>
#include <memory>

#include "agent/runner/abi/types.h"
#include "agent/runner/mi_errors.h"
#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Room for the table of any generation. Both lengths of B export the same functions, so a library
// may clear or fill a longer table than the layout asked for has; the rest of the room catches
// that, and shows it.
class Descriptors {
 public:
  explicit Descriptors(Generation generation);

  // What GetInOutTensorDesc fills.
  void* room() const { return room_->bytes; }

  // True when something was written behind the generation's own table.
  bool overrun() const;

  // kModelRefused when the counts are more than the generation holds. Records are as reported, for
  // the host to judge; generation 0 reports no sizes: they are derived (docs/formats/mi_ipu.md).
  ring::Outcome Read(ring::Description* description) const;

 private:
  // The largest table of any generation is C's.
  static constexpr size_t kRoom = sizeof(TypesC::SubNetDesc);

  struct Room {
    alignas(8) uint8_t bytes[kRoom];
  };

  Generation generation_;
  std::unique_ptr<Room> room_;
};

}  // namespace mi
}  // namespace plumb
