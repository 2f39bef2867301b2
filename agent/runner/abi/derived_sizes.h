// Sizes of a tensor that generation 0 does not report. C++14.
#pragma once

#include "common/ring/protocol.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Sets inner_stride and aligned_size by the rules of family 1.x, the only one generation 0 was
// built for (docs/formats/mi_ipu.md, "Generation 0"). The scale stays 0: unknown. Leaves the sizes
// 0 for a shape whose buffer would pass 2 GiB.
void DeriveSizes(ring::TensorRecord* record);

}  // namespace mi
}  // namespace plumb
