// Internal: the table of each instruction set, defined in the file of its name.
#pragma once

#include "common/npu/kernels_fast/vector_kernels.h"

namespace plumb::npu::fast {

extern const VectorKernels kBaselineKernels;
#if defined(__x86_64__)
extern const VectorKernels kAvx2Kernels;
extern const VectorKernels kAvx512VnniKernels;
#endif

}  // namespace plumb::npu::fast
