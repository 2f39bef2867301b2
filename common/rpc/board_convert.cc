#include "common/rpc/board_convert.h"

#include <algorithm>
#include <string>

#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

template <class Repeated>
Result<std::vector<std::string>> WordsFromWire(const Repeated& list,
                                               int limit,
                                               std::string_view field) {
  if (list.size() > limit) {
    return ProtocolError(field,
                         std::to_string(list.size()) + " entries; at most " +
                             std::to_string(limit) + " are allowed");
  }
  for (const std::string& word : list) {
    PLUMB_RETURN_IF_ERROR(CheckName(word, field));
  }
  return std::vector<std::string>(list.begin(), list.end());
}

Status CheckTags(const v1::Hello& hello) {
  size_t total = 0;
  for (const std::string& tag : hello.tags()) {
    total += tag.size();
  }
  return total <= kMaxTagBytes ? OkStatus()
                               : ProtocolError("hello.tags",
                                               std::to_string(total) + " bytes together; at most " +
                                                   std::to_string(kMaxTagBytes) + " are allowed");
}

Status CheckOptionalName(std::string_view name, std::string_view field) {
  return name.empty() ? OkStatus() : CheckName(name, field);
}

Status CheckDuration(uint32_t milliseconds, std::string_view field) {
  if (milliseconds == 0 || milliseconds > kMaxDurationMs) {
    return ProtocolError(field, "must be 1 to " + std::to_string(kMaxDurationMs) + " ms");
  }
  return OkStatus();
}

uint32_t WireMilliseconds(std::chrono::milliseconds duration) {
  return static_cast<uint32_t>(std::clamp<int64_t>(duration.count(), 1, kMaxDurationMs));
}

void SetProtocol(uint32_t major, uint32_t minor, v1::ProtocolVersion& wire) {
  wire.set_major(major);
  wire.set_minor(minor);
}

Status CheckIdentity(const v1::Hello& hello) {
  PLUMB_RETURN_IF_ERROR(CheckInstanceId(hello.instance_id()));
  PLUMB_RETURN_IF_ERROR(CheckName(hello.board_name(), "hello.board_name"));
  PLUMB_RETURN_IF_ERROR(CheckOptionalName(hello.family(), "hello.family"));
  PLUMB_RETURN_IF_ERROR(CheckOptionalName(hello.abi(), "hello.abi"));
  return CheckOptionalName(hello.agent_version(), "hello.agent_version");
}

}  // namespace

v1::RunKey ToProto(const RunKey& key) {
  v1::RunKey wire;
  wire.set_run_id(key.run_id);
  wire.set_attempt(key.attempt);
  return wire;
}

Result<RunKey> FromProto(const v1::RunKey& key) {
  PLUMB_RETURN_IF_ERROR(CheckRunId(key.run_id()));
  if (key.attempt() == 0) {
    return ProtocolError("attempt", "counts from 1");
  }
  return RunKey{key.run_id(), key.attempt()};
}

v1::Hello ToProto(const Hello& hello) {
  v1::Hello wire;
  SetProtocol(hello.protocol_major, hello.protocol_minor, *wire.mutable_protocol());
  wire.mutable_capabilities()->Add(hello.capabilities.begin(), hello.capabilities.end());
  wire.set_instance_id(hello.instance_id);
  wire.set_board_name(hello.board_name);
  wire.mutable_tags()->Add(hello.tags.begin(), hello.tags.end());
  wire.set_family(hello.family);
  wire.set_abi(hello.abi);
  wire.set_agent_version(hello.agent_version);
  if (hello.current_run) {
    *wire.mutable_current_run() = ToProto(*hello.current_run);
  }
  return wire;
}

Result<Hello> FromProto(const v1::Hello& hello) {
  PLUMB_RETURN_IF_ERROR(CheckIdentity(hello));
  Hello result;
  result.protocol_major = hello.protocol().major();
  result.protocol_minor = hello.protocol().minor();
  PLUMB_ASSIGN_OR_RETURN(
      result.capabilities,
      WordsFromWire(hello.capabilities(), kMaxCapabilities, "hello.capabilities"));
  PLUMB_ASSIGN_OR_RETURN(result.tags, WordsFromWire(hello.tags(), kMaxTags, "hello.tags"));
  PLUMB_RETURN_IF_ERROR(CheckTags(hello));
  result.instance_id = hello.instance_id();
  result.board_name = hello.board_name();
  result.family = hello.family();
  result.abi = hello.abi();
  result.agent_version = hello.agent_version();
  if (hello.has_current_run()) {
    PLUMB_ASSIGN_OR_RETURN(result.current_run, FromProto(hello.current_run()));
  }
  return result;
}

v1::Welcome ToProto(const Welcome& welcome) {
  v1::Welcome wire;
  SetProtocol(welcome.protocol_major, welcome.protocol_minor, *wire.mutable_protocol());
  wire.set_server_version(welcome.server_version);
  wire.mutable_capabilities()->Add(welcome.capabilities.begin(), welcome.capabilities.end());
  return wire;
}

Result<Welcome> FromProto(const v1::Welcome& welcome) {
  Welcome result;
  result.protocol_major = welcome.protocol().major();
  result.protocol_minor = welcome.protocol().minor();
  PLUMB_RETURN_IF_ERROR(CheckOptionalName(welcome.server_version(), "welcome.server_version"));
  result.server_version = welcome.server_version();
  PLUMB_ASSIGN_OR_RETURN(
      result.capabilities,
      WordsFromWire(welcome.capabilities(), kMaxCapabilities, "welcome.capabilities"));
  return result;
}

v1::RunCommand ToProto(const RunCommand& command) {
  v1::RunCommand wire;
  *wire.mutable_key() = ToProto(command.key);
  *wire.mutable_model() = ToProto(command.model);
  for (const Artifact& input : command.inputs) {
    *wire.add_inputs() = ToProto(input);
  }
  wire.set_repetitions(command.repetitions);
  wire.set_probe(command.probe);
  wire.set_invoke_timeout_ms(WireMilliseconds(command.invoke_timeout));
  wire.set_deadline_ms(WireMilliseconds(command.deadline));
  wire.set_capture_inputs(command.capture_inputs);
  if (!command.fence.farm.empty()) {
    wire.mutable_fence()->set_farm_id(command.fence.farm);
    wire.mutable_fence()->set_epoch(command.fence.epoch);
  }
  return wire;
}

Result<RunCommand> FromProto(const v1::RunCommand& command) {
  RunCommand result;
  PLUMB_ASSIGN_OR_RETURN(result.key, FromProto(command.key()));
  PLUMB_ASSIGN_OR_RETURN(result.model, FromProto(command.model()));
  if (command.inputs().empty() || command.inputs_size() > kMaxTensors) {
    return ProtocolError("run.inputs",
                         std::to_string(command.inputs_size()) + " files; 1 to 256 are allowed");
  }
  for (const v1::Artifact& wire : command.inputs()) {
    PLUMB_ASSIGN_OR_RETURN(Artifact input, FromProto(wire));
    result.inputs.push_back(std::move(input));
  }
  PLUMB_RETURN_IF_ERROR(CheckInputBytes(result.inputs, "run.inputs"));
  if (command.repetitions() == 0 || command.repetitions() > kMaxRepetitions) {
    return ProtocolError("run.repetitions", "must be 1 to " + std::to_string(kMaxRepetitions));
  }
  result.repetitions = command.repetitions();
  result.probe = command.probe();
  PLUMB_RETURN_IF_ERROR(CheckDuration(command.invoke_timeout_ms(), "run.invoke_timeout_ms"));
  result.invoke_timeout = std::chrono::milliseconds(command.invoke_timeout_ms());
  PLUMB_RETURN_IF_ERROR(CheckDuration(command.deadline_ms(), "run.deadline_ms"));
  result.deadline = std::chrono::milliseconds(command.deadline_ms());
  result.capture_inputs = command.capture_inputs();
  if (command.has_fence()) {
    PLUMB_RETURN_IF_ERROR(CheckInstanceId(command.fence().farm_id()).Annotate("run.fence.farm_id"));
    if (command.fence().epoch() == 0) {
      return ProtocolError("run.fence.epoch", "must be at least 1");
    }
    result.fence = {command.fence().farm_id(), command.fence().epoch()};
  }
  return result;
}

v1::CancelCommand ToProto(const CancelCommand& command) {
  v1::CancelCommand wire;
  *wire.mutable_key() = ToProto(command.key);
  wire.set_message(WireText(command.message, kMaxTextSize));
  return wire;
}

Result<CancelCommand> FromProto(const v1::CancelCommand& command) {
  CancelCommand result;
  PLUMB_ASSIGN_OR_RETURN(result.key, FromProto(command.key()));
  result.message = WireText(command.message(), kMaxTextSize);
  return result;
}

v1::RunPhase ToProto(RunPhase phase) {
  switch (phase) {
    case RunPhase::kAccepted:
      return v1::RUN_PHASE_ACCEPTED;
    case RunPhase::kFetching:
      return v1::RUN_PHASE_FETCHING;
    case RunPhase::kRunning:
      return v1::RUN_PHASE_RUNNING;
  }
  return v1::RUN_PHASE_UNSPECIFIED;
}

Result<RunPhase> FromProto(v1::RunPhase phase) {
  switch (phase) {
    case v1::RUN_PHASE_ACCEPTED:
      return RunPhase::kAccepted;
    case v1::RUN_PHASE_FETCHING:
      return RunPhase::kFetching;
    case v1::RUN_PHASE_RUNNING:
      return RunPhase::kRunning;
    default:
      return ProtocolError("phase",
                           std::to_string(static_cast<int>(phase)) + " is not a known phase");
  }
}

}  // namespace plumb::rpc
