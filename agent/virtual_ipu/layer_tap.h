/* NOT the vendor's: what the virtual IPU exports beyond MI_IPU. On a chip only outputs are visible;
 * here every layer is. */
#pragma once

#include "agent/runner/abi/mi_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One layer's output as stored values: real = (q - zero_point) * scale. The pointers live until
 * the callback returns. */
typedef struct { /* NOLINT: a C type */
  const char* name;
  const char* operation;
  MI_U32 element_format; /* MI_IPU_FORMAT_U8, INT8 or INT16: what the q stand for */
  MI_U32 dim_count;
  const MI_U32* dims;
  double scale;
  MI_S32 zero_point;
  MI_U64 element_count;
  const int16_t* values;
} PlumbVirtualLayer;

typedef void (*PlumbVirtualLayerTap)(void* context, const PlumbVirtualLayer* layer); /* NOLINT */

/* Calls `tap` after each layer of every Invoke of `channel`, on the invoking thread; NULL ends it.
 * Errors as for any call on a channel. */
MI_S32 PlumbVirtualTapLayers(MI_IPU_CHN channel, PlumbVirtualLayerTap tap, void* context);

#ifdef __cplusplus
}
#endif
