/* The vendor's C interface, part 2a: MI_IPU of generation 0 (SSD20x-era headers).
 *
 * Offsets and sizes stand in docs/formats/mi_ipu.md and are asserted below for both word sizes.
 * This descriptor says nothing of strides, scales and buffer sizes: the caller derives them. */
#pragma once

#include "agent/runner/abi/mi_base.h"

/* NOLINTBEGIN: the names are the interface's, and it is C. */
#define MI_IPU_0_MAX_DIMS 8
#define MI_IPU_0_MAX_TENSORS 16
#define MI_IPU_0_MAX_CHANNELS 64

typedef struct {
  MI_U32 u32TensorDim;
  MI_U32 eElmFormat;
  MI_U32 u32TensorShape[MI_IPU_0_MAX_DIMS];
  char name[MI_IPU_NAME_SIZE];
} MI_IPU_0_TensorDesc_t;

typedef struct {
  MI_U32 u32InputTensorCount;
  MI_U32 u32OutputTensorCount;
  MI_IPU_0_TensorDesc_t astMI_InputTensorDescs[MI_IPU_0_MAX_TENSORS];
  MI_IPU_0_TensorDesc_t astMI_OutputTensorDescs[MI_IPU_0_MAX_TENSORS];
} MI_IPU_0_SubNet_InputOutputDesc_t;

typedef struct {
  MI_U32 u32TensorCount;
  MI_IPU_Tensor_t astArrayTensors[MI_IPU_0_MAX_TENSORS];
} MI_IPU_0_TensorVector_t;

/* NOLINTEND */

PLUMB_MI_ASSERT(sizeof(MI_IPU_0_TensorDesc_t) == 296, "size of MI_IPU_0_TensorDesc_t");
PLUMB_MI_OFFSET(MI_IPU_0_TensorDesc_t, eElmFormat, 4);
PLUMB_MI_OFFSET(MI_IPU_0_TensorDesc_t, u32TensorShape, 8);
PLUMB_MI_OFFSET(MI_IPU_0_TensorDesc_t, name, 40);

PLUMB_MI_ASSERT(sizeof(MI_IPU_0_SubNet_InputOutputDesc_t) == 9480, "size of the descriptors");
PLUMB_MI_OFFSET(MI_IPU_0_SubNet_InputOutputDesc_t, astMI_InputTensorDescs, 8);

PLUMB_MI_SIZE(MI_IPU_0_TensorVector_t, 392, 520);
PLUMB_MI_OFFSET(MI_IPU_0_TensorVector_t, astArrayTensors, 8);
