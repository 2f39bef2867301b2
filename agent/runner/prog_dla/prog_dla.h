// plumb-runner as the vendor's prog_dla_simulator, so that a lab's scripts go on working. C++14.
#pragma once

#include <cstdio>

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Runs the model on every input, writes ./output and prints to `out`; complaints go to stderr.
// Returns the exit code: 0, 2 usage, 3 files, 4 the board.
int ProgDla(int argc, char** argv, std::FILE* out);

}  // namespace mi
}  // namespace plumb
