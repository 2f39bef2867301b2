// Prototxts with the weights of their seeds: import, then everything that follows for a small
// network.
#include <memory>

#include "common/npu/import/caffe/caffe.h"
#include "common/npu/import/caffe/outline.h"
#include "tests/fuzz/caffe_seeds.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/run_network.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  static const Buffer kWeights = fuzz::CaffeWeightsFile();
  const Buffer prototxt = Buffer::Copy({data, size});
  auto graph = npu::ImportCaffe(prototxt, kWeights, "fuzz");
  if (!graph.ok()) {
    FUZZ_REQUIRE(!graph.status().message().empty());
    return 0;
  }
  FUZZ_REQUIRE(npu::ValidateGraph(*graph).ok());
  FUZZ_REQUIRE(npu::OutlineOfCaffe(prototxt).ok());
  fuzz::RequireRuns(std::make_shared<const npu::Graph>(*std::move(graph)), size % 2 == 0 ? 8 : 16);
  return 0;
}
