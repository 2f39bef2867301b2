/* The vendor's C interface, part 2: MI_IPU of generation C (SDK families S1 to S6).
 *
 * Offsets and sizes stand in docs/formats/mi_ipu.md and are asserted below for both word sizes. */
#pragma once

#include "agent/runner/abi/mi_base.h"

/* NOLINTBEGIN: the names are the interface's, and it is C. */
#define MI_IPU_C_MAX_DIMS 10
#define MI_IPU_C_MAX_TENSORS 60
#define MI_IPU_C_MAX_CHANNELS 48
#define MI_IPU_C_MAX_BATCH_TENSORS 256

typedef struct {
  MI_U32 u32TensorDim;
  MI_U32 eElmFormat;
  MI_U32 u32TensorShape[MI_IPU_C_MAX_DIMS];
  char name[MI_IPU_NAME_SIZE];
  MI_U32 u32InnerMostStride; /* bytes; 0: contiguous */
  MI_FLOAT fScalar;
  MI_S64 s64ZeroPoint;
  MI_S32 s32AlignedBufSize;
  MI_U32 u32BufSize; /* payload without the rounding to 64 */
  MI_U32 u32InputWidthAlignment;
  MI_U32 u32InputHeightAlignment;
  MI_U32 eLayoutType; /* 0 NHWC, 1 NCHW */
  MI_U32 au32Reserve[4];
} MI_IPU_C_TensorDesc_t;

typedef struct {
  MI_U32 u32InputTensorCount;
  MI_U32 u32OutputTensorCount;
  MI_IPU_C_TensorDesc_t astMI_InputTensorDescs[MI_IPU_C_MAX_TENSORS];
  MI_IPU_C_TensorDesc_t astMI_OutputTensorDescs[MI_IPU_C_MAX_TENSORS];
} MI_IPU_C_SubNet_InputOutputDesc_t;

typedef struct {
  MI_U32 u32TensorCount;
  MI_IPU_Tensor_t astArrayTensors[MI_IPU_C_MAX_TENSORS];
} MI_IPU_C_TensorVector_t;

typedef struct {
  MI_U32 u32MaxVariableBufSize;
  MI_U32 u32YUV420_W_Pitch_Alignment;
  MI_U32 u32YUV420_H_Pitch_Alignment;
  MI_U32 u32XRGB_W_Pitch_Alignment;
  MI_U32 au32Reserve[8];
} MI_IPU_C_DevAttr_t;

typedef struct {
  MI_U32 u32SubNetId;
  MI_U32 u32OutputBufDepth; /* output before input */
  MI_U32 u32InputBufDepth;
  MI_U32 u32BatchMax;
  MI_U32 au32Reserve[8];
} MI_IPU_C_ChnAttr_t;

typedef struct {
  MI_U32 u32VariableBufferSize;
  MI_U32 u32OfflineModelSize;
  MI_U32 eBatchMode; /* 0 n_buf, 1 one_buf */
  MI_U32 u32TotalBatchNumTypes;
  MI_U32 au32BatchNumTypes[10];
  MI_U32 eIpuWorkMode; /* 0 single core, 1 multi-core */
  MI_U32 au32Reserve[8];
} MI_IPU_C_OfflineModelStaticInfo_t;

typedef struct {
  MI_PHY u64VarBufPhyAddr;
  MI_U32 u32VarBufSize;
  MI_U32 u32BatchN;
  MI_S32 s32TaskPrio;
  MI_U32 u32IpuAffinity;
  MI_IPU_Tensor_t astArrayTensors[MI_IPU_C_MAX_BATCH_TENSORS];
  MI_U32 au32Reserve[8];
} MI_IPU_C_BatchInvokeParam_t;

typedef struct {
  MI_U64 u64BandWidth;
  MI_U64 u64IpuTime; /* microseconds */
  MI_U64 u64BandWidthRead;
  MI_U64 u64BandWidthWrite;
  MI_U32 au32Reserve[8];
} MI_IPU_C_RuntimeInfo_t;

/* NOLINTEND */

PLUMB_MI_ASSERT(sizeof(MI_IPU_C_TensorDesc_t) == 360, "size of MI_IPU_C_TensorDesc_t");
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, u32TensorShape, 8);
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, name, 48);
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, u32InnerMostStride, 304);
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, fScalar, 308);
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, s64ZeroPoint, 312);
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, s32AlignedBufSize, 320);
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, u32BufSize, 324);
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, u32InputWidthAlignment, 328);
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, u32InputHeightAlignment, 332);
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, eLayoutType, 336);
PLUMB_MI_OFFSET(MI_IPU_C_TensorDesc_t, au32Reserve, 340);

PLUMB_MI_ASSERT(sizeof(MI_IPU_C_SubNet_InputOutputDesc_t) == 43208, "size of the descriptors");
PLUMB_MI_OFFSET(MI_IPU_C_SubNet_InputOutputDesc_t, u32OutputTensorCount, 4);
PLUMB_MI_OFFSET(MI_IPU_C_SubNet_InputOutputDesc_t, astMI_InputTensorDescs, 8);
PLUMB_MI_OFFSET(MI_IPU_C_SubNet_InputOutputDesc_t, astMI_OutputTensorDescs, 21608);

PLUMB_MI_SIZE(MI_IPU_C_TensorVector_t, 1448, 1928);
PLUMB_MI_OFFSET(MI_IPU_C_TensorVector_t, astArrayTensors, 8);

PLUMB_MI_ASSERT(sizeof(MI_IPU_C_DevAttr_t) == 48, "size of MI_IPU_C_DevAttr_t");
PLUMB_MI_ASSERT(sizeof(MI_IPU_C_ChnAttr_t) == 48, "size of MI_IPU_C_ChnAttr_t");
PLUMB_MI_OFFSET(MI_IPU_C_ChnAttr_t, u32OutputBufDepth, 4);
PLUMB_MI_OFFSET(MI_IPU_C_ChnAttr_t, u32InputBufDepth, 8);
PLUMB_MI_OFFSET(MI_IPU_C_ChnAttr_t, u32BatchMax, 12);
PLUMB_MI_ASSERT(sizeof(MI_IPU_C_OfflineModelStaticInfo_t) == 92, "size of the static info");

PLUMB_MI_SIZE(MI_IPU_C_BatchInvokeParam_t, 6200, 8248);
PLUMB_MI_OFFSET(MI_IPU_C_BatchInvokeParam_t, u32VarBufSize, 8);
PLUMB_MI_OFFSET(MI_IPU_C_BatchInvokeParam_t, u32BatchN, 12);
PLUMB_MI_OFFSET(MI_IPU_C_BatchInvokeParam_t, s32TaskPrio, 16);
PLUMB_MI_OFFSET(MI_IPU_C_BatchInvokeParam_t, u32IpuAffinity, 20);
PLUMB_MI_OFFSET(MI_IPU_C_BatchInvokeParam_t, astArrayTensors, 24);
PLUMB_MI_ASSERT(sizeof(MI_IPU_C_RuntimeInfo_t) == 64, "size of MI_IPU_C_RuntimeInfo_t");
