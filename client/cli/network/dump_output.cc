#include "client/cli/network/dump_output.h"

#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/npu/import/permute.h"

namespace plumb::client {
namespace {

constexpr std::array<int32_t, 4> kToPicture = {0, 2, 3, 1};
constexpr std::array<int32_t, 4> kToPlanes = {0, 3, 1, 2};

}  // namespace

std::vector<float> NchwToNhwc(std::span<const float> values, const Shape& nchw) {
  return npu::importing::Permute(values, nchw, kToPicture);
}

std::vector<float> NhwcToNchw(std::span<const float> values, const Shape& nhwc) {
  return npu::importing::Permute(values, nhwc, kToPlanes);
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
