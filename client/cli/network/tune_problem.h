// A network, its samples and its calibration as `plumb tune` judges them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/cli/frame/verb.h"
#include "client/cli/option/picture_rule.h"
#include "client/cli/option/script_input.h"
#include "common/analysis/tolerance.h"
#include "common/npu/graph/graph.h"
#include "common/tune/network_judge.h"

namespace plumb::client {

struct TuneInputs {
  std::string input;      // of --input: what is judged
  std::string calibrate;  // of --calibrate; empty: the same
  std::string model;      // for messages and the ini beside it
  PictureFlags flags;
  ScriptFlags script;
};

// Reads the samples, calibrates on those of --calibrate with progress and runs the float network on
// those of --input. Usage errors name the flag.
Result<std::unique_ptr<tune::NetworkJudge>> MakeTuneJudge(
    const std::shared_ptr<const npu::Graph>& graph,
    const TuneInputs& inputs,
    const analysis::TolerancePolicy& tolerance,
    VerbContext& context);

}  // namespace plumb::client
