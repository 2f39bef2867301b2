#include "server/app/allocator.h"

#include <malloc.h>

namespace plumb::server {

void TuneAllocator() {
  // One message's slices stay far below; larger blocks still come and go as mappings of their own.
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 32 << 20);
  ::mallopt(M_TOP_PAD, 4 << 20);
}

}  // namespace plumb::server
