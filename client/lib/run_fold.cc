#include "client/lib/run_fold.h"

#include <string>
#include <utility>

#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"

namespace plumb::client {
namespace {

Result<RunState> StateFromProto(v1::RunState state) {
  switch (state) {
    case v1::RUN_STATE_QUEUED:
      return RunState::kQueued;
    case v1::RUN_STATE_PREPARING:
      return RunState::kPreparing;
    case v1::RUN_STATE_RUNNING:
      return RunState::kRunning;
    case v1::RUN_STATE_JUDGING:
      return RunState::kJudging;
    case v1::RUN_STATE_FINISHED:
      return RunState::kFinished;
    default:
      return rpc::ProtocolError("run.state", "is not known to this client");
  }
}

// Empty for VERDICT_UNSPECIFIED: not known yet.
Result<std::optional<analysis::Verdict>> VerdictFromProto(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_UNSPECIFIED:
      return std::optional<analysis::Verdict>();
    case v1::VERDICT_MATCH:
      return std::optional(analysis::Verdict::kMatch);
    case v1::VERDICT_MISMATCH:
      return std::optional(analysis::Verdict::kMismatch);
    case v1::VERDICT_NOT_COMPARED:
      return std::optional(analysis::Verdict::kNotCompared);
    default:
      return rpc::ProtocolError("verdict", "is not known to this client");
  }
}

Status CheckIndex(uint32_t index) {
  return index < static_cast<uint32_t>(rpc::kMaxTensors)
             ? OkStatus()
             : rpc::ProtocolError("index", std::to_string(index) + " is too large");
}

std::optional<double> Number(bool given, double value) {
  return given ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<RunSummary> FromProto(const v1::RunSummary& wire) {
  RunSummary run;
  PLUMB_RETURN_IF_ERROR(rpc::CheckRunId(wire.run_id()));
  run.run_id = wire.run_id();
  PLUMB_ASSIGN_OR_RETURN(run.state, StateFromProto(wire.state()));
  // Shown whatever they are, so made harmless.
  run.board = rpc::WireText(wire.board_name(), rpc::kMaxTextSize);
  run.model_name = rpc::WireText(wire.model_name(), rpc::kMaxTextSize);
  run.model_sha256 = rpc::WireText(wire.model().sha256(), rpc::kMaxTextSize);
  run.created_unix_ms = wire.created_unix_ms();
  run.finished_unix_ms = wire.finished_unix_ms();
  PLUMB_ASSIGN_OR_RETURN(const auto verdict, VerdictFromProto(wire.verdict()));
  run.verdict = verdict.value_or(analysis::Verdict::kNotCompared);
  if (wire.exit_code() > 255) {
    return rpc::ProtocolError("run.exit_code", std::to_string(wire.exit_code()) + " is none");
  }
  run.exit_code = static_cast<int>(wire.exit_code());
  if (wire.has_failure()) {
    run.error = rpc::FailureFromProto(wire.failure());
  }
  return run;
}

Status RunFold::Add(const v1::RunEvent& event) {
  switch (event.event_case()) {
    case v1::RunEvent::kSnapshot:
      return AddSnapshot(event.snapshot());
    case v1::RunEvent::kRun: {
      PLUMB_ASSIGN_OR_RETURN(event_.run, FromProto(event.run()));
      return OkStatus();
    }
    case v1::RunEvent::kModel:
      return AddModel(event.model().role(), event.model().model());
    case v1::RunEvent::kProgress:
      return AddProgress(event.progress());
    case v1::RunEvent::kTensor:
      return AddComparison(event.tensor());
    case v1::RunEvent::kNote:
      event_.note = rpc::WireText(event.note().text(), rpc::kMaxTextSize);
      return OkStatus();
    case v1::RunEvent::EVENT_NOT_SET:
      return OkStatus();  // of a newer server
  }
  return OkStatus();
}

Status RunFold::AddSnapshot(const v1::RunSnapshot& snapshot) {
  PLUMB_ASSIGN_OR_RETURN(event_.run, FromProto(snapshot.run()));
  if (snapshot.has_reference_model()) {
    PLUMB_RETURN_IF_ERROR(AddModel(v1::ROLE_REFERENCE, snapshot.reference_model()));
  }
  if (snapshot.has_target_model()) {
    PLUMB_RETURN_IF_ERROR(AddModel(v1::ROLE_TARGET, snapshot.target_model()));
  }
  for (const v1::TensorProgress& progress : snapshot.progress()) {
    PLUMB_RETURN_IF_ERROR(AddProgress(progress));
  }
  for (const v1::TensorComparison& tensor : snapshot.tensors()) {
    PLUMB_RETURN_IF_ERROR(AddComparison(tensor));
  }
  return OkStatus();
}

Status RunFold::AddModel(v1::Role role, const v1::ModelInfo& wire) {
  PLUMB_ASSIGN_OR_RETURN(ModelInfo model, rpc::FromProto(wire));
  if (role == v1::ROLE_REFERENCE) {
    event_.reference_model = std::move(model);
    return OkStatus();
  }
  if (role != v1::ROLE_TARGET) {
    return rpc::ProtocolError("model.role", "is not known to this client");
  }
  for (uint32_t index = 0; index < model.outputs.size(); ++index) {
    At(index).target = model.outputs[index];
    At(index).name = model.outputs[index].name;
  }
  event_.target_model = std::move(model);
  return OkStatus();
}

Status RunFold::AddProgress(const v1::TensorProgress& wire) {
  PLUMB_RETURN_IF_ERROR(CheckIndex(wire.index()));
  if (wire.role() == v1::ROLE_REFERENCE) {
    reference_bytes_[wire.index()] = wire.received();
  } else {
    TensorProgress& tensor = At(wire.index());
    tensor.target_bytes = wire.received();
    tensor.target_repetition = wire.repetition();
  }
  return OkStatus();
}

Status RunFold::AddComparison(const v1::TensorComparison& wire) {
  PLUMB_RETURN_IF_ERROR(CheckIndex(wire.index()));
  TensorProgress& tensor = At(wire.index());
  PLUMB_ASSIGN_OR_RETURN(tensor.reference, rpc::FromProto(wire.reference()));
  PLUMB_ASSIGN_OR_RETURN(tensor.target, rpc::FromProto(wire.target()));
  PLUMB_RETURN_IF_ERROR(rpc::CheckName(wire.name(), "tensor.name"));
  tensor.name = wire.name();
  tensor.compared = wire.count();
  tensor.total = wire.total();
  tensor.different_elements = wire.different_elements();
  tensor.cosine = Number(wire.has_cosine(), wire.cosine());
  tensor.relative_l1 = Number(wire.has_rel_l1(), wire.rel_l1());
  tensor.rmse = Number(wire.has_rmse(), wire.rmse());
  tensor.max_abs_error = Number(wire.has_max_abs_error(), wire.max_abs_error());
  tensor.max_lsb_error = Number(wire.has_max_lsb_error(), wire.max_lsb_error());
  tensor.first_difference_index = wire.has_first_difference_index()
                                      ? std::optional(wire.first_difference_index())
                                      : std::nullopt;
  PLUMB_ASSIGN_OR_RETURN(tensor.verdict, VerdictFromProto(wire.verdict()));
  tensor.reason = rpc::WireText(wire.reason(), rpc::kMaxTextSize);
  return OkStatus();
}

TensorProgress& RunFold::At(uint32_t index) {
  TensorProgress& tensor = tensors_[index];
  tensor.index = index;
  return tensor;
}

uint32_t RunFold::ReferenceIndex(const TensorProgress& tensor) const {
  if (!tensor.reference || !event_.reference_model) {
    return tensor.index;
  }
  const std::vector<TensorDesc>& outputs = event_.reference_model->outputs;
  const auto same = [&](uint32_t index) {
    return index < outputs.size() && outputs[index] == *tensor.reference;
  };
  if (same(tensor.index)) {
    return tensor.index;
  }
  for (uint32_t index = 0; index < outputs.size(); ++index) {
    if (same(index)) {
      return index;
    }
  }
  return tensor.index;
}

RunEvent RunFold::Current() const {
  RunEvent event = event_;
  for (const auto& [index, tensor] : tensors_) {
    event.tensors.push_back(tensor);
    const auto bytes = reference_bytes_.find(ReferenceIndex(tensor));
    event.tensors.back().reference_bytes = bytes == reference_bytes_.end() ? 0 : bytes->second;
  }
  return event;
}

}  // namespace plumb::client
