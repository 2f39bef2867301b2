// Receives a row of bytes that the server sends in chunks, its whole size in every message.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include <grpcpp/grpcpp.h>

#include "common/base/status.h"
#include "common/rpc/chunks.h"
#include "common/rpc/convert.h"

namespace plumb::client {

using TakeBytes = std::function<Status(std::span<const uint8_t> bytes)>;

// Gives the bytes to `take` in order until the stream ends; whoever calls finishes the reader. An
// error, which names `what`: more than `max` bytes, damaged or missing ones, or what `take` said;
// the call is then cancelled.
template <class Response>
Status ReadChunks(grpc::ClientReaderInterface<Response>& reader,
                  grpc::ClientContext& context,
                  std::string_view what,
                  uint64_t max,
                  const TakeBytes& take) {
  std::optional<rpc::ChunkAssembler> assembler;
  const auto accept = [&](Response& response) -> Status {
    if (response.total_size() > max) {
      return rpc::ProtocolError(what, "is too large");
    }
    if (!assembler) {
      assembler.emplace(response.total_size());
    }
    auto* chunk = response.mutable_chunk();
    const uint64_t offset = chunk->offset();
    const uint64_t checksum = chunk->xxh3();
    PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, rpc::TakeBytes(*chunk));
    PLUMB_RETURN_IF_ERROR(assembler->Accept(offset, bytes.span(), checksum));
    return take(bytes.span());
  };
  Response response;
  while (reader.Read(&response)) {
    if (Status status = accept(response); !status.ok()) {
      context.TryCancel();
      return status;
    }
  }
  return assembler ? assembler->Finish() : rpc::ProtocolError(what, "is empty");
}

}  // namespace plumb::client
