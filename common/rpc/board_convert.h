// The board service's messages to and from the wire, checked as convert.h says.
#pragma once

#include "plumb/v1/board_service.pb.h"

#include "common/base/status.h"
#include "common/rpc/messages.h"

namespace plumb::rpc {

v1::RunKey ToProto(const RunKey& key);
Result<RunKey> FromProto(const v1::RunKey& key);

// Does not judge the protocol version: a server answers that with CheckProtocol.
v1::Hello ToProto(const Hello& hello);
Result<Hello> FromProto(const v1::Hello& hello);
v1::Welcome ToProto(const Welcome& welcome);
Result<Welcome> FromProto(const v1::Welcome& welcome);

v1::RunCommand ToProto(const RunCommand& command);
Result<RunCommand> FromProto(const v1::RunCommand& command);
v1::CancelCommand ToProto(const CancelCommand& command);
Result<CancelCommand> FromProto(const v1::CancelCommand& command);

v1::RunPhase ToProto(RunPhase phase);
Result<RunPhase> FromProto(v1::RunPhase phase);

v1::UploadBegin ToProto(const UploadBegin& begin);
Result<UploadBegin> FromProto(const v1::UploadBegin& begin);
v1::UploadResponse ToProto(const UploadPosition& position);
UploadPosition FromProto(const v1::UploadResponse& response);

v1::UploadRequest ToProto(const NumberedEvent& event);
v1::UploadRequest ToProto(const TensorChunk& chunk);
// Takes the bytes of a chunk out of `request` without copying; its checksum has been checked.
// `begin` is refused here: it is the stream's first message, see above.
Result<UploadMessage> TakeUploadMessage(v1::UploadRequest& request);

}  // namespace plumb::rpc
