// Operations that are functions of one number.
#pragma once

#include <functional>

#include "common/npu/graph/graph.h"

namespace plumb::npu {

// What `op`, which has its kind's attributes, makes of one number; empty for a kind that is no such
// function or that its users compute in their own way (RELU, LOGISTIC, TANH, EXP, …). The same bits
// on every CPU. Outside its domain (the root of a negative number) a function gives NaN, at a pole
// an infinity.
//
// Softplus is ln(1 + e^x), Caffe's BNLL too; softsign is x / (1 + |x|); ROUND goes to the nearest,
// ties to even; GELU is x · (1 + erf(x / √2)) / 2.
std::function<double(double)> ScalarFunction(const GraphOp& op);

// True for the kinds that have one.
bool IsScalarKind(OpKind kind);

}  // namespace plumb::npu
