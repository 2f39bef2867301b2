/* The vendor's C interface, part 1: base types, element formats, error numbers.
 *
 * Declared from the public facts of docs/formats/mi_ipu.md; names of functions, types and fields
 * are the interface's own. Pure C99, also valid C++14. MI_PHY has 64 bits on 32-bit boards too, and
 * every ABI it runs on aligns 64-bit fields to 8 bytes. */
#pragma once

/* NOLINTBEGIN: the names are the interface's, and it is C. */
#include <stddef.h>
#include <stdint.h>

typedef uint8_t MI_U8;
typedef uint16_t MI_U16;
typedef uint32_t MI_U32;
typedef int32_t MI_S32;
typedef uint64_t MI_U64;
typedef int64_t MI_S64;
typedef float MI_FLOAT;
typedef unsigned char MI_BOOL;
typedef uint64_t MI_PHY;
typedef MI_U32 MI_IPU_CHN;

/* Reads `size` bytes at `offset` of what `ctx` means into `dst`. Negative: failed; 0 or `size`:
 * done (both conventions are met in the field). */
typedef int (*SerializedReadFunc)(void* dst, int offset, int size, char* ctx);

#define MI_SUCCESS 0

enum {
  MI_IPU_FORMAT_U8 = 0,
  MI_IPU_FORMAT_NV12 = 1,
  MI_IPU_FORMAT_INT16 = 2,
  MI_IPU_FORMAT_INT32 = 3,
  MI_IPU_FORMAT_INT8 = 4,
  MI_IPU_FORMAT_FP32 = 5,
  MI_IPU_FORMAT_UNKNOWN = 6,
  MI_IPU_FORMAT_ARGB8888 = 7,
  MI_IPU_FORMAT_ABGR8888 = 8,
  MI_IPU_FORMAT_GRAY = 9,
  MI_IPU_FORMAT_COMPLEX64 = 10
};

/* The numbers this project returns or treats apart; agent/runner/mi_errors.h knows all of them.
 * MI_IPU functions return the bare number. */
enum {
  E_IPU_ERR_INVALID_CHNID = 1,
  E_IPU_ERR_CHNID_UNEXIST = 3,
  E_IPU_ERR_NOMEM = 4,
  E_IPU_ERR_NOBUF = 5,
  E_IPU_ERR_BADADDR = 6,
  E_IPU_ERR_SYS_TIMEOUT = 7,
  E_IPU_ERR_FILE_OPERATION = 8,
  E_IPU_ERR_ILLEGAL_BUFFER_DEPTH = 10,
  E_IPU_ERR_ILLEGAL_INPUT_OUTPUT_PARAM = 12,
  E_IPU_ERR_INIT_FIRMWARE = 14,
  E_IPU_ERR_CREATE_CHANNEL = 15,
  E_IPU_ERR_INVOKE = 17,
  E_IPU_ERR_NO_CREATED_IPU_DEVICE = 21,
  E_IPU_ERR_FAILED_0 = 22, /* generation 0 alone; another meaning in B and C */
  E_IPU_ERR_FAILED_B = 25, /* generations B and C */
  E_IPU_ERR_INVALID_TASK_PRIORITY = 31,
  E_IPU_ERR_NO_AVAILABLE_DEV = 35,
  E_IPU_ERR_INVALID_BATCH_NUM = 37,
  E_IPU_ERR_IPU_HANG = 41,
  E_IPU_ERR_NO_BATCH_PARAM = 43,
  E_IPU_ERR_INVALID_MODEL_BUFFER = 44,
  E_IPU_ERR_INVALID_VARIABLE_BUFFER = 45,
  E_IPU_ERR_NOT_ASSIGN_CORE = 46,
  E_IPU_ERR_BAD_PHY_ADDR_ALIGNMENT = 52,
  E_IPU_ERR_MISMATCH_INVOKE_FUNC = 53,
  E_IPU_ERR_MISMATCH_MODEL = 54,
  E_IPU_ERR_NO_AVAILABLE_CHNID = 256
};

/* Limits that all generations share. */
#define MI_IPU_MAX_BUFFER_DEPTH 3
#define MI_IPU_NAME_SIZE 256

/* One buffer, or two planes of it. The same in every generation. */
typedef struct {
  void* ptTensorData[2];
  MI_PHY phyTensorAddr[2];
} MI_IPU_Tensor_t;

/* Generations 0 and B; C has longer ones. */
typedef struct {
  MI_U32 u32MaxVariableBufSize;
  MI_U32 u32YUV420_W_Pitch_Alignment;
  MI_U32 u32YUV420_H_Pitch_Alignment;
  MI_U32 u32XRGB_W_Pitch_Alignment;
} MI_IPU_B_DevAttr_t;

typedef struct {
  MI_U32 u32SubNetId;
  MI_U32 u32OutputBufDepth; /* output before input */
  MI_U32 u32InputBufDepth;
} MI_IPU_B_ChnAttr_t;

/* NOLINTEND */

#ifdef __cplusplus
#define PLUMB_MI_ASSERT(condition, text) static_assert(condition, text)
#else
#define PLUMB_MI_ASSERT(condition, text) _Static_assert(condition, text)
#endif
#define PLUMB_MI_OFFSET(type, field, offset) \
  PLUMB_MI_ASSERT(offsetof(type, field) == (offset), #type "." #field)
/* Sizes that differ with the width of a pointer. */
#define PLUMB_MI_SIZE(type, size32, size64) \
  PLUMB_MI_ASSERT(sizeof(type) == (sizeof(void*) == 4 ? (size32) : (size64)), "size of " #type)

PLUMB_MI_ASSERT(sizeof(void*) == 4 || sizeof(void*) == 8, "a 32-bit or 64-bit machine");
PLUMB_MI_ASSERT(sizeof(MI_FLOAT) == 4, "IEEE single precision");
PLUMB_MI_SIZE(MI_IPU_Tensor_t, 24, 32);
PLUMB_MI_ASSERT(sizeof(MI_IPU_B_DevAttr_t) == 16, "size of MI_IPU_B_DevAttr_t");
PLUMB_MI_ASSERT(sizeof(MI_IPU_B_ChnAttr_t) == 12, "size of MI_IPU_B_ChnAttr_t");
PLUMB_MI_OFFSET(MI_IPU_B_ChnAttr_t, u32OutputBufDepth, 4);
