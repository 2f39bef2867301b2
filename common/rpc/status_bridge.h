// Status to and from the wire, code, reason and hint intact.
#pragma once

#include <grpcpp/support/status.h>

#include "plumb/v1/status.pb.h"

#include "common/base/status.h"

namespace plumb::rpc {

// Message and hint are cut to kMaxStatusTextSize: a call's status travels in headers of 8 KiB.
// `request_id`: by which the server's log has it; hexadecimal digits, may be empty.
grpc::Status ToGrpc(const Status& status, std::string_view request_id = {});
// A peer that is no Plumbline program gives a code and a message only. Texts are cut to
// kMaxTextSize, a malformed reason is dropped.
Status FromGrpc(const grpc::Status& status);
// As the server's log has the call; empty where the server did not say.
std::string RequestIdOf(const grpc::Status& status);

// `status` must be an error. Texts are made valid UTF-8 and cut to kMaxTextSize.
v1::Failure ToProto(const Status& status);
// The error itself in `failure`; kInvalidArgument with kReasonProtocol when it is not one.
Status FailureFromProto(const v1::Failure& failure);

// True for an error of the link rather than an answer of the peer: worth another try.
bool IsLinkError(const Status& status);

// `text` as valid UTF-8 without control characters (escaped), at most `limit` bytes.
std::string WireText(std::string_view text, size_t limit);

}  // namespace plumb::rpc
