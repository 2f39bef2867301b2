/* The C interface of an engine in a library of its own, so that plumb needs none of what that
 * library links. Plain C; all strings are UTF-8 and end in 0; sizes are of this machine.
 *
 * A library exports one function, `const PlumbFrameworkPlugin* PlumbFrameworkPluginGet(void)`,
 * whose result lives as long as the library is loaded. No exception may leave it. A session is
 * used by one thread at a time. */
#pragma once

#include <stdint.h>

/* NOLINTBEGIN(modernize-*): C */
#ifdef __cplusplus
extern "C" {
#endif

#define PLUMB_FRAMEWORK_ABI 1u
#define PLUMB_FRAMEWORK_SYMBOL "PlumbFrameworkPluginGet"
#define PLUMB_FRAMEWORK_MAX_RANK 10u

/* How the framework lays out pictures. */
enum { PLUMB_FRAMEWORK_NHWC = 0, PLUMB_FRAMEWORK_NCHW = 1 };

/* Kinds of layers. */
enum {
  PLUMB_FRAMEWORK_COMPUTED = 0,
  PLUMB_FRAMEWORK_CONSTANT = 1,
  PLUMB_FRAMEWORK_UNREADABLE = 2 /* `values` is null, `why` says why */
};

/* A tensor of float32. As a port `op` and `values` are null; a dimension of 0 is not known yet. */
typedef struct PlumbFrameworkTensor {
  const char* name;
  const char* op;  /* the framework's word for what made it */
  const char* why; /* of an unreadable one; null otherwise */
  uint32_t kind;
  uint32_t rank; /* at most PLUMB_FRAMEWORK_MAX_RANK */
  int64_t dims[PLUMB_FRAMEWORK_MAX_RANK];
  const float* values; /* dense, row-major */
  uint64_t count;      /* of values: the product of dims */
} PlumbFrameworkTensor;

/* Fixes the shape of one input that the file leaves open. */
typedef struct PlumbFrameworkShape {
  const char* input;
  uint32_t rank;
  int64_t dims[PLUMB_FRAMEWORK_MAX_RANK];
} PlumbFrameworkShape;

typedef struct PlumbFrameworkRequest {
  const char* model;
  const char* weights; /* "" where the format has one file */
  const PlumbFrameworkShape* shapes;
  uint32_t shape_count;
  uint32_t every_layer; /* 1: run() will want every layer, so nothing may be fused */
  uint32_t threads;
} PlumbFrameworkRequest;

/* Where errors are written: at most `size` bytes with the 0. */
typedef struct PlumbFrameworkError {
  char* text;
  uint64_t size;
} PlumbFrameworkError;

/* What run() calls, on its own thread. What the tensor points to need not outlive the call. */
typedef struct PlumbFrameworkSink {
  void* context;
  /* Execution order. Not 0: stop, run() returns 2. Null: no layers are wanted. */
  int (*layer)(void* context, const PlumbFrameworkTensor* tensor);
  /* Every output, in the order of outputs. Not 0: stop as above. */
  int (*output)(void* context, uint32_t index, const PlumbFrameworkTensor* tensor);
  /* To be asked wherever it can stop. Not 0: stop as above. */
  int (*stopped)(void* context);
} PlumbFrameworkSink;

typedef struct PlumbFrameworkPlugin {
  uint32_t abi;       /* PLUMB_FRAMEWORK_ABI */
  uint32_t pictures;  /* PLUMB_FRAMEWORK_NCHW or _NHWC */
  const char* engine; /* with its version: "OpenCV DNN 4.6.0" */

  /* Null on failure, with the error written. */
  void* (*open)(const PlumbFrameworkRequest* request, const PlumbFrameworkError* error);
  uint32_t (*input_count)(void* session);
  uint32_t (*output_count)(void* session);
  /* Fills `tensor`, whose strings live as long as the session; `index` is below the count. */
  void (*input)(void* session, uint32_t index, PlumbFrameworkTensor* tensor);
  void (*output)(void* session, uint32_t index, PlumbFrameworkTensor* tensor);
  /* 0 done, 1 failed with the error written, 2 stopped by the sink. `inputs` are one array per
   * input, of the sizes that input() told. */
  int (*run)(void* session,
             const float* const* inputs,
             const PlumbFrameworkSink* sink,
             const PlumbFrameworkError* error);
  void (*close)(void* session);
} PlumbFrameworkPlugin;

typedef const PlumbFrameworkPlugin* (*PlumbFrameworkPluginGetFunction)(void);

#ifdef __cplusplus
}
#endif
/* NOLINTEND(modernize-*) */
