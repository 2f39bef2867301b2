#include "common/blame/one_layer.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "common/blame/chance.h"

namespace plumb::blame {
namespace {

// Weights are symmetric.
constexpr int kLowestWeight = -127;

template <class T>
uint8_t MovedByte(uint8_t byte, int low, Chance& chance) {
  constexpr int kHighest = std::numeric_limits<T>::max();
  const int moved = static_cast<T>(byte) + chance.Step();
  return static_cast<uint8_t>(static_cast<T>(std::clamp(moved, low, kHighest)));
}

Buffer MovedBytes(const Buffer& values, ElementType type, int low, Chance& chance) {
  std::vector<uint8_t> moved(values.span().begin(), values.span().end());
  for (uint8_t& byte : moved) {
    byte = type == ElementType::kUint8 ? MovedByte<uint8_t>(byte, 0, chance)
                                       : MovedByte<int8_t>(byte, low, chance);
  }
  return Buffer::FromVector(std::move(moved));
}

// Linear operations have weights, others do not.
template <class Attributes>
void MoveWeights(Attributes& attributes, Chance& chance) {
  if constexpr (requires { attributes.linear; }) {
    attributes.linear.values =
        MovedBytes(attributes.linear.values, ElementType::kInt8, kLowestWeight, chance);
  }
}

void MoveConstants(npu::FixedModel& part, Chance& chance) {
  for (npu::FixedTensor& tensor : part.tensors) {
    // The steps of 16 bits are too fine to matter.
    if (!tensor.constant.empty() && tensor.element_type != ElementType::kInt16) {
      tensor.constant = MovedBytes(tensor.constant, tensor.element_type, -128, chance);
    }
  }
  std::visit([&chance](auto& attributes) { MoveWeights(attributes, chance); },
             part.ops.front().attributes);
}

}  // namespace

std::shared_ptr<const npu::FixedModel> ModelOfLayer(const npu::FixedModel& model,
                                                    const npu::FixedOp& op,
                                                    std::span<const uint32_t> inputs,
                                                    std::optional<uint64_t> chance) {
  auto part = std::make_shared<npu::FixedModel>();
  part->name = model.name;
  part->rounding = model.rounding;
  std::map<uint32_t, uint32_t> places;
  const auto place = [&](uint32_t tensor) {
    const auto [found, fresh] = places.emplace(tensor, static_cast<uint32_t>(part->tensors.size()));
    if (fresh) {
      part->tensors.push_back(model.tensors[tensor]);
    }
    return found->second;
  };
  npu::FixedOp alone = op;
  for (uint32_t& input : alone.inputs) {
    input = place(input);
  }
  alone.output = place(op.output);
  for (const uint32_t input : inputs) {
    npu::ModelInput end;
    end.tensor = place(input);
    part->inputs.push_back(end);
  }
  part->outputs = {alone.output};
  part->ops.push_back(std::move(alone));
  if (chance) {
    Chance drawn(*chance);
    MoveConstants(*part, drawn);
  }
  return part;
}

}  // namespace plumb::blame
