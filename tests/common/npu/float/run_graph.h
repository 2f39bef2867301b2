// Runs a one-output network and gives its values.
#pragma once

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "common/npu/float/executor.h"
#include "tests/support/graph_builder.h"

namespace plumb::testing {

inline std::vector<float> RunGraph(const npu::Graph& graph,
                                   const std::vector<std::vector<float>>& inputs) {
  auto executor = npu::FloatExecutor::Create(std::make_shared<const npu::Graph>(graph));
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  if (!executor.ok()) {
    return {};
  }
  auto outputs = (*executor)->Run(inputs);
  EXPECT_TRUE(outputs.ok()) << outputs.status().ToString();
  return outputs.ok() ? outputs->front() : std::vector<float>();
}

// One operation on one input.
inline std::vector<float> RunUnary(npu::OpKind kind,
                                   const Shape& input,
                                   const Shape& output,
                                   const std::vector<float>& values,
                                   npu::GraphOpAttributes attributes = {}) {
  GraphBuilder builder;
  const uint32_t x = builder.Input(input);
  const uint32_t y = builder.Op(kind, {x}, output, std::move(attributes));
  return RunGraph(builder.Build({y}), {values});
}

}  // namespace plumb::testing
