// Values both services share, to and from the wire. FromProto checks everything a peer may have
// got wrong and answers kInvalidArgument with kReasonProtocol, naming the field; nothing is
// allocated by a number that was not checked.
#pragma once

#include <string_view>
#include <vector>

#include "plumb/v1/artifact.pb.h"
#include "plumb/v1/status.pb.h"
#include "plumb/v1/tensor.pb.h"

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/rpc/protocol_error.h"
#include "common/runner/runner.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::rpc {

// The path stays behind: files are named by digest on the wire.
v1::Artifact ToProto(const Artifact& artifact);
Result<Artifact> FromProto(const v1::Artifact& artifact);

v1::TensorDesc ToProto(const TensorDesc& desc);
// Passes ValidRegionOf and kMaxTensorBytes. Payload ≤ aligned size, scale finite, name safe.
Result<TensorDesc> FromProto(const v1::TensorDesc& desc);

v1::ModelInfo ToProto(const ModelInfo& info);
Result<ModelInfo> FromProto(const v1::ModelInfo& info);

// This program's version.
v1::ProtocolVersion CurrentProtocol();
// OK for our major version; otherwise kFailedPrecondition with kReasonVersionMismatch, saying which
// side is the older. `peer` is how to call the other side: "agent", "server".
Status CheckProtocol(const v1::ProtocolVersion& version, std::string_view peer);

// Size of `bytes` must be 1…kChunkSize; the checksum is computed here.
v1::DataChunk MakeDataChunk(uint64_t offset, const Buffer& bytes);
// Takes the bytes out of the message without copying. Length and checksum are checked, order is
// not (ChunkAssembler).
Result<Buffer> TakeBytes(v1::DataChunk& chunk);

// All inputs of a run together are at most kMaxInputBytes; `field` for the message.
Status CheckInputBytes(const std::vector<Artifact>& inputs, std::string_view field);

// 1…64 characters of [A-Za-z0-9_-].
Status CheckRunId(std::string_view run_id);
// 32 lower-case hexadecimal digits.
Status CheckInstanceId(std::string_view instance_id);
// A board's name, a tag or another word people give: IsSafeName, `field` for the message.
Status CheckName(std::string_view name, std::string_view field);

}  // namespace plumb::rpc
