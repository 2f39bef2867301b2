#include "client/lib/run_request.h"

#include <limits>
#include <string>

#include "client/lib/farm_client.h"
#include "common/base/ids.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

constexpr size_t kMaxNameSize = 255;

Status UsageError(std::string message, std::string_view hint) {
  return InvalidArgumentError(std::move(message)).WithReason(kReasonUsage).WithHint(hint);
}

Result<v1::SimulatorKind> SimulatorToProto(const std::string& name) {
  if (name == "builtin") {
    return v1::SIMULATOR_KIND_BUILTIN;
  }
  if (name == "sgs") {
    return v1::SIMULATOR_KIND_SGS;
  }
  if (name == "command") {
    return v1::SIMULATOR_KIND_COMMAND;
  }
  return UsageError("there is no simulator '" + name + "'",
                    "--simulator is one of builtin, sgs, command");
}

Result<uint32_t> Milliseconds(std::chrono::milliseconds duration, const std::string& flag) {
  if (duration.count() < 1 || duration.count() > int64_t{rpc::kMaxDurationMs}) {
    return UsageError(flag + " is " + std::to_string(duration.count()) + " ms",
                      "it must be from 1ms to 24h");
  }
  return static_cast<uint32_t>(duration.count());
}

v1::ToleranceLimits LimitsToProto(const analysis::Tolerance& limits) {
  v1::ToleranceLimits wire;
  if (limits.atol) {
    wire.set_atol(*limits.atol);
  }
  if (limits.rtol) {
    wire.set_rtol(*limits.rtol);
  }
  if (limits.min_cosine) {
    wire.set_min_cosine(*limits.min_cosine);
  }
  if (limits.max_relative_l1) {
    wire.set_max_rel_l1(*limits.max_relative_l1);
  }
  return wire;
}

void ToleranceToProto(const analysis::TolerancePolicy& policy, v1::Tolerance* wire) {
  *wire->mutable_defaults() = LimitsToProto(policy.by_default);
  for (const auto& [tensor, limits] : policy.by_tensor) {
    v1::NamedTolerance* named = wire->add_per_tensor();
    named->set_tensor(tensor);
    *named->mutable_limits() = LimitsToProto(limits);
  }
}

}  // namespace

Result<v1::StartRunRequest> ToProto(const RunRequest& request) {
  v1::StartRunRequest wire;
  wire.set_request_id(RandomId());
  *wire.mutable_model() = rpc::ToProto(request.model);
  wire.set_model_name(request.model_name.empty() ? request.model.sha256
                                                 : rpc::WireText(request.model_name, kMaxNameSize));
  for (const Artifact& input : request.inputs) {
    *wire.add_inputs() = rpc::ToProto(input);
  }
  for (const std::string& name : request.input_names) {
    wire.add_input_names(rpc::WireText(name, kMaxNameSize));
  }
  for (const std::string& word : request.board) {
    PLUMB_RETURN_IF_ERROR(rpc::CheckName(word, "--board"));
    wire.add_board(word);
  }
  if (request.repetitions == 0 || request.repetitions > rpc::kMaxRepetitions) {
    return UsageError("--repeat is " + std::to_string(request.repetitions),
                      "it must be from 1 to " + std::to_string(rpc::kMaxRepetitions));
  }
  wire.set_repetitions(request.repetitions);
  wire.set_probe(request.probe);
  wire.set_check_input(request.check_input);
  PLUMB_ASSIGN_OR_RETURN(const uint32_t timeout, Milliseconds(request.invoke_timeout, "--timeout"));
  PLUMB_ASSIGN_OR_RETURN(const uint32_t deadline, Milliseconds(request.deadline, "--deadline"));
  wire.set_invoke_timeout_ms(timeout);
  wire.set_deadline_ms(deadline);
  if (!request.reference_run.empty()) {
    wire.set_reference_run_id(request.reference_run);
  } else {
    PLUMB_ASSIGN_OR_RETURN(const v1::SimulatorKind simulator, SimulatorToProto(request.simulator));
    wire.set_simulator(simulator);
  }
  ToleranceToProto(request.tolerance, wire.mutable_tolerance());
  wire.set_owner(request.owner.empty() ? DefaultOwner() : request.owner);
  wire.set_priority(request.priority);
  wire.set_max_attempts(request.max_attempts);
  wire.set_wait(request.wait);
  return wire;
}

}  // namespace plumb::client
