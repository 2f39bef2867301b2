// Run must not allocate: a chip's memory is what CreateChannel reserved, and a heap in the inner
// loop is slow. The program's operator new counts.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "common/npu/kernels_fast/executor.h"
#include "tests/common/npu/kernels/layer_generator.h"

namespace {

std::atomic<int64_t> allocations{0};

void* CountedAllocation(size_t size) {
  ++allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

}  // namespace

void* operator new(size_t size) {
  return CountedAllocation(size);
}

void* operator new[](size_t size) {
  return CountedAllocation(size);
}

// std::stable_sort takes its buffer here.
void* operator new(size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}

void* operator new[](size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete[](void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, size_t /*size*/) noexcept {
  std::free(memory);
}

void operator delete[](void* memory, size_t /*size*/) noexcept {
  std::free(memory);
}

namespace plumb::npu {
namespace {

int64_t AllocationsOfFirstRun(const FixedModel& model,
                              const std::vector<std::vector<int16_t>>& inputs,
                              const FastExecutor::Options& options) {
  auto executor = FastExecutor::Create(std::make_shared<FixedModel>(model), options);
  EXPECT_TRUE(executor.ok()) << executor.status().ToString();
  std::vector<std::vector<int16_t>> outputs;
  for (const uint32_t output : model.outputs) {
    outputs.emplace_back(*model.tensors[output].shape.element_count());
  }
  const std::vector<std::span<const int16_t>> input_spans(inputs.begin(), inputs.end());
  const std::vector<std::span<int16_t>> output_spans(outputs.begin(), outputs.end());
  const int64_t before = allocations;
  const Status status = (*executor)->Run(input_spans, output_spans);
  const int64_t after = allocations;
  EXPECT_TRUE(status.ok()) << status.ToString();
  return after - before;
}

TEST(Allocation, TheCounterCounts) {
  const int64_t before = allocations;
  ::operator delete(::operator new(1));
  EXPECT_EQ(allocations, before + 1);
}

TEST(Allocation, RunAllocatesNothingWhateverTheKind) {
  for (size_t kind = 0; kind < std::variant_size_v<OpAttributes>; ++kind) {
    for (const ElementType type : {ElementType::kUint8, ElementType::kInt16}) {
      LayerGenerator generator(static_cast<uint32_t>(kind * 13 + static_cast<size_t>(type)));
      for (int i = 0; i < 8; ++i) {
        const FixedModel model = generator.Make(kind, type);
        const auto inputs = generator.MakeInputs(model);
        FastExecutor::Options options;
        options.threads = 1 + i % 2;
        for (const InstructionSet set : SupportedInstructionSets()) {
          options.instructions = set;
          EXPECT_EQ(AllocationsOfFirstRun(model, inputs, options), 0)
              << "kind " << kind << ", " << InstructionSetName(set);
        }
      }
    }
  }
}

}  // namespace
}  // namespace plumb::npu
