/* The vendor's C interface, part 3: the functions of generation C and of MI_SYS 3.x, as a library
 * exports them. plumb-runner finds them with dlsym; the virtual IPU defines them. All but
 * MI_SYS_* return a bare E_IPU_ERR number or MI_SUCCESS. */
#pragma once

#include "agent/runner/abi/mi_ipu_gen_c.h"

#ifdef __cplusplus
extern "C" {
#endif
/* NOLINTBEGIN: the names are the interface's, and it is C. */

MI_S32 MI_SYS_Init(MI_U16 soc);
MI_S32 MI_SYS_Exit(MI_U16 soc);
MI_S32 MI_SYS_MMA_Alloc(MI_U16 soc, MI_U8* heap, MI_U32 size, MI_PHY* address);
MI_S32 MI_SYS_MMA_Free(MI_U16 soc, MI_PHY address);
MI_S32 MI_SYS_Mmap(MI_U64 address, MI_U32 size, void** mapping, MI_BOOL cached);
MI_S32 MI_SYS_Munmap(void* mapping, MI_U32 size);
MI_S32 MI_SYS_FlushInvCache(void* mapping, MI_U32 size);

/* `read` NULL: `ctx` is a file's path. */
MI_S32 MI_IPU_GetOfflineModeStaticInfo(SerializedReadFunc read,
                                       char* ctx,
                                       MI_IPU_C_OfflineModelStaticInfo_t* info);
MI_S32 MI_IPU_CreateDevice(MI_IPU_C_DevAttr_t* attributes,
                           SerializedReadFunc read,
                           char* ctx,
                           MI_U32 firmware_size);
MI_S32 MI_IPU_DestroyDevice(void);
MI_S32 MI_IPU_CreateCHN(MI_IPU_CHN* channel,
                        MI_IPU_C_ChnAttr_t* attributes,
                        SerializedReadFunc read,
                        char* ctx);
MI_S32 MI_IPU_CreateCHNWithUserMem(MI_IPU_CHN* channel,
                                   MI_IPU_C_ChnAttr_t* attributes,
                                   MI_PHY model);
MI_S32 MI_IPU_DestroyCHN(MI_IPU_CHN channel);
MI_S32 MI_IPU_GetInOutTensorDesc(MI_IPU_CHN channel, MI_IPU_C_SubNet_InputOutputDesc_t* desc);
MI_S32 MI_IPU_GetInputTensors(MI_IPU_CHN channel, MI_IPU_C_TensorVector_t* tensors);
MI_S32 MI_IPU_PutInputTensors(MI_IPU_CHN channel, MI_IPU_C_TensorVector_t* tensors);
MI_S32 MI_IPU_GetOutputTensors(MI_IPU_CHN channel, MI_IPU_C_TensorVector_t* tensors);
MI_S32 MI_IPU_PutOutputTensors(MI_IPU_CHN channel, MI_IPU_C_TensorVector_t* tensors);
MI_S32 MI_IPU_Invoke(MI_IPU_CHN channel,
                     MI_IPU_C_TensorVector_t* inputs,
                     MI_IPU_C_TensorVector_t* outputs);
MI_S32 MI_IPU_GetInputTensors2(MI_IPU_CHN channel, MI_IPU_C_BatchInvokeParam_t* batch);
MI_S32 MI_IPU_PutInputTensors2(MI_IPU_CHN channel, MI_IPU_C_BatchInvokeParam_t* batch);
MI_S32 MI_IPU_GetOutputTensors2(MI_IPU_CHN channel, MI_IPU_C_BatchInvokeParam_t* batch);
MI_S32 MI_IPU_PutOutputTensors2(MI_IPU_CHN channel, MI_IPU_C_BatchInvokeParam_t* batch);
MI_S32 MI_IPU_Invoke2(MI_IPU_CHN channel,
                      MI_IPU_C_BatchInvokeParam_t* batch,
                      MI_IPU_C_RuntimeInfo_t* info);
MI_S32 MI_IPU_Invoke2Custom(MI_IPU_CHN channel,
                            MI_IPU_C_BatchInvokeParam_t* batch,
                            MI_IPU_C_RuntimeInfo_t* info);

/* NOLINTEND */
#ifdef __cplusplus
}
#endif
