// Why a run failed, as stable words (Status::reason()), and the exit code each means (docs/cli.md).
#pragma once

#include <string_view>

#include "common/base/status.h"

namespace plumb {

// The board or its runtime: exit code 4.
constexpr std::string_view kReasonRunnerHung = "runner_hung";
constexpr std::string_view kReasonRunnerCrashed = "runner_crashed";
constexpr std::string_view kReasonOutOfMemory = "out_of_memory";
constexpr std::string_view kReasonModelRefused = "model_refused";
constexpr std::string_view kReasonInputRefused = "input_refused";
constexpr std::string_view kReasonInvokeFailed = "invoke_failed";
constexpr std::string_view kReasonRuntimeUnavailable = "runtime_unavailable";
constexpr std::string_view kReasonNoCapture = "no_captured_input";  // of the application's

// The link, the server or the simulator: exit code 3.
constexpr std::string_view kReasonWrongModel = "wrong_model";
constexpr std::string_view kReasonWrongInput = "wrong_input";
constexpr std::string_view kReasonAgentLost = "agent_lost";
constexpr std::string_view kReasonSimulatorFailed = "simulator_failed";
// What went wrong with a simulator that is another program, told apart (docs/simulators.md).
constexpr std::string_view kReasonSimulatorMissing = "simulator_missing";
constexpr std::string_view kReasonSimulatorPython = "simulator_python";
constexpr std::string_view kReasonSimulatorHung = "simulator_hung";
constexpr std::string_view kReasonSimulatorCrashed = "simulator_crashed";
constexpr std::string_view kReasonSimulatorNoOutput = "simulator_no_output";
constexpr std::string_view kReasonSimulatorBadOutput = "simulator_bad_output";
constexpr std::string_view kReasonSimulatorShared = "simulator_shared_folder";
constexpr std::string_view kReasonBoardNotFound = "board_not_found";
constexpr std::string_view kReasonBoardBusy = "board_busy";
constexpr std::string_view kReasonBoardNameTaken = "board_name_taken";
constexpr std::string_view kReasonLimit = "limit_reached";  // SECURITY.md lists them
constexpr std::string_view kReasonStalled = "stalled";      // a peer that hardly sends or reads
constexpr std::string_view kReasonProtocol = "protocol_error";
constexpr std::string_view kReasonVersionMismatch = "version_mismatch";
constexpr std::string_view kReasonWrongIdentity =
    "wrong_identity";  // a certificate of another board
constexpr std::string_view kReasonCancelled = "cancelled";

// What the person typed or the file it named: exit code 2.
constexpr std::string_view kReasonUsage = "usage";

enum class FailureClass { kNone, kUsage, kInfrastructure, kBoard, kInternal };

// By reason where there is one, else by code: kInvalidArgument, kNotFound, kPermissionDenied and
// kFailedPrecondition without a reason are usage, kInternal is internal, all else infrastructure.
FailureClass ClassifyFailure(const Status& status);

}  // namespace plumb
