// A 1 GiB output end to end by the real programs: private memory and throughput.
//   bench_wire_memory [MEBIBYTES]
#include <cstdio>
#include <cstdlib>

#include "tests/e2e/memory_run.h"

namespace {

constexpr uint64_t kTarget = uint64_t{200} << 20U;

void Row(const char* what, uint64_t bytes, bool target) {
  const char* judged = bytes < kTarget ? "met" : "MISSED";
  std::printf("| %-44s | %9.1f | %6.3f | %s |\n",
              what,
              static_cast<double>(bytes) / (1 << 20),
              static_cast<double>(bytes) / static_cast<double>(kTarget),
              target ? judged : "");
}

}  // namespace

int main(int argc, char** argv) {
  const int mebibytes = argc > 1 ? std::atoi(argv[1]) : 1024;
  if (mebibytes < 1 || mebibytes > 1024) {
    std::fprintf(stderr, "bench_wire_memory: 1 to 1024 MiB\n");
    return 2;
  }
  const auto figures = plumb::test::MeasureMemory(mebibytes);
  std::printf("One FP32 output of %d MiB, one repetition, with probe; exit code %d\n\n",
              mebibytes,
              figures.exit_code);
  std::printf("| peak RssAnon | MiB | of 200 MiB | |\n|---|---|---|---|\n");
  Row("plumb-server", figures.server, true);
  Row("plumb-agent", figures.agent, true);
  Row("plumb-runner less the bare chip (ring, heap)", figures.runner_without_chip(), true);
  Row("plumb", figures.client, false);
  Row("the bare chip (vendor's calls alone)", figures.bare_chip, false);
  Row("plumb-runner with the chip inside", figures.runner, false);
  Row("plumb-simulator", figures.simulator, false);
  std::printf("\nUpload of the output %.2f s (%.0f MB/s), whole run %.2f s\n",
              figures.transfer_seconds,
              static_cast<double>(figures.output_size) / 1e6 / figures.transfer_seconds,
              figures.whole_seconds);
  return figures.exit_code == 0 ? 0 : 1;
}
