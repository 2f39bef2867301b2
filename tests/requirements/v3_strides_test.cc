// V3: where the padding is follows from shape, element type and the stride the chip reported; a
// stride that contradicts shape or buffer is refused, also for dimensions of size 1.
#include <gtest/gtest.h>

#include "tests/requirements/doors.h"

namespace plumb::test {
namespace {

TEST(RequirementV3, AStrideShorterThanARowIsRefused) {
  Claim claim;
  for (const uint32_t stride : {1U, 25U}) {
    claim.inner_stride = stride;
    ExpectRefusedEverywhere(claim, std::to_string(stride));
  }
  claim.inner_stride = 26;
  ExpectTakenEverywhere(claim, "exactly a row");
  claim.inner_stride = 0;
  ExpectTakenEverywhere(claim, "not declared");
}

TEST(RequirementV3, AlsoWhereEveryOuterDimensionIsOne) {
  Claim claim;
  claim.dims = {1, 1, 13};
  claim.inner_stride = 25;
  ExpectRefusedEverywhere(claim, "one row, too short a stride");
  claim.dims = {13};
  ExpectRefusedEverywhere(claim, "rank 1, too short a stride");
}

// Strides are unsigned everywhere: what a peer means as −1 is the largest.
TEST(RequirementV3, StridesBeyondTheBufferAreRefused) {
  Claim claim;
  for (const uint32_t stride : {64U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
    claim.inner_stride = stride;
    ExpectRefusedEverywhere(claim, std::to_string(stride));
  }
  // The far corner: 6 strides and one row are 218 bytes.
  claim.inner_stride = 32;
  claim.payload_size = 0;
  claim.aligned_size = 217;
  ExpectRefusedEverywhere(claim, "one byte short");
  claim.aligned_size = 218;
  ExpectTakenEverywhere(claim, "exactly enough");
}

TEST(RequirementV3, RowsTimesStrideDoesNotOverflow) {
  Claim claim;
  claim.dims = {2'147'483'647, 2'147'483'647, 1};
  claim.inner_stride = 0xFFFFFFFF;
  ExpectRefusedEverywhere(claim, "2⁹⁴ bytes");
}

}  // namespace
}  // namespace plumb::test
