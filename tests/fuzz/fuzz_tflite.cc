// TFLite files: import, then everything that follows for a small network.
#include <memory>

#include "common/npu/import/tflite/tflite.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/run_network.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  auto graph = npu::ImportTflite(Buffer::Copy({data, size}), "fuzz");
  if (!graph.ok()) {
    FUZZ_REQUIRE(!graph.status().message().empty());
    return 0;
  }
  FUZZ_REQUIRE(npu::ValidateGraph(*graph).ok());
  fuzz::RequireRuns(std::make_shared<const npu::Graph>(*std::move(graph)), size % 2 == 0 ? 8 : 16);
  return 0;
}
