// Where a model comes from: a file's path, the caller's read function, or the chip's memory.
#pragma once

#include "agent/runner/abi/mi_base.h"
#include "agent/virtual_ipu/memory.h"
#include "common/base/buffer.h"
#include "common/base/status.h"

namespace plumb::virtual_ipu {

// The bytes of a model. `read` nullptr: `ctx` is a path. Otherwise `read` is asked for the header
// first, then for exactly the rest; it may return 0 or the size on success. kNotFound and
// kDataLoss for what cannot be read.
Result<Buffer> ReadModel(SerializedReadFunc read, char* ctx);

// A model that lies at `address`; the Buffer views that memory, which must stay.
Result<Buffer> ModelInMemory(Memory& memory, MI_PHY address);

}  // namespace plumb::virtual_ipu
