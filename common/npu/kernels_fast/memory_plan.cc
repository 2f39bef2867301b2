#include "common/npu/kernels_fast/memory_plan.h"

#include <algorithm>
#include <cstdint>

namespace plumb::npu::fast {
namespace {

constexpr size_t kLineElements = 32;  // 64 bytes

struct Life {
  size_t tensor;
  size_t first;
  size_t last;
  size_t size;
};

struct Placed {
  size_t offset;
  Life life;
};

std::vector<Life> LivesOf(const FixedModel& model) {
  const size_t end = model.ops.size();
  std::vector<Life> lives;
  for (size_t i = 0; i < model.tensors.size(); ++i) {
    const FixedTensor& tensor = model.tensors[i];
    const auto count = static_cast<size_t>(tensor.shape.element_count().value_or(0));
    const size_t size = (count + kLineElements - 1) / kLineElements * kLineElements;
    lives.push_back({i, 0, tensor.constant.empty() ? 0 : end, size});
  }
  for (size_t i = 0; i < end; ++i) {
    lives[model.ops[i].output].first = i;
    lives[model.ops[i].output].last = std::max(lives[model.ops[i].output].last, i);
    for (const uint32_t input : model.ops[i].inputs) {
      lives[input].last = std::max(lives[input].last, i);
    }
  }
  for (const uint32_t output : model.outputs) {
    lives[output].last = end;
  }
  return lives;
}

// The lowest offset at which `life` overlaps none of `placed` (sorted by offset) in time and space.
size_t LowestFit(const std::vector<Placed>& placed, const Life& life) {
  size_t offset = 0;
  for (const Placed& other : placed) {
    const bool same_time = other.life.first <= life.last && life.first <= other.life.last;
    if (!same_time) {
      continue;
    }
    if (offset + life.size <= other.offset) {
      break;
    }
    offset = std::max(offset, other.offset + other.life.size);
  }
  return offset;
}

}  // namespace

MemoryPlan PlanMemory(const FixedModel& model) {
  std::vector<Life> lives = LivesOf(model);
  std::stable_sort(
      lives.begin(), lives.end(), [](const Life& a, const Life& b) { return a.size > b.size; });
  MemoryPlan plan;
  plan.offset.resize(lives.size());
  std::vector<Placed> placed;
  for (const Life& life : lives) {
    const size_t offset = LowestFit(placed, life);
    plan.offset[life.tensor] = offset;
    plan.size = std::max(plan.size, offset + life.size);
    const auto after = std::upper_bound(
        placed.begin(), placed.end(), offset, [](size_t value, const Placed& other) {
          return value < other.offset;
        });
    placed.insert(after, {offset, life});
  }
  return plan;
}

}  // namespace plumb::npu::fast
