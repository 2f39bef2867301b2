// One run of a model with a large output through real processes, and what memory they took.
#pragma once

#include <cstdint>

namespace plumb::test {

// Peaks of private memory (memory_watch.h) in bytes.
struct MemoryFigures {
  uint64_t output_size = 0;
  uint64_t server = 0;
  uint64_t agent = 0;
  uint64_t runner = 0;     // plumb-runner, the virtual chip inside it included
  uint64_t bare_chip = 0;  // the same vendor calls without Plumbline
  uint64_t simulator = 0;
  uint64_t client = 0;
  double transfer_seconds = 0;  // from the end of Invoke to the output's last byte at the server
  double whole_seconds = 0;     // of `plumb run`
  int exit_code = -1;

  // What Plumbline adds to the vendor's library and its buffers.
  [[nodiscard]] uint64_t runner_without_chip() const {
    return runner > bare_chip ? runner - bare_chip : 0;
  }
};

// One FP32 output of `mebibytes` MiB on a virtual board of family S6, compared with the simulator.
// Fails the test when something does not run.
MemoryFigures MeasureMemory(int mebibytes);

}  // namespace plumb::test
