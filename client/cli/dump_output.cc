#include "client/cli/dump_output.h"

#include <utility>

#include "common/base/text.h"

namespace plumb::client {
namespace {

// Moves axis 1 behind axis 3: [a, b, c, d] becomes [a, c, d, b], with b, c·d as one.
std::vector<float> SwapInner(std::span<const float> values, size_t outer, size_t b, size_t rest) {
  std::vector<float> turned;
  turned.reserve(values.size());
  for (size_t a = 0; a < outer; ++a) {
    const auto part = values.subspan(a * b * rest, b * rest);
    for (size_t place = 0; place < rest; ++place) {
      for (size_t i = 0; i < b; ++i) {
        turned.push_back(part[i * rest + place]);
      }
    }
  }
  return turned;
}

}  // namespace

std::vector<float> NchwToNhwc(std::span<const float> values, const Shape& nchw) {
  const auto dim = [&](size_t axis) { return static_cast<size_t>(nchw[axis]); };
  return SwapInner(values, dim(0), dim(1), dim(2) * dim(3));
}

std::vector<float> NhwcToNchw(std::span<const float> values, const Shape& nhwc) {
  const auto dim = [&](size_t axis) { return static_cast<size_t>(nhwc[axis]); };
  return SwapInner(values, dim(0), dim(1) * dim(2), dim(3));
}

DumpOutput::DumpOutput(dump::DumpWriter writer, uint64_t expected, VerbContext& context)
    : writer_(std::move(writer)),
      context_(&context),
      progress_(std::make_unique<Progress>(context.console, "layers", expected)) {}

Result<DumpOutput> DumpOutput::Create(const std::string& path,
                                      bool is_float,
                                      uint64_t expected,
                                      VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(dump::DumpWriter writer, dump::DumpWriter::Create(path, is_float));
  return DumpOutput(std::move(writer), expected, context);
}

Status DumpOutput::Add(const dump::DumpEntry& entry, std::span<const float> values, bool turn) {
  PLUMB_RETURN_IF_ERROR(context_->cancel.status());
  if (entry.constant) {
    ++counts_.constants;
  } else {
    progress_->Update(++counts_.layers, entry.name);
  }
  if (!turn || !entry.shape || entry.shape->rank() != 4) {
    return writer_.Add(entry, values);
  }
  const Shape& nchw = *entry.shape;
  dump::DumpEntry turned = entry;
  turned.shape = Shape{nchw[0], nchw[2], nchw[3], nchw[1]};
  return writer_.Add(turned, NchwToNhwc(values, nchw));
}

void DumpOutput::NoteUnreadable(const std::string& name, const std::string& why) {
  counts_.unreadable.push_back(EscapeForDisplay(name) + ": " + why);
}

}  // namespace plumb::client
