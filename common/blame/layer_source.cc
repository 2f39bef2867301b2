#include "common/blame/layer_source.h"

#include <map>
#include <string>
#include <utility>

#include "common/layers/layer_values.h"

namespace plumb::blame {
namespace {

using layers::LayoutEvidence;

// Where a tensor's values lie, and how they become those of the model.
struct Place {
  const layers::Layer* layer = nullptr;
  LayoutEvidence layout = LayoutEvidence::kSame;
  Shape turned;      // the target's shape where `layout` turns
  Shape plain_nchw;  // the model's own shape where a dump has it turned; else empty
};

bool IsNchwInModel(const npu::FixedTensor& tensor) {
  return tensor.plain_nchw && tensor.shape.rank() == 4;
}

std::vector<float> AsTarget(std::vector<float> values, const Place& place) {
  const Shape& shape = place.turned;
  if (place.layout == LayoutEvidence::kNchwNhwc) {
    const auto channels = static_cast<uint64_t>(shape[3]);
    return layers::TurnBlocks(values,
                              static_cast<uint64_t>(shape[0]),
                              channels,
                              static_cast<uint64_t>(shape[1] * shape[2]));
  }
  if (place.layout == LayoutEvidence::kNhwcNchw) {
    const auto channels = static_cast<uint64_t>(shape[1]);
    return layers::TurnBlocks(values,
                              static_cast<uint64_t>(shape[0]),
                              static_cast<uint64_t>(shape[2] * shape[3]),
                              channels);
  }
  return values;
}

Result<std::vector<float>> Read(const Place& place) {
  PLUMB_ASSIGN_OR_RETURN(std::vector<float> values, layers::ReadLayer(*place.layer));
  values = AsTarget(std::move(values), place);
  const Shape& nchw = place.plain_nchw;
  return nchw.rank() == 4 ? layers::TurnBlocks(values,
                                               static_cast<uint64_t>(nchw[0]),
                                               static_cast<uint64_t>(nchw[2] * nchw[3]),
                                               static_cast<uint64_t>(nchw[1]))
                          : values;
}

TensorSide SideOf(size_t tensors, std::map<uint32_t, Place> places) {
  TensorSide side;
  side.known.assign(tensors, false);
  for (const auto& [tensor, place] : places) {
    side.known[tensor] = true;
  }
  side.values = [places = std::move(places)](uint32_t tensor) -> Result<std::vector<float>> {
    const auto found = places.find(tensor);
    return found == places.end() ? NotFoundError("the tensor is not there") : Read(found->second);
  };
  return side;
}

LayerError ErrorIn(const analysis::TensorReport& report) {
  return {report.cosine,
          report.relative_l1,
          report.relative_l2,
          report.verdict == analysis::Verdict::kMatch,
          report.rule};
}

}  // namespace

void TakeLayers(const npu::FixedModel& model,
                const layers::LayerSet& reference,
                const layers::LayerSet& target,
                const std::vector<layers::LayerResult>& results,
                BlameProblem& problem) {
  std::map<std::string, uint32_t> tensors;
  for (const npu::FixedOp& op : model.ops) {
    tensors.emplace(model.tensors[op.output].name, op.output);
  }
  const auto tensor_of = [&](const layers::Layer& layer) -> std::optional<uint32_t> {
    const auto found = tensors.find(layer.desc.name);
    const bool fits =
        found != tensors.end() &&
        model.tensors[found->second].shape.element_count() == layer.desc.shape.element_count();
    return fits ? std::optional(found->second) : std::nullopt;
  };
  const auto place_of = [&](const layers::Layer& layer, uint32_t tensor) {
    const npu::FixedTensor& fixed = model.tensors[tensor];
    return Place{&layer, LayoutEvidence::kSame, {}, IsNchwInModel(fixed) ? fixed.shape : Shape{}};
  };
  std::map<uint32_t, Place> in_target;
  std::map<uint32_t, Place> in_reference;
  for (const layers::Layer& layer : target.layers) {
    if (const auto tensor = tensor_of(layer)) {
      in_target.emplace(*tensor, place_of(layer, *tensor));
    }
  }
  problem.cumulative.assign(model.tensors.size(), std::nullopt);
  for (const layers::LayerResult& result : results) {
    const layers::Layer& layer = target.layers[result.pair.target];
    const layers::Layer& expected = reference.layers[result.pair.reference];
    const auto tensor = tensor_of(layer);
    if (!tensor || expected.desc.shape.element_count() != layer.desc.shape.element_count()) {
      continue;
    }
    Place place = place_of(expected, *tensor);
    place.layout = result.layout;
    place.turned = layer.desc.shape;
    in_reference.emplace(*tensor, place);
    problem.cumulative[*tensor] = ErrorIn(result.report);
  }
  problem.reference = SideOf(model.tensors.size(), std::move(in_reference));
  problem.target = SideOf(model.tensors.size(), std::move(in_target));
}

}  // namespace plumb::blame
