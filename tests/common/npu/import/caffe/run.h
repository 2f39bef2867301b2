// Imports and runs the small Caffe networks of the tests.
#pragma once

#include <map>

#include <gtest/gtest.h>

#include "common/npu/float/executor.h"
#include "common/npu/import/caffe/caffe.h"
#include "tests/common/npu/import/caffe/model.h"

namespace plumb::testing {

inline npu::Graph ImportOrFail(const std::string& text, const CaffeWeights& weights = {}) {
  Result<npu::Graph> graph =
      npu::ImportCaffe(TextFile(text), CaffeWeights(weights).Layer("other", {}).File(), "test");
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
  return graph.ok() ? std::move(*graph) : npu::Graph();
}

// Every layer's tensor by its name, in the graph's layout (NHWC).
inline std::map<std::string, std::vector<float>> RunLayers(
    const npu::Graph& graph, const std::vector<std::vector<float>>& inputs) {
  std::map<std::string, std::vector<float>> layers;
  const auto executor = npu::FloatExecutor::Create(std::make_shared<const npu::Graph>(graph));
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  if (!executor.ok()) {
    return layers;
  }
  const auto sink = [&layers](const npu::GraphOp&,
                              const npu::GraphTensor& tensor,
                              std::span<const float> values) -> Status {
    layers[tensor.name].assign(values.begin(), values.end());
    return OkStatus();
  };
  const auto outputs = (*executor)->Run(inputs, sink);
  EXPECT_TRUE(outputs.ok()) << outputs.status().ToString();
  return layers;
}

// What layer 'y' of `type` makes of 'x'; picture inputs are NHWC.
inline std::vector<float> RunOne(const std::vector<int64_t>& dims,
                                 const std::vector<float>& x,
                                 const std::string& layers,
                                 const std::vector<CaffeBlob>& blobs = {}) {
  const npu::Graph graph = ImportOrFail(NetText(dims, layers), CaffeWeights().Layer("y", blobs));
  return RunLayers(graph, {x})["y"];
}

inline Status ImportStatus(const std::string& text, const std::vector<CaffeBlob>& blobs = {}) {
  return npu::ImportCaffe(TextFile(text), CaffeWeights().Layer("y", blobs).File(), "test").status();
}

}  // namespace plumb::testing
