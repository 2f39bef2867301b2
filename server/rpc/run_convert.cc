#include "server/rpc/run_convert.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "server/core/request_json.h"

namespace plumb::server {
namespace {

constexpr int kMaxNamedTolerances = 256;
constexpr int32_t kHighestPriority = 1000;
constexpr uint32_t kMostAttempts = 100;

Result<std::optional<double>> Limit(bool given, double value, double low, std::string_view field) {
  if (!given) {
    return std::optional<double>();
  }
  if (!std::isfinite(value) || value < low) {
    return rpc::ProtocolError(field, "must be a number of at least " + std::to_string(low));
  }
  return std::optional<double>(value);
}

Result<analysis::Tolerance> LimitsFromProto(const v1::ToleranceLimits& wire) {
  analysis::Tolerance limits;
  PLUMB_ASSIGN_OR_RETURN(limits.atol, Limit(wire.has_atol(), wire.atol(), 0, "tolerance.atol"));
  PLUMB_ASSIGN_OR_RETURN(limits.rtol, Limit(wire.has_rtol(), wire.rtol(), 0, "tolerance.rtol"));
  PLUMB_ASSIGN_OR_RETURN(
      limits.min_cosine,
      Limit(wire.has_min_cosine(), wire.min_cosine(), -1, "tolerance.min_cosine"));
  PLUMB_ASSIGN_OR_RETURN(
      limits.max_relative_l1,
      Limit(wire.has_max_rel_l1(), wire.max_rel_l1(), 0, "tolerance.max_rel_l1"));
  if (limits.min_cosine && *limits.min_cosine > 1) {
    return rpc::ProtocolError("tolerance.min_cosine", "must be at most 1");
  }
  return limits;
}

Result<analysis::TolerancePolicy> ToleranceFromProto(const v1::Tolerance& wire) {
  analysis::TolerancePolicy policy;
  PLUMB_ASSIGN_OR_RETURN(policy.by_default, LimitsFromProto(wire.defaults()));
  if (wire.per_tensor_size() > kMaxNamedTolerances) {
    return rpc::ProtocolError("tolerance.per_tensor", "has too many entries");
  }
  for (const v1::NamedTolerance& named : wire.per_tensor()) {
    PLUMB_RETURN_IF_ERROR(rpc::CheckName(named.tensor(), "tolerance.per_tensor.tensor"));
    PLUMB_ASSIGN_OR_RETURN(policy.by_tensor[named.tensor()], LimitsFromProto(named.limits()));
  }
  return policy;
}

Result<std::chrono::milliseconds> Duration(uint32_t milliseconds, std::string_view field) {
  if (milliseconds == 0 || milliseconds > rpc::kMaxDurationMs) {
    return rpc::ProtocolError(field, "must be 1 to " + std::to_string(rpc::kMaxDurationMs));
  }
  return std::chrono::milliseconds(milliseconds);
}

Result<ReferenceChoice> ReferenceFromProto(const v1::StartRunRequest& wire) {
  ReferenceChoice choice;
  if (wire.has_reference_run_id()) {
    PLUMB_RETURN_IF_ERROR(rpc::CheckRunId(wire.reference_run_id()));
    choice.kind = ReferenceKind::kRecordedRun;
    choice.run_id = wire.reference_run_id();
    return choice;
  }
  switch (wire.simulator()) {
    case v1::SIMULATOR_KIND_BUILTIN:
      choice.kind = ReferenceKind::kBuiltin;
      return choice;
    case v1::SIMULATOR_KIND_SGS:
      choice.kind = ReferenceKind::kSgs;
      return choice;
    case v1::SIMULATOR_KIND_COMMAND:
      choice.kind = ReferenceKind::kCommand;
      return choice;
    default:
      return rpc::ProtocolError("simulator", "is not known to this server");
  }
}

Status FilesFromProto(const v1::StartRunRequest& wire, RunRequest* request) {
  PLUMB_ASSIGN_OR_RETURN(request->model, rpc::FromProto(wire.model()));
  PLUMB_RETURN_IF_ERROR(rpc::CheckName(wire.model_name(), "model_name"));
  request->model_name = wire.model_name();
  if (wire.inputs_size() < 1 || wire.inputs_size() > rpc::kMaxTensors) {
    return rpc::ProtocolError("inputs", "must be 1 to " + std::to_string(rpc::kMaxTensors));
  }
  for (const v1::Artifact& input : wire.inputs()) {
    PLUMB_ASSIGN_OR_RETURN(Artifact artifact, rpc::FromProto(input));
    request->inputs.push_back(std::move(artifact));
  }
  PLUMB_RETURN_IF_ERROR(rpc::CheckInputBytes(request->inputs, "inputs"));
  if (wire.input_names_size() != 0 && wire.input_names_size() != wire.inputs_size()) {
    return rpc::ProtocolError("input_names", "must be none or one per input");
  }
  for (const std::string& name : wire.input_names()) {
    PLUMB_RETURN_IF_ERROR(rpc::CheckName(name, "input_names"));
    request->input_names.push_back(name);
  }
  return OkStatus();
}

Status QueueFromProto(const v1::StartRunRequest& wire, RunRequest* request) {
  if (!wire.owner().empty()) {
    PLUMB_RETURN_IF_ERROR(rpc::CheckName(wire.owner(), "owner"));
  }
  if (wire.priority() < -kHighestPriority || wire.priority() > kHighestPriority) {
    return rpc::ProtocolError("priority", "must be -1000 to 1000");
  }
  if (wire.max_attempts() > kMostAttempts) {
    return rpc::ProtocolError("max_attempts", "must be at most 100");
  }
  request->owner = wire.owner();
  request->priority = wire.priority();
  request->max_attempts = std::max(wire.max_attempts(), 1U);
  request->wait = wire.wait();
  return OkStatus();
}

v1::RunState StateToProto(RunState state) {
  switch (state) {
    case RunState::kQueued:
      return v1::RUN_STATE_QUEUED;
    case RunState::kPreparing:
      return v1::RUN_STATE_PREPARING;
    case RunState::kRunning:
      return v1::RUN_STATE_RUNNING;
    case RunState::kJudging:
      return v1::RUN_STATE_JUDGING;
    case RunState::kFinished:
      return v1::RUN_STATE_FINISHED;
  }
  return v1::RUN_STATE_UNSPECIFIED;
}

v1::BoardState BoardStateToProto(store::BoardState state) {
  switch (state) {
    case store::BoardState::kIdle:
      return v1::BOARD_STATE_IDLE;
    case store::BoardState::kPreparing:
      return v1::BOARD_STATE_PREPARING;
    case store::BoardState::kLeased:
      return v1::BOARD_STATE_LEASED;
    case store::BoardState::kDraining:
      return v1::BOARD_STATE_DRAINING;
    case store::BoardState::kQuarantined:
      return v1::BOARD_STATE_QUARANTINED;
    case store::BoardState::kOffline:
      return v1::BOARD_STATE_OFFLINE;
  }
  return v1::BOARD_STATE_UNSPECIFIED;
}

v1::Verdict VerdictToProto(analysis::Verdict verdict) {
  switch (verdict) {
    case analysis::Verdict::kMatch:
      return v1::VERDICT_MATCH;
    case analysis::Verdict::kMismatch:
      return v1::VERDICT_MISMATCH;
    case analysis::Verdict::kNotCompared:
      return v1::VERDICT_NOT_COMPARED;
  }
  return v1::VERDICT_UNSPECIFIED;
}

v1::Role RoleToProto(analysis::Role role) {
  return role == analysis::Role::kReference ? v1::ROLE_REFERENCE : v1::ROLE_TARGET;
}

v1::TensorProgress BytesToProto(const TensorBytes& bytes) {
  v1::TensorProgress wire;
  wire.set_role(RoleToProto(bytes.role));
  wire.set_index(bytes.index);
  wire.set_repetition(bytes.repetition);
  wire.set_received(bytes.received);
  wire.set_total(bytes.total);
  return wire;
}

v1::TensorComparison ComparisonToProto(const TensorComparison& tensor) {
  const analysis::TensorReport& report = tensor.report;
  v1::TensorComparison wire;
  wire.set_index(report.index);
  wire.set_name(report.name);
  *wire.mutable_reference() = rpc::ToProto(tensor.reference);
  *wire.mutable_target() = rpc::ToProto(tensor.target);
  wire.set_count(report.count);
  wire.set_total(tensor.total);
  wire.set_different_elements(report.different_elements);
  const auto set = [&](const std::optional<double>& value, auto setter) {
    if (value && std::isfinite(*value)) {
      (wire.*setter)(*value);
    }
  };
  set(report.cosine, &v1::TensorComparison::set_cosine);
  set(report.relative_l1, &v1::TensorComparison::set_rel_l1);
  set(report.rmse, &v1::TensorComparison::set_rmse);
  set(report.max_abs_error, &v1::TensorComparison::set_max_abs_error);
  set(report.max_lsb_error, &v1::TensorComparison::set_max_lsb_error);
  if (report.first_difference_index) {
    wire.set_first_difference_index(*report.first_difference_index);
  }
  if (tensor.complete) {
    wire.set_verdict(VerdictToProto(report.verdict));
  }
  wire.set_reason(rpc::WireText(report.reason, rpc::kMaxTextSize));
  return wire;
}

v1::RunSnapshot SnapshotToProto(const RunSnapshot& snapshot) {
  v1::RunSnapshot wire;
  *wire.mutable_run() = ToProto(snapshot.run);
  if (snapshot.reference_model) {
    *wire.mutable_reference_model() = rpc::ToProto(*snapshot.reference_model);
  }
  if (snapshot.target_model) {
    *wire.mutable_target_model() = rpc::ToProto(*snapshot.target_model);
  }
  for (const TensorBytes& bytes : snapshot.progress) {
    *wire.add_progress() = BytesToProto(bytes);
  }
  for (const TensorComparison& tensor : snapshot.tensors) {
    *wire.add_tensors() = ComparisonToProto(tensor);
  }
  return wire;
}

}  // namespace

Result<RunRequest> FromProto(const v1::StartRunRequest& wire) {
  RunRequest request;
  PLUMB_RETURN_IF_ERROR(rpc::CheckInstanceId(wire.request_id()).Annotate("request_id"));
  request.request_id = wire.request_id();
  PLUMB_RETURN_IF_ERROR(FilesFromProto(wire, &request));
  if (wire.board_size() > rpc::kMaxTags) {
    return rpc::ProtocolError("board", "has too many words");
  }
  for (const std::string& word : wire.board()) {
    PLUMB_RETURN_IF_ERROR(rpc::CheckName(word, "board"));
    request.board.push_back(word);
  }
  request.repetitions = wire.repetitions();
  if (request.repetitions == 0 || request.repetitions > rpc::kMaxRepetitions) {
    return rpc::ProtocolError("repetitions",
                              "must be 1 to " + std::to_string(rpc::kMaxRepetitions));
  }
  request.probe = wire.probe();
  request.check_input = wire.check_input();
  PLUMB_ASSIGN_OR_RETURN(request.invoke_timeout,
                         Duration(wire.invoke_timeout_ms(), "invoke_timeout_ms"));
  PLUMB_ASSIGN_OR_RETURN(request.deadline, Duration(wire.deadline_ms(), "deadline_ms"));
  PLUMB_ASSIGN_OR_RETURN(request.reference, ReferenceFromProto(wire));
  PLUMB_ASSIGN_OR_RETURN(request.tolerance, ToleranceFromProto(wire.tolerance()));
  PLUMB_RETURN_IF_ERROR(QueueFromProto(wire, &request));
  return request;
}

v1::RunSummary ToProto(const RunSummary& run) {
  v1::RunSummary wire;
  wire.set_run_id(run.run_id);
  wire.set_state(StateToProto(run.state));
  wire.set_board_name(run.board);
  *wire.mutable_model() = rpc::ToProto(run.model);
  wire.set_model_name(run.model_name);
  wire.set_created_unix_ms(run.created_unix_ms);
  wire.set_finished_unix_ms(run.finished_unix_ms);
  wire.set_attempt(run.attempt);
  if (run.state == RunState::kFinished) {
    wire.set_verdict(VerdictToProto(run.verdict));
    wire.set_exit_code(static_cast<uint32_t>(run.exit_code));
  }
  if (!run.failure.ok()) {
    *wire.mutable_failure() = rpc::ToProto(run.failure);
  }
  return wire;
}

v1::RunEvent ToProto(const JournalEvent& event) {
  v1::RunEvent wire;
  if (const auto* snapshot = std::get_if<RunSnapshot>(&event)) {
    *wire.mutable_snapshot() = SnapshotToProto(*snapshot);
  } else if (const auto* run = std::get_if<RunSummary>(&event)) {
    *wire.mutable_run() = ToProto(*run);
  } else if (const auto* model = std::get_if<ModelLoaded>(&event)) {
    wire.mutable_model()->set_role(RoleToProto(model->role));
    *wire.mutable_model()->mutable_model() = rpc::ToProto(model->model);
  } else if (const auto* bytes = std::get_if<TensorBytes>(&event)) {
    *wire.mutable_progress() = BytesToProto(*bytes);
  } else if (const auto* tensor = std::get_if<TensorComparison>(&event)) {
    *wire.mutable_tensor() = ComparisonToProto(*tensor);
  } else if (const auto* note = std::get_if<RunNote>(&event)) {
    wire.mutable_note()->set_text(rpc::WireText(note->text, rpc::kMaxTextSize));
  }
  return wire;
}

v1::BoardSummary ToProto(const store::BoardRecord& board) {
  v1::BoardSummary wire;
  wire.set_name(board.name);
  for (const std::string& tag : board.tags) {
    wire.add_tags(tag);
  }
  const BoardDescription description = ReadDescription(board.description);
  wire.set_family(description.family);
  wire.set_abi(description.abi);
  wire.set_agent_version(description.agent_version);
  wire.set_connected_unix_ms(description.connected_unix_ms);
  wire.set_current_run_id(board.run_id);
  wire.set_state(BoardStateToProto(board.state));
  wire.set_reason(rpc::WireText(board.reason, rpc::kMaxListedTextSize));
  wire.set_since_unix_ms(board.since_ms);
  wire.set_seen_unix_ms(board.seen_ms);
  wire.set_owner(board.owner);
  wire.set_lease_expires_unix_ms(board.expires_ms);
  wire.set_reserved_by(board.reserved_by);
  wire.set_reserved_until_unix_ms(board.reserved_until_ms);
  wire.set_server(board.server);
  return wire;
}

}  // namespace plumb::server
