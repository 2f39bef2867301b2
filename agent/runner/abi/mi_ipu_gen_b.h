/* The vendor's C interface, part 2b: MI_IPU of generation B (SDK families 1.x and Q).
 *
 * One descriptor, two lengths of the tables: 13 tensors in the oldest headers, 61 in the later ones
 * and in the libraries of both. Offsets and sizes stand in docs/formats/mi_ipu.md and are asserted
 * below for both word sizes. */
#pragma once

#include "agent/runner/abi/mi_base.h"

/* NOLINTBEGIN: the names are the interface's, and it is C. */
#define MI_IPU_B_MAX_DIMS 8
#define MI_IPU_B13_MAX_TENSORS 13
#define MI_IPU_B61_MAX_TENSORS 61
#define MI_IPU_B_MAX_CHANNELS 16

typedef struct {
  MI_U32 u32TensorDim;
  MI_U32 eElmFormat;
  MI_U32 u32TensorShape[MI_IPU_B_MAX_DIMS];
  char name[MI_IPU_NAME_SIZE];
  MI_U32 u32InnerMostStride; /* bytes */
  MI_FLOAT fScalar;
  MI_S64 s64ZeroPoint;
  MI_S32 s32AlignedBufSize;
} MI_IPU_B_TensorDesc_t;

typedef struct {
  MI_U32 u32InputTensorCount;
  MI_U32 u32OutputTensorCount;
  MI_IPU_B_TensorDesc_t astMI_InputTensorDescs[MI_IPU_B13_MAX_TENSORS];
  MI_IPU_B_TensorDesc_t astMI_OutputTensorDescs[MI_IPU_B13_MAX_TENSORS];
} MI_IPU_B13_SubNet_InputOutputDesc_t;

typedef struct {
  MI_U32 u32InputTensorCount;
  MI_U32 u32OutputTensorCount;
  MI_IPU_B_TensorDesc_t astMI_InputTensorDescs[MI_IPU_B61_MAX_TENSORS];
  MI_IPU_B_TensorDesc_t astMI_OutputTensorDescs[MI_IPU_B61_MAX_TENSORS];
} MI_IPU_B61_SubNet_InputOutputDesc_t;

typedef struct {
  MI_U32 u32TensorCount;
  MI_IPU_Tensor_t astArrayTensors[MI_IPU_B13_MAX_TENSORS];
} MI_IPU_B13_TensorVector_t;

typedef struct {
  MI_U32 u32TensorCount;
  MI_IPU_Tensor_t astArrayTensors[MI_IPU_B61_MAX_TENSORS];
} MI_IPU_B61_TensorVector_t;

typedef struct {
  MI_U32 u32VariableBufferSize;
  MI_U32 u32OfflineModelSize;
} MI_IPU_B_OfflineModelStaticInfo_t;

/* NOLINTEND */

PLUMB_MI_ASSERT(sizeof(MI_IPU_B_TensorDesc_t) == 320, "size of MI_IPU_B_TensorDesc_t");
PLUMB_MI_OFFSET(MI_IPU_B_TensorDesc_t, u32TensorShape, 8);
PLUMB_MI_OFFSET(MI_IPU_B_TensorDesc_t, name, 40);
PLUMB_MI_OFFSET(MI_IPU_B_TensorDesc_t, u32InnerMostStride, 296);
PLUMB_MI_OFFSET(MI_IPU_B_TensorDesc_t, fScalar, 300);
PLUMB_MI_OFFSET(MI_IPU_B_TensorDesc_t, s64ZeroPoint, 304);
PLUMB_MI_OFFSET(MI_IPU_B_TensorDesc_t, s32AlignedBufSize, 312);

PLUMB_MI_ASSERT(sizeof(MI_IPU_B13_SubNet_InputOutputDesc_t) == 8328, "size of 13 descriptors");
PLUMB_MI_ASSERT(sizeof(MI_IPU_B61_SubNet_InputOutputDesc_t) == 39048, "size of 61 descriptors");
PLUMB_MI_OFFSET(MI_IPU_B61_SubNet_InputOutputDesc_t, astMI_InputTensorDescs, 8);
PLUMB_MI_OFFSET(MI_IPU_B61_SubNet_InputOutputDesc_t, astMI_OutputTensorDescs, 19528);

PLUMB_MI_SIZE(MI_IPU_B13_TensorVector_t, 320, 424);
PLUMB_MI_SIZE(MI_IPU_B61_TensorVector_t, 1472, 1960);
PLUMB_MI_OFFSET(MI_IPU_B61_TensorVector_t, astArrayTensors, 8);

PLUMB_MI_ASSERT(sizeof(MI_IPU_B_OfflineModelStaticInfo_t) == 8, "size of the static info");
