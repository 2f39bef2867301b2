// What no vendor's library has: the layer tap.
#include <array>
#include <memory>
#include <utility>

#include "agent/virtual_ipu/guard.h"
#include "agent/virtual_ipu/ipu.h"
#include "agent/virtual_ipu/layer_tap.h"

namespace {

using plumb::virtual_ipu::Channel;
using plumb::virtual_ipu::Ipu;

// The operation that writes each tensor.
using Producers = std::vector<const plumb::npu::FixedOp*>;

Producers ProducersOf(const plumb::npu::FixedModel& model) {
  Producers producers(model.tensors.size(), nullptr);
  for (const auto& op : model.ops) {
    producers[op.output] = &op;
  }
  return producers;
}

void Show(const plumb::npu::FixedModel& model,
          const plumb::npu::FixedOp* op,
          uint32_t index,
          std::span<const int16_t> values,
          const std::pair<PlumbVirtualLayerTap, void*>& tap) {
  const auto& tensor = model.tensors[index];
  std::array<MI_U32, plumb::Shape::kMaxRank> dims{};
  for (size_t axis = 0; axis < tensor.shape.rank(); ++axis) {
    dims.at(axis) = static_cast<MI_U32>(tensor.shape[axis]);
  }
  PlumbVirtualLayer layer{};
  layer.name = tensor.name.c_str();
  layer.operation = op == nullptr ? "" : op->source_op.c_str();
  layer.element_format = plumb::MiFormat(tensor.element_type).value_or(MI_IPU_FORMAT_UNKNOWN);
  layer.dim_count = static_cast<MI_U32>(tensor.shape.rank());
  layer.dims = dims.data();
  layer.scale = tensor.scale;
  layer.zero_point = tensor.zero_point;
  layer.element_count = values.size();
  layer.values = values.data();
  tap.first(tap.second, &layer);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) MI_S32 PlumbVirtualTapLayers(
    MI_IPU_CHN channel, PlumbVirtualLayerTap tap, void* context) {
  return plumb::virtual_ipu::Guarded([&] {
    std::shared_ptr<Channel> found;
    const MI_S32 error = Ipu::Instance().Find(channel, found);
    if (error == MI_SUCCESS && tap == nullptr) {
      found->SetTap(nullptr);
    } else if (error == MI_SUCCESS) {
      const auto& model = found->model();
      found->SetTap([&model, producers = ProducersOf(model), callback = std::pair(tap, context)](
                        uint32_t index, std::span<const int16_t> values) {
        Show(model, producers[index], index, values, callback);
      });
    }
    return error;
  });
}
