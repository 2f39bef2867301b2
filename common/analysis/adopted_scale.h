// Integers whose interface reports no scale (generation 0 of the board's): the other side's is
// taken, since both are outputs of one model.
#pragma once

#include <string>

#include "common/tensor/tensor_desc.h"

namespace plumb::analysis {

// Where both are integers of one type and exactly one has no scale (0), that one gets the other's
// scale and zero point. Returns a remark for the report; empty: nothing was adopted. Pictures and
// booleans have no scale to lack.
std::string AdoptScale(TensorDesc& reference, TensorDesc& target);

}  // namespace plumb::analysis
