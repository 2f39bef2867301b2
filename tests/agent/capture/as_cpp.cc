// The same header in C++, declarations alone.
#include "agent/capture/plumb_capture_input.h"

static_assert(sizeof(&plumb_capture_input) > 0);
