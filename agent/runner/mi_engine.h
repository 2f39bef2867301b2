// The ring's Engine over the vendor's MI_IPU interface. C++14.
#pragma once

#include <memory>
#include <string>

#include "agent/runner/mi_call.h"
#include "agent/runner/mi_library.h"
#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

struct EngineOptions {
  LibraryOptions library;
  std::string firmware;          // path; empty: the library's default
  bool model_in_memory = false;  // CreateCHN reads the model through a function of ours
  CallOptions call;
  std::string sdk;         // what to report as the SDK; empty: the generation and the library
  std::string board_root;  // where /proc and /sys are looked for when a run fails; "" on a board
};

// Opens nothing before Load, so that a missing library is an answer and not a dead child. Calls the
// interface in the vendor's order (docs/formats/mi_ipu.md); the destructor undoes it in reverse.
std::unique_ptr<ring::Engine> MakeMiEngine(const EngineOptions& options);

}  // namespace mi
}  // namespace plumb
