/* An engine that doubles its one input [1, 2, 1, 2]. What it does wrong is the model's name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/framework/plugin_abi.h"

static const char* const kNames[] = {"double", "refused", "lies", "fails", "forgets", "hangs"};

enum { kDouble, kRefused, kLies, kFails, kForgets, kHangs, kCount };

static void Say(const PlumbFrameworkError* error, const char* text) {
  snprintf(error->text, (size_t)error->size, "%s", text);
}

static PlumbFrameworkTensor Tensor(const char* name, const char* op, const float* values) {
  PlumbFrameworkTensor tensor;
  memset(&tensor, 0, sizeof tensor);
  tensor.name = name;
  tensor.op = op;
  tensor.rank = 4;
  tensor.dims[0] = 1;
  tensor.dims[1] = 2;
  tensor.dims[2] = 1;
  tensor.dims[3] = 2;
  tensor.values = values;
  tensor.count = values == NULL ? 0 : 4;
  return tensor;
}

static void* Open(const PlumbFrameworkRequest* request, const PlumbFrameworkError* error) {
  int* kind = malloc(sizeof *kind);
  for (*kind = 0; *kind < kCount && strcmp(request->model, kNames[*kind]) != 0; ++*kind) {
  }
  if (*kind != kRefused && *kind != kCount) {
    return kind;
  }
  Say(error, "there is no such network");
  free(kind);
  return NULL;
}

static uint32_t One(void* session) {
  (void)session;
  return 1;
}

static void Input(void* session, uint32_t index, PlumbFrameworkTensor* tensor) {
  (void)session;
  (void)index;
  *tensor = Tensor("x", NULL, NULL);
}

static void Output(void* session, uint32_t index, PlumbFrameworkTensor* tensor) {
  (void)session;
  (void)index;
  *tensor = Tensor("twice", NULL, NULL);
}

static int RunLayers(int kind, const float* twice, const PlumbFrameworkSink* sink) {
  static const float kTwo[4] = {2, 2, 2, 2};
  PlumbFrameworkTensor two = Tensor("two", "Const", kTwo);
  PlumbFrameworkTensor result = Tensor("twice", "Mul", twice);
  PlumbFrameworkTensor secret = Tensor("secret", "Hide", NULL);
  two.kind = PLUMB_FRAMEWORK_CONSTANT;
  secret.kind = PLUMB_FRAMEWORK_UNREADABLE;
  secret.why = "it is a secret";
  if (kind == kLies) {
    result.count = 5;
  }
  return sink->layer(sink->context, &two) != 0 || sink->layer(sink->context, &result) != 0 ||
         sink->layer(sink->context, &secret) != 0;
}

static int Run(void* session,
               const float* const* inputs,
               const PlumbFrameworkSink* sink,
               const PlumbFrameworkError* error) {
  const int kind = *(const int*)session;
  float twice[4];
  PlumbFrameworkTensor output;
  int i;
  for (i = 0; i < 4; ++i) {
    twice[i] = 2 * inputs[0][i];
  }
  if (kind == kFails) {
    Say(error, "out of fuel");
    return 1;
  }
  if (sink->layer != NULL && RunLayers(kind, twice, sink) != 0) {
    return 2;
  }
  while (kind == kHangs) {
    if (sink->stopped(sink->context) != 0) {
      return 2;
    }
  }
  if (kind == kForgets) {
    return 0;
  }
  output = Tensor("twice", NULL, twice);
  return sink->output(sink->context, 0, &output) != 0 ? 2 : 0;
}

__attribute__((visibility("default"))) const PlumbFrameworkPlugin* PlumbFrameworkPluginGet(void);

const PlumbFrameworkPlugin* PlumbFrameworkPluginGet(void) {
  static const PlumbFrameworkPlugin kPlugin = {PLUMB_FRAMEWORK_ABI,
                                               PLUMB_FRAMEWORK_NCHW,
                                               "Doubler 1.0",
                                               Open,
                                               One,
                                               One,
                                               Input,
                                               Output,
                                               Run,
                                               free};
  return &kPlugin;
}
