// The container of fixed and offline models (docs/formats/offline-model.md): X_fixed.plm without,
// X.img with a chip section.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/model/model.h"

namespace plumb::npu {

// True when `bytes` starts like a container of any version.
bool LooksLikeModel(std::span<const uint8_t> bytes);

constexpr size_t kModelHeaderSize = 64;

// The size of the whole file, from its first kModelHeaderSize bytes; for readers that are fed
// piece by piece. The errors of ParseModel.
Result<uint64_t> ModelFileSize(std::span<const uint8_t> header);

// Reads and validates a container; weights stay slices of `file`. kInvalidArgument says what is
// wrong and where; kDataLoss when the digest does not fit the content.
Result<FixedModel> ParseModel(const Buffer& file);

// kInvalidArgument when ValidateModel refuses the model. The same model gives the same bytes.
Result<std::vector<uint8_t>> SerializeModel(const FixedModel& model);

}  // namespace plumb::npu
