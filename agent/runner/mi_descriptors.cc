#include "agent/runner/mi_descriptors.h"

#include <cstring>
#include <vector>

#include "agent/runner/abi/derived_sizes.h"

namespace plumb {
namespace mi {
namespace {

constexpr uint8_t kUntouched = 0xA5;

static_assert(sizeof(ring::TensorRecord::name) == MI_IPU_NAME_SIZE, "names fit");
static_assert(ring::kMaxRank >= TypesC::kMaxDims, "shapes fit");
static_assert(ring::kMaxTensors >= TypesB61::kMaxTensors, "tensors fit");
static_assert(sizeof(TypesC::SubNetDesc) >= sizeof(TypesB61::SubNetDesc), "the largest");

size_t TableSize(Generation generation) {
  switch (generation) {
    case Generation::k0:
      return sizeof(Types0::SubNetDesc);
    case Generation::kB13:
      return sizeof(TypesB13::SubNetDesc);
    case Generation::kB61:
      return sizeof(TypesB61::SubNetDesc);
    case Generation::kC:
      break;
  }
  return sizeof(TypesC::SubNetDesc);
}

uint64_t SizeOf(MI_S32 size) {
  return size < 0 ? 0 : static_cast<uint64_t>(size);
}

void AddOwnFields(const MI_IPU_0_TensorDesc_t& /*desc*/, ring::TensorRecord* record) {
  DeriveSizes(record);
}

void AddOwnFields(const MI_IPU_B_TensorDesc_t& desc, ring::TensorRecord* record) {
  record->inner_stride = desc.u32InnerMostStride;
  record->scale = desc.fScalar;
  record->zero_point = desc.s64ZeroPoint;
  record->aligned_size = SizeOf(desc.s32AlignedBufSize);
}

void AddOwnFields(const MI_IPU_C_TensorDesc_t& desc, ring::TensorRecord* record) {
  record->inner_stride = desc.u32InnerMostStride;
  record->scale = desc.fScalar;
  record->zero_point = desc.s64ZeroPoint;
  record->aligned_size = SizeOf(desc.s32AlignedBufSize);
  record->payload_size = desc.u32BufSize;
  record->layout = desc.eLayoutType;
  record->width_alignment = desc.u32InputWidthAlignment;
  record->height_alignment = desc.u32InputHeightAlignment;
}

template <class Types>
void Append(const typename Types::TensorDesc* descs,
            MI_U32 count,
            std::vector<ring::TensorRecord>* records) {
  for (MI_U32 i = 0; i < count; ++i) {
    const auto& desc = descs[i];
    ring::TensorRecord record;
    std::memset(&record, 0, sizeof record);
    record.mi_format = desc.eElmFormat;
    record.rank = desc.u32TensorDim;
    for (MI_U32 axis = 0; axis < desc.u32TensorDim && axis < Types::kMaxDims; ++axis) {
      record.dims[axis] = desc.u32TensorShape[axis];
    }
    std::memcpy(record.name, desc.name, sizeof record.name);
    record.name[sizeof record.name - 1] = '\0';
    AddOwnFields(desc, &record);
    records->push_back(record);
  }
}

template <class Types>
ring::Outcome ReadTable(const void* room, ring::Description* description) {
  const auto& table = *static_cast<const typename Types::SubNetDesc*>(room);
  if (table.u32InputTensorCount > Types::kMaxTensors ||
      table.u32OutputTensorCount > Types::kMaxTensors) {
    return ring::Failure(ring::ErrorKind::kModelRefused,
                         "the library reports more tensors than its interface holds",
                         "the library is of another generation: see --abi");
  }
  Append<Types>(table.astMI_InputTensorDescs, table.u32InputTensorCount, &description->inputs);
  Append<Types>(table.astMI_OutputTensorDescs, table.u32OutputTensorCount, &description->outputs);
  return {};
}

}  // namespace

Descriptors::Descriptors(Generation generation) : generation_(generation), room_(new Room()) {
  std::memset(room_->bytes, kUntouched, kRoom);
  std::memset(room_->bytes, 0, TableSize(generation));
}

bool Descriptors::overrun() const {
  for (size_t i = TableSize(generation_); i < kRoom; ++i) {
    if (room_->bytes[i] != kUntouched) {
      return true;
    }
  }
  return false;
}

ring::Outcome Descriptors::Read(ring::Description* description) const {
  switch (generation_) {
    case Generation::k0:
      return ReadTable<Types0>(room(), description);
    case Generation::kB13:
      return ReadTable<TypesB13>(room(), description);
    case Generation::kB61:
      return ReadTable<TypesB61>(room(), description);
    case Generation::kC:
      break;
  }
  return ReadTable<TypesC>(room(), description);
}

}  // namespace mi
}  // namespace plumb
