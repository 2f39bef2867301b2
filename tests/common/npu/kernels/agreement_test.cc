// The two kernel sets share no code; over the same frozen integers they must not differ in one bit.
#include <tuple>

#include <gtest/gtest.h>

#include "common/npu/kernels_fast/executor.h"
#include "common/npu/kernels_reference/executor.h"
#include "common/npu/model/container.h"
#include "tests/common/npu/kernels/layer_generator.h"

namespace plumb::npu {
namespace {

constexpr int kLayersPerCase = 40;

template <class Executor>
std::vector<std::vector<int16_t>> RunOn(const FixedModel& model,
                                        const typename Executor::Options& options,
                                        const std::vector<std::vector<int16_t>>& inputs) {
  auto executor = Executor::Create(std::make_shared<FixedModel>(model), options);
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  if (!executor.ok()) {
    return {};
  }
  std::vector<std::vector<int16_t>> outputs;
  for (const uint32_t output : model.outputs) {
    outputs.emplace_back(*model.tensors[output].shape.element_count());
  }
  const std::vector<std::span<const int16_t>> input_spans(inputs.begin(), inputs.end());
  const std::vector<std::span<int16_t>> output_spans(outputs.begin(), outputs.end());
  // Twice: nothing of the first run may show in the second.
  for (int run = 0; run < 2; ++run) {
    const Status status = (*executor)->Run(input_spans, output_spans);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  return outputs;
}

class Agreement : public testing::TestWithParam<std::tuple<size_t, ElementType, RoundingProfile>> {
};

TEST_P(Agreement, FastAndReferenceGiveTheSameBits) {
  const auto [kind, type, profile] = GetParam();
  LayerGenerator generator(static_cast<uint32_t>(kind * 97 + static_cast<size_t>(type)));
  for (int i = 0; i < kLayersPerCase; ++i) {
    const FixedModel model = generator.Make(kind, type);
    const auto inputs = generator.MakeInputs(model);
    ReferenceExecutor::Options reference;
    reference.rounding = profile;
    FastExecutor::Options fast;
    fast.rounding = profile;
    fast.threads = 1 + i % 3;
    const auto expected = RunOn<ReferenceExecutor>(model, reference, inputs);
    for (const InstructionSet set : SupportedInstructionSets()) {
      fast.instructions = set;
      EXPECT_EQ(RunOn<FastExecutor>(model, fast, inputs), expected)
          << InstructionSetName(set) << ", layer " << i << ", output "
          << model.tensors[model.outputs[0]].shape.ToString();
    }
  }
}

TEST_P(Agreement, TheContainerKeepsEveryField) {
  const auto [kind, type, profile] = GetParam();
  LayerGenerator generator(static_cast<uint32_t>(kind * 31 + static_cast<size_t>(type)));
  FixedModel model = generator.Make(kind, type);
  model.rounding = profile;
  const auto bytes = SerializeModel(model);
  ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
  const auto parsed = ParseModel(Buffer::FromVector(*bytes));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  const auto again = SerializeModel(*parsed);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *bytes);
  const auto inputs = generator.MakeInputs(model);
  EXPECT_EQ(RunOn<FastExecutor>(*parsed, {}, inputs), RunOn<FastExecutor>(model, {}, inputs));
}

INSTANTIATE_TEST_SUITE_P(
    EveryKind,
    Agreement,
    testing::Combine(testing::Range(size_t{0}, std::variant_size_v<OpAttributes>),
                     testing::Values(ElementType::kUint8, ElementType::kInt8, ElementType::kInt16),
                     testing::Values(RoundingProfile::kHalfEven,
                                     RoundingProfile::kHalfAway,
                                     RoundingProfile::kHalfUp)));

}  // namespace
}  // namespace plumb::npu
