// The board's leg: the virtual IPU in a process of its own, its layers tapped through an export
// that no vendor's library has (agent/virtual_ipu/layer_tap.h), its outputs as the vendor's calls
// deliver them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "client/cli/network/dump_output.h"
#include "client/cli/option/virtual_spec.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/npu/model/model.h"

namespace plumb::client {

struct BoardLegRequest {
  std::shared_ptr<const npu::FixedModel> model;  // has a chip section with one batch
  std::vector<std::vector<uint8_t>> inputs;      // the bytes of its input buffers
  VirtualSpec board;
  std::filesystem::path folder;  // for the child's files; exists
  std::chrono::milliseconds timeout{300'000};
};

struct BoardLegResult {
  Status end;  // how the child ended; what came before it is in the dump
  std::vector<std::string> notes;
};

// Writes each layer into `output` as it comes; an output's tensor as delivered, behind all layers.
// A board that crashes, hangs or shows other layers than the model has is no error but `end`, with
// reason runner_crashed, runner_hung or what the board itself says. Fails when it cannot be started
// or the dump cannot be written, or with cancel's status. Call from a thread that outlives the
// call.
Result<BoardLegResult> RunBoardLeg(const BoardLegRequest& request,
                                   const CancelToken& cancel,
                                   DumpOutput& output);

}  // namespace plumb::client
