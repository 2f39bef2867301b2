// The legs of `plumb layers --live` run one after the other, each into a dump in a temporary
// folder.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/frame/verb.h"
#include "client/cli/network/dump_stages.h"
#include "client/cli/option/model_file.h"
#include "client/cli/option/virtual_spec.h"
#include "common/legs/leg_table.h"

namespace plumb::client {

// What there is to run. Models are loaded once.
struct LegModels {
  DumpRequest request;                             // of the float network; `out` is unused
  std::shared_ptr<const npu::Graph> graph;         // the float network; null: none
  Status graph_error;                              // why our importers do not take it
  std::shared_ptr<const npu::FixedModel> fixed;    // null: none
  std::shared_ptr<const npu::FixedModel> offline;  // has a chip section; null: none
  std::string fixed_path;                          // for messages
  std::string offline_path;                        // empty: it was compiled in memory
  VirtualSpec board;
};

enum class LegState {
  kRan,
  kPartly,    // it ended before its last layer
  kNotAsked,  // --stages leaves it out
  kCannot,    // something is missing here
  kFailed,    // it was started and shows nothing
};

// "ran", "partly", "not_asked", "cannot", "failed".
std::string_view LegStateName(LegState state);

struct LegRun {
  legs::Stage stage = legs::Stage::kFloat;
  LegState state = LegState::kNotAsked;
  Status why;                  // of kPartly, kCannot and kFailed, with a hint
  std::string what;            // what computed: "ONNX Runtime 1.17.0", "virtual IPU S6, tapped …"
  std::filesystem::path dump;  // of kRan and kPartly
  DumpCounts counts;
  double milliseconds = 0;
  std::vector<std::string> notes;

  [[nodiscard]] bool shows_layers() const {
    return state == LegState::kRan || state == LegState::kPartly;
  }
};

// By legs::Stage.
using WantedStages = std::array<bool, legs::kStages>;

// Runs every wanted leg, in order. `folder` exists and holds the dumps afterwards. Fails with
// cancel's status alone.
Result<std::vector<LegRun>> RunWantedLegs(const LegModels& models,
                                          const WantedStages& wanted,
                                          const std::filesystem::path& folder,
                                          VerbContext& context);

}  // namespace plumb::client
