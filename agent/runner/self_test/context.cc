#include "agent/runner/self_test/context.h"

#include <cstring>

namespace plumb {
namespace mi {
namespace {

uint64_t ElementSize(MI_U32 format) {
  switch (format) {
    case MI_IPU_FORMAT_INT16:
      return 2;
    case MI_IPU_FORMAT_INT32:
    case MI_IPU_FORMAT_FP32:
      return 4;
    case MI_IPU_FORMAT_COMPLEX64:
      return 8;
    default:
      return 1;
  }
}

uint8_t* DataOf(const TensorVector& tensors, size_t index) {
  return static_cast<uint8_t*>(tensors.astArrayTensors[index].ptTensorData[0]);
}

}  // namespace

Finding Holds() {
  return {};
}

Finding Broken(const std::string& text) {
  Finding finding;
  finding.state = Finding::State::kBroken;
  finding.text = text;
  return finding;
}

Finding Skipped(const std::string& text) {
  Finding finding;
  finding.state = Finding::State::kSkipped;
  finding.text = text;
  return finding;
}

Finding Context::Expect(const char* what, MI_S32 number, MI_S32 expected) const {
  return number == expected
             ? Holds()
             : Broken(std::string(what) + " gave " + Number(number) + ", not " + Number(expected));
}

bool RowsOf(const ring::TensorRecord& record, Rows* rows) {
  if (record.rank == 0 || record.rank > ring::kMaxRank) {
    return false;
  }
  rows->row = record.dims[record.rank - 1] * ElementSize(record.mi_format);
  rows->pitch = record.inner_stride == 0 ? rows->row : record.inner_stride;
  rows->count = 1;
  for (uint32_t axis = 0; axis + 1 < record.rank; ++axis) {
    rows->count *= record.dims[axis];
    if (rows->count > record.aligned_size) {
      return false;  // before it could overflow: a size is below 2^31, a dimension below 2^32
    }
  }
  return rows->count > 0 && rows->row > 0 && rows->row <= rows->pitch &&
         record.aligned_size >= rows->row &&
         rows->count - 1 <= (record.aligned_size - rows->row) / rows->pitch;
}

OpenedChannel::OpenedChannel(Context* context, MI_U32 depth)
    : inputs(),
      outputs(),
      context_(context) {
  ChnAttr attributes = ChannelAttributes(depth);
  char* path = const_cast<char*>(context->model_path.c_str());
  MI_S32 number = context->call.create_channel(&number_, &attributes, nullptr, path);
  open_ = number == MI_SUCCESS;
  if (!open_) {
    problem_ = "MI_IPU_CreateCHN gave " + context->Number(number);
  } else if (depth > 0) {
    number = Take();
    problem_ =
        number == MI_SUCCESS ? "" : "taking the channel's tensors gave " + context->Number(number);
  }
}

OpenedChannel::~OpenedChannel() {
  if (taken_) {
    context_->call.put_outputs(number_, &outputs);
    context_->call.put_inputs(number_, &inputs);
  }
  if (open_) {
    context_->call.destroy_channel(number_);
  }
}

MI_S32 OpenedChannel::Take() {
  MI_S32 number = context_->call.get_inputs(number_, &inputs);
  if (number == MI_SUCCESS) {
    number = context_->call.get_outputs(number_, &outputs);
    taken_ = number == MI_SUCCESS;
    if (!taken_) {
      context_->call.put_inputs(number_, &inputs);
    }
  }
  return number;
}

void OpenedChannel::FillInputs(uint8_t seed) {
  for (size_t i = 0; i < context_->tensors.inputs.size(); ++i) {
    uint8_t* data = DataOf(inputs, i);
    const ring::TensorRecord& record = context_->tensors.inputs[i];
    for (uint64_t byte = 0; byte < record.aligned_size; ++byte) {
      // Floats stay small and finite: only the two low bytes of each vary.
      const bool high = record.mi_format == MI_IPU_FORMAT_FP32 && byte % 4 >= 2;
      data[byte] = high ? static_cast<uint8_t>(byte % 4 == 3 ? 0x3E : 0x80)
                        : static_cast<uint8_t>(seed + byte * 7);
    }
  }
}

void OpenedChannel::FillOutputs(uint8_t value) {
  for (size_t i = 0; i < context_->tensors.outputs.size(); ++i) {
    std::memset(DataOf(outputs, i), value, context_->tensors.outputs[i].aligned_size);
  }
}

MI_S32 OpenedChannel::Invoke() {
  for (size_t i = 0; i < context_->tensors.inputs.size(); ++i) {
    context_->sys.Flush(DataOf(inputs, i), context_->tensors.inputs[i].aligned_size);
  }
  for (size_t i = 0; i < context_->tensors.outputs.size(); ++i) {
    context_->sys.Flush(DataOf(outputs, i), context_->tensors.outputs[i].aligned_size);
  }
  return context_->call.invoke(number_, &inputs, &outputs);
}

std::vector<uint8_t> OpenedChannel::Valid() const {
  std::vector<uint8_t> valid;
  for (size_t i = 0; i < context_->tensors.outputs.size(); ++i) {
    Rows rows;
    if (RowsOf(context_->tensors.outputs[i], &rows)) {
      const uint8_t* data = DataOf(outputs, i);
      for (uint64_t row = 0; row < rows.count; ++row) {
        valid.insert(valid.end(), data + row * rows.pitch, data + row * rows.pitch + rows.row);
      }
    }
  }
  return valid;
}

}  // namespace mi
}  // namespace plumb
