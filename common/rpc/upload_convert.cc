// The Upload stream's half of board_convert.h.
#include <cmath>
#include <string>

#include "common/base/checked.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/chunks.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"

namespace plumb::rpc {
namespace {

Status CheckRepetition(uint32_t repetition, std::string_view field) {
  return repetition < kMaxRepetitions ? OkStatus()
                                      : ProtocolError(field, "more than a run may have");
}

Result<UploadEvent> ProbeFromWire(const v1::ProbeResult& probe) {
  if (probe.valid_digests().empty() || probe.valid_digests_size() > kMaxTensors) {
    return ProtocolError("probe.valid_digests", "must be one per output");
  }
  return UploadEvent(ProbeResult{{probe.valid_digests().begin(), probe.valid_digests().end()},
                                 probe.input_was_zero()});
}

Result<UploadEvent> InvokeFromWire(const v1::InvokeResult& invoke) {
  PLUMB_RETURN_IF_ERROR(CheckRepetition(invoke.repetition(), "invoke.repetition"));
  if (!std::isfinite(invoke.invoke_ms()) || invoke.invoke_ms() < 0) {
    return ProtocolError("invoke.invoke_ms", "must be finite and at least 0");
  }
  InvokeInfo info{invoke.repetition(), invoke.invoke_ms()};
  if (invoke.has_ipu()) {
    const v1::IpuCosts& ipu = invoke.ipu();
    info.ipu =
        IpuCosts{ipu.time_us(), ipu.bandwidth(), ipu.bandwidth_read(), ipu.bandwidth_write()};
  }
  return UploadEvent(info);
}

Result<UploadEvent> TensorEndFromWire(const v1::TensorEnd& end) {
  PLUMB_RETURN_IF_ERROR(CheckRepetition(end.repetition(), "tensor_end.repetition"));
  return UploadEvent(UploadedTensorEnd{
      {end.repetition(), end.index(), end.valid_digest(), end.canary_size()}, end.byte_size()});
}

Result<UploadEvent> InputFromWire(v1::InputChunk& input) {
  const uint64_t offset = input.data().offset();
  PLUMB_ASSIGN_OR_RETURN(Buffer bytes, TakeBytes(*input.mutable_data()));
  if (!RangeFits<uint64_t>(offset, bytes.size(), input.total_size())) {
    return ProtocolError("input", "a piece goes past the end");
  }
  return UploadEvent(InputChunk{input.index(), input.total_size(), offset, std::move(bytes)});
}

Result<UploadEvent> RunEndFromWire(const v1::RunEnd& end) {
  if (!end.has_failure()) {
    return UploadEvent(RunEnd{});
  }
  if (end.failure().code() == 0) {
    return ProtocolError("run_end.failure.code", "0 is not the code of an error");
  }
  return UploadEvent(RunEnd{FailureFromProto(end.failure())});
}

Result<UploadEvent> EventFromWire(v1::UploadRequest& request) {
  switch (request.message_case()) {
    case v1::UploadRequest::kModel: {
      PLUMB_ASSIGN_OR_RETURN(ModelInfo model, FromProto(request.model()));
      return UploadEvent(std::move(model));
    }
    case v1::UploadRequest::kProbe:
      return ProbeFromWire(request.probe());
    case v1::UploadRequest::kInvoke:
      return InvokeFromWire(request.invoke());
    case v1::UploadRequest::kTensorEnd:
      return TensorEndFromWire(request.tensor_end());
    case v1::UploadRequest::kRunEnd:
      return RunEndFromWire(request.run_end());
    case v1::UploadRequest::kInput:
      return InputFromWire(*request.mutable_input());
    default:
      return ProtocolError("upload", "a message that does not belong here");
  }
}

// Fills the wire message from whichever event it is.
struct EventToWire {
  v1::UploadRequest& wire;

  void operator()(const ModelInfo& model) const { *wire.mutable_model() = ToProto(model); }

  void operator()(const ProbeResult& probe) const {
    wire.mutable_probe()->mutable_valid_digests()->Add(probe.valid_digests.begin(),
                                                       probe.valid_digests.end());
    wire.mutable_probe()->set_input_was_zero(probe.input_was_zero);
  }

  void operator()(const InvokeInfo& invoke) const {
    wire.mutable_invoke()->set_repetition(invoke.repetition);
    wire.mutable_invoke()->set_invoke_ms(invoke.invoke_ms);
    if (invoke.ipu) {
      v1::IpuCosts& ipu = *wire.mutable_invoke()->mutable_ipu();
      ipu.set_time_us(invoke.ipu->time_us);
      ipu.set_bandwidth(invoke.ipu->bandwidth);
      ipu.set_bandwidth_read(invoke.ipu->bandwidth_read);
      ipu.set_bandwidth_write(invoke.ipu->bandwidth_write);
    }
  }

  void operator()(const UploadedTensorEnd& tensor) const {
    v1::TensorEnd& end = *wire.mutable_tensor_end();
    end.set_repetition(tensor.end.repetition);
    end.set_index(tensor.end.index);
    end.set_valid_digest(tensor.end.valid_digest);
    end.set_canary_size(tensor.end.canary_size);
    end.set_byte_size(tensor.byte_size);
  }

  void operator()(const InputChunk& input) const {
    wire.mutable_input()->set_index(input.index);
    wire.mutable_input()->set_total_size(input.total_size);
    *wire.mutable_input()->mutable_data() = MakeDataChunk(input.offset, input.bytes);
  }

  void operator()(const RunEnd& end) const {
    v1::RunEnd& run_end = *wire.mutable_run_end();
    if (!end.status.ok()) {
      *run_end.mutable_failure() = ToProto(end.status);
    }
  }
};

}  // namespace

v1::UploadBegin ToProto(const UploadBegin& begin) {
  v1::UploadBegin wire;
  wire.set_instance_id(begin.instance_id);
  *wire.mutable_key() = ToProto(begin.key);
  return wire;
}

Result<UploadBegin> FromProto(const v1::UploadBegin& begin) {
  PLUMB_RETURN_IF_ERROR(CheckInstanceId(begin.instance_id()));
  PLUMB_ASSIGN_OR_RETURN(RunKey key, FromProto(begin.key()));
  return UploadBegin{begin.instance_id(), std::move(key)};
}

v1::UploadResponse ToProto(const UploadPosition& position) {
  v1::UploadResponse wire;
  wire.set_committed_sequence(position.sequence);
  wire.set_committed_offset(position.offset);
  return wire;
}

UploadPosition FromProto(const v1::UploadResponse& response) {
  return {response.committed_sequence(), response.committed_offset()};
}

v1::UploadRequest ToProto(const NumberedEvent& event) {
  v1::UploadRequest wire;
  wire.set_sequence(event.sequence);
  std::visit(EventToWire{wire}, event.event);
  return wire;
}

v1::UploadRequest ToProto(const TensorChunk& chunk) {
  v1::UploadRequest wire;
  v1::TensorChunk& tensor_chunk = *wire.mutable_chunk();
  tensor_chunk.set_repetition(chunk.repetition);
  tensor_chunk.set_index(chunk.index);
  *tensor_chunk.mutable_data() = MakeDataChunk(chunk.offset, chunk.bytes);
  return wire;
}

Result<UploadMessage> TakeUploadMessage(v1::UploadRequest& request) {
  if (request.has_chunk()) {
    v1::TensorChunk& wire = *request.mutable_chunk();
    PLUMB_RETURN_IF_ERROR(CheckChunkRepetition(wire.repetition()));
    const uint64_t offset = wire.data().offset();
    PLUMB_ASSIGN_OR_RETURN(Buffer bytes, TakeBytes(*wire.mutable_data()));
    return UploadMessage(TensorChunk{wire.repetition(), wire.index(), offset, std::move(bytes)});
  }
  if (request.sequence() == 0) {
    return ProtocolError("upload.sequence", "an event's number counts from 1");
  }
  PLUMB_ASSIGN_OR_RETURN(UploadEvent event, EventFromWire(request));
  return UploadMessage(NumberedEvent{request.sequence(), std::move(event)});
}

}  // namespace plumb::rpc
