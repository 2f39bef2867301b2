// Caffemodels of one network that reads every kind of weight: import, then everything that follows.
#include <memory>

#include "common/npu/import/caffe/caffe.h"
#include "tests/fuzz/caffe_seeds.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/run_network.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  static const Buffer kNet = fuzz::CaffeNetFile();
  auto graph = npu::ImportCaffe(kNet, Buffer::Copy({data, size}), "fuzz");
  if (!graph.ok()) {
    FUZZ_REQUIRE(!graph.status().message().empty());
    return 0;
  }
  FUZZ_REQUIRE(npu::ValidateGraph(*graph).ok());
  fuzz::RequireRuns(std::make_shared<const npu::Graph>(*std::move(graph)), size % 2 == 0 ? 8 : 16);
  return 0;
}
