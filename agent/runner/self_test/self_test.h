// plumb-runner --self-test: whether a board's libraries keep to the facts this project rests on
// (docs/formats/mi_ipu.md), tried through the public C interface alone. C++14.
#pragma once

#include <cstdio>
#include <string>

#include "agent/runner/mi_engine.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Tries every check that the library's generation has on the offline model `model`, one line each
// to `out`, and returns the exit code: 0 all hold, 1 some do not, 3 nothing could be tried.
int SelfTest(const EngineOptions& options, const std::string& model, std::FILE* out);

}  // namespace mi
}  // namespace plumb
