#include "common/layers/layer_set.h"

#include <memory>
#include <utility>

#include "common/base/text.h"

namespace plumb::layers {
namespace {

using dump::Direction;
using dump::DumpEntry;

// Bytes of float32 values as they lie in memory.
analysis::ReadRange ReaderOf(const dump::DumpIndex& index, const DumpEntry& entry) {
  const auto reader = std::make_shared<dump::DumpValueReader>(index, entry);
  return [reader](uint64_t offset, std::span<uint8_t> out) -> Status {
    const auto address = reinterpret_cast<uintptr_t>(out.data());
    if (offset % sizeof(float) == 0 && out.size() % sizeof(float) == 0 &&
        address % alignof(float) == 0) {
      return reader->Read(offset / sizeof(float),
                          {reinterpret_cast<float*>(out.data()), out.size() / sizeof(float)});
    }
    return InternalError("values of a dump were asked for in parts");
  };
}

// An operation's tensors follow each other, operands first; a number that does not rise begins the
// next operation.
class OperationCounter {
 public:
  uint32_t Of(const DumpEntry& entry) {
    const bool rises = entry.direction == last_direction_ ? entry.index > last_index_
                                                          : entry.direction == Direction::kOutput;
    if (started_ && !rises) {
      ++number_;
    }
    started_ = true;
    last_direction_ = entry.direction;
    last_index_ = entry.index;
    return number_;
  }

 private:
  bool started_ = false;
  Direction last_direction_ = Direction::kInput;
  uint32_t last_index_ = 0;
  uint32_t number_ = 0;
};

// The types that dumps name; other words are no quantised types.
std::optional<QuantRange> RangeOf(const DumpEntry& entry) {
  const bool is_unsigned = entry.type.find('U') != std::string::npos;
  for (const int bits : {8, 16}) {
    if (entry.type == (is_unsigned ? "UINT" : "INT") + std::to_string(bits)) {
      return QuantRangeOf(entry.scale, entry.zero_point, bits, !is_unsigned);
    }
  }
  return std::nullopt;
}

std::optional<QuantRange> RangeOf(const TensorDesc& desc) {
  const double scale = desc.scale;
  switch (desc.element_type) {
    case ElementType::kInt8:
      return QuantRangeOf(scale, desc.zero_point, 8, true);
    case ElementType::kUint8:
      return QuantRangeOf(scale, desc.zero_point, 8, false);
    case ElementType::kInt16:
      return QuantRangeOf(scale, desc.zero_point, 16, true);
    case ElementType::kUint16:
      return QuantRangeOf(scale, desc.zero_point, 16, false);
    default:
      return std::nullopt;
  }
}

Result<Layer> LayerOf(const DumpEntry& entry) {
  PLUMB_ASSIGN_OR_RETURN(const uint64_t count, entry.value_count());
  PLUMB_ASSIGN_OR_RETURN(const Shape flat,
                         Shape::Create(std::vector<int64_t>{static_cast<int64_t>(count)}));
  Layer layer;
  PLUMB_ASSIGN_OR_RETURN(
      layer.desc,
      MakeContiguousDesc(entry.name, ElementType::kFloat32, entry.shape.value_or(flat)));
  layer.shape_known = entry.shape.has_value();
  layer.op = entry.op;
  layer.type = entry.type;
  layer.output_index = entry.index;
  layer.as_text = entry.as_text;
  layer.range = RangeOf(entry);
  return layer;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The run of digits at the front, without leading zeros; `text` goes on behind it.
std::string_view TakeDigits(std::string_view& text) {
  size_t end = 0;
  while (end < text.size() && IsDigit(text[end])) {
    ++end;
  }
  std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  while (digits.size() > 1 && digits.front() == '0') {
    digits.remove_prefix(1);
  }
  return digits;
}

}  // namespace

Result<LayerSet> LayersOfDump(const dump::DumpIndex& index, std::string source) {
  LayerSet set;
  set.source = std::move(source);
  set.is_float = index.is_float;
  const auto shared = std::make_shared<const dump::DumpIndex>(index);
  OperationCounter counter;
  std::vector<std::string> inputs;  // of the operation `inputs_of`
  uint32_t inputs_of = 0;
  for (size_t i = 0; i < index.entries.size(); ++i) {
    const DumpEntry& entry = index.entries[i];
    const uint32_t op_index = counter.Of(entry);
    if (op_index != inputs_of) {
      inputs.clear();
      inputs_of = op_index;
    }
    if (entry.constant) {
      ++set.constants;
    } else if (entry.direction == Direction::kInput) {
      inputs.push_back(entry.name);
    } else {
      PLUMB_ASSIGN_OR_RETURN(Layer layer, LayerOf(entry));
      layer.op_index = op_index;
      layer.inputs = inputs;
      layer.open = [shared, i] { return ReaderOf(*shared, shared->entries[i]); };
      set.layers.push_back(std::move(layer));
    }
  }
  return set;
}

LayerSet LayersOfTensors(const std::vector<Tensor>& tensors, std::string source) {
  LayerSet set;
  set.source = std::move(source);
  for (const Tensor& tensor : tensors) {
    Layer layer;
    layer.desc = tensor.desc;
    layer.type = ElementTypeName(tensor.desc.element_type);
    layer.op_index = static_cast<uint32_t>(set.layers.size());
    layer.range = RangeOf(tensor.desc);
    layer.open = [tensor]() -> analysis::ReadRange {
      return [tensor](uint64_t offset, std::span<uint8_t> out) {
        return analysis::ReadFrom(tensor.bytes.span())(offset, out);
      };
    };
    set.layers.push_back(std::move(layer));
  }
  return set;
}

std::string Sanitised(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c != ':') {
      text += c == '/' ? '_' : c;
    }
  }
  return text;
}

std::string VendorName(const Layer& layer) {
  return std::to_string(layer.op_index) + "." + Sanitised(layer.desc.name) + ".xx.output" +
         std::to_string(layer.output_index);
}

bool NaturalLess(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (IsDigit(a.front()) && IsDigit(b.front())) {
      const std::string_view x = TakeDigits(a);
      const std::string_view y = TakeDigits(b);
      if (x != y) {
        return x.size() != y.size() ? x.size() < y.size() : x < y;
      }
      continue;
    }
    if (a.front() != b.front()) {
      return a.front() < b.front();
    }
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() < b.size();
}

}  // namespace plumb::layers
