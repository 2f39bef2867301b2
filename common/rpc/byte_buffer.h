// Messages of an Upload stream to and from gRPC's own bytes. A chunk's bytes go out without being
// copied and come in with one copy; the wire is that of the generated messages either way.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "plumb/v1/board_service.pb.h"

#include "common/base/block_pool.h"
#include "common/base/status.h"
#include "common/rpc/messages.h"

namespace plumb::rpc {

// The buffer shares the chunk's bytes until gRPC lets go of them.
grpc::ByteBuffer ToByteBuffer(const UploadMessage& message);
grpc::ByteBuffer ToByteBuffer(const google::protobuf::MessageLite& message);

// Parses into `message`; kInvalidArgument with kReasonProtocol when it is not one.
Status FromByteBuffer(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message);

// As TakeUploadMessage (board_convert.h). Blocks of `pool`, of at least kChunkSize, hold the bytes
// of chunks.
Result<UploadMessage> UploadMessageFrom(const grpc::ByteBuffer& bytes, BlockPool& pool);

}  // namespace plumb::rpc
