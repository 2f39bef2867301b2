#include "common/rpc/byte_buffer.h"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include "common/rpc/board_convert.h"
#include "common/rpc/chunk_codec.h"
#include "common/rpc/protocol_error.h"

namespace plumb::rpc {
namespace {

// gRPC reads slices only; the interface is C's.
grpc::Slice ShareBytes(const Buffer& bytes) {
  auto* shared = new Buffer(bytes);
  return {const_cast<uint8_t*>(shared->data()),
          shared->size(),
          [](void* last) { delete static_cast<Buffer*>(last); },
          shared};
}

grpc::ByteBuffer FromChunk(const TensorChunk& chunk) {
  const std::array<grpc::Slice, 2> slices = {grpc::Slice(EncodeChunkHead(chunk)),
                                             ShareBytes(chunk.bytes)};
  return {slices.data(), slices.size()};
}

}  // namespace

grpc::ByteBuffer ToByteBuffer(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return {&slice, 1};
}

grpc::ByteBuffer ToByteBuffer(const UploadMessage& message) {
  if (const auto* chunk = std::get_if<TensorChunk>(&message)) {
    return FromChunk(*chunk);
  }
  return ToByteBuffer(ToProto(std::get<NumberedEvent>(message)));
}

Status FromByteBuffer(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message) {
  // The reader only walks over the slices.
  grpc::ProtoBufferReader reader(const_cast<grpc::ByteBuffer*>(&bytes));
  return reader.status().ok() && message.ParseFromZeroCopyStream(&reader)
             ? OkStatus()
             : ProtocolError("upload", "a message that cannot be parsed");
}

Result<UploadMessage> UploadMessageFrom(const grpc::ByteBuffer& bytes, BlockPool& pool) {
  std::vector<grpc::Slice> slices;
  if (!bytes.Dump(&slices).ok()) {
    return ProtocolError("upload", "an empty message");
  }
  std::vector<std::span<const uint8_t>> parts;
  parts.reserve(slices.size());
  for (const grpc::Slice& slice : slices) {
    parts.emplace_back(slice.begin(), slice.size());
  }
  PLUMB_ASSIGN_OR_RETURN(std::optional<TensorChunk> chunk, DecodeChunk(parts, pool));
  if (chunk) {
    return UploadMessage(std::move(*chunk));
  }
  v1::UploadRequest request;
  PLUMB_RETURN_IF_ERROR(FromByteBuffer(bytes, request));
  return TakeUploadMessage(request);
}

}  // namespace plumb::rpc
