// Our 8-bit fixed models as the int8 networks that TFLite knows.
#pragma once

#include "common/base/status.h"
#include "common/npu/graph/graph.h"
#include "common/npu/model/model.h"

namespace plumb::testing {

// `graph`, a float network, with the numbers that `fixed`, made of it with 8 bits and no pictures,
// froze: values as int8 (a stored value minus 128), weights and biases quantised alike. What TFLite
// has in another form is put in that form:
//   FULLY_CONNECTED  CONV_2D of one place: TFLite's int8 matrices have one scale, ours one a row
//   CONCATENATION    a QUANTIZE before each operand of another scale
//   NEG              0 − x as SUB: TFLite has no int8 NEG
//   AVERAGE_POOL_2D  a QUANTIZE behind it when the scale changes
Result<npu::Graph> Int8GraphOf(const npu::Graph& graph, const npu::FixedModel& fixed);

}  // namespace plumb::testing
