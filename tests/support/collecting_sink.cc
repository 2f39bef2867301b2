#include "tests/support/collecting_sink.h"

#include <algorithm>
#include <cstring>

namespace plumb::test {

Status CollectingSink::Note(const std::string& call) {
  calls.push_back(call);
  return on_call ? on_call(call) : OkStatus();
}

Status CollectingSink::OnModel(const ModelInfo& info) {
  calls.clear();
  received.clear();
  ends.clear();
  probe.clear();
  wanted_offset_.reset();
  model = info;
  return Note("model");
}

Status CollectingSink::OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) {
  probe = valid_digests;
  probe_input_was_zero = input_was_zero;
  return Note("probe");
}

Status CollectingSink::OnInvoke(const InvokeInfo& info) {
  if (info.invoke_ms < 0) {
    complaints.emplace_back("an Invoke took less than no time");
  }
  invokes[info.repetition] = info;
  return Note("invoke " + std::to_string(info.repetition));
}

Result<uint64_t> CollectingSink::OnChunk(uint32_t repetition,
                                         uint32_t index,
                                         uint64_t offset,
                                         const Buffer& bytes) {
  const std::string where = std::to_string(repetition) + "/" + std::to_string(index);
  auto& tensor = received[{repetition, index}];
  if (offset != wanted_offset_.value_or(tensor.size())) {
    complaints.push_back("chunk of " + where + " at another offset than asked for");
  }
  if (bytes.empty() || bytes.size() > size_t{256} * 1024) {
    complaints.push_back("chunk of " + where + " with " + std::to_string(bytes.size()) + " bytes");
  }
  tensor.resize(std::max<size_t>(tensor.size(), offset + bytes.size()));
  std::copy(bytes.span().begin(), bytes.span().end(), tensor.begin() + static_cast<long>(offset));
  const uint64_t end = offset + bytes.size();
  PLUMB_RETURN_IF_ERROR(
      Note("chunk " + where + " @" + std::to_string(offset) + "+" + std::to_string(bytes.size())));
  const auto rewind = rewind_after.find(end);
  wanted_offset_ = end;
  if (rewind != rewind_after.end()) {
    wanted_offset_ = rewind->second;
    rewind_after.erase(rewind);
  }
  return *wanted_offset_;
}

Result<uint64_t> CollectingSink::OnTensorEnd(const TensorEnd& end) {
  const uint64_t size = model.outputs.at(end.index).aligned_size;
  const auto known = ends.find({end.repetition, end.index});
  if (known != ends.end() && (known->second.valid_digest != end.valid_digest ||
                              known->second.canary_size != end.canary_size)) {
    complaints.emplace_back("a tensor ended twice, each time otherwise");
  }
  ends[{end.repetition, end.index}] = end;
  wanted_offset_.reset();
  PLUMB_RETURN_IF_ERROR(
      Note("end " + std::to_string(end.repetition) + "/" + std::to_string(end.index)));
  if (rewind_at_end) {
    wanted_offset_ = std::exchange(rewind_at_end, std::nullopt);
    return *wanted_offset_;
  }
  return size;
}

std::vector<uint8_t> CollectingSink::ValidBytes(uint32_t index, uint32_t repetition) const {
  const auto& raw = received.at({repetition, index});
  const ValidRegion region = ValidRegionOf(model.outputs.at(index)).value();
  std::vector<uint8_t> valid;
  for (uint64_t row = 0; row < region.rows; ++row) {
    const auto* begin = raw.data() + row * region.row_pitch;
    valid.insert(valid.end(), begin, begin + region.row_size);
  }
  return valid;
}

std::vector<int> CollectingSink::Int16Values(uint32_t index, uint32_t repetition) const {
  const auto valid = ValidBytes(index, repetition);
  std::vector<int16_t> values(valid.size() / 2);
  std::memcpy(values.data(), valid.data(), values.size() * 2);
  return {values.begin(), values.end()};
}

}  // namespace plumb::test
