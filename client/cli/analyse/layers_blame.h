// `plumb layers --mode isolated`: which layers add error themselves (docs/blame.md).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/cli/frame/console.h"
#include "client/cli/frame/verb.h"
#include "common/analysis/tolerance.h"
#include "common/base/status.h"
#include "common/blame/excuse.h"
#include "common/blame/isolate.h"
#include "common/layers/compare.h"
#include "common/layers/layer_set.h"

namespace plumb::client {

struct BlameOptions {
  std::string mode = "cumulative";

  [[nodiscard]] bool isolated() const { return mode == "isolated"; }
};

// What was found. Indexes of tensors in it mean `tensors`.
struct BlameFindings {
  std::string model;                                // the file
  std::vector<std::string> tensors;                 // names
  std::vector<blame::LayerBlame> layers;            // in the order of execution
  std::map<std::string, std::string> vendor_names;  // of the layers, by tensor
  std::map<std::string, std::string> ops;
  blame::Excuses excuses;

  // Null where nothing is known of that layer.
  [[nodiscard]] const blame::LayerBlame* Find(const std::string& tensor) const;
};

void AddBlameOptions(CLI::App& app, BlameOptions& options);

// A usage error unless the mode fits the rest: `model` is what --model names, `two_runs` whether
// REFERENCE and TARGET are given.
Status CheckBlameOptions(const BlameOptions& options, const std::string& model, bool two_runs);

// What CompareLayers was given and gave.
struct ComparedRuns {
  const layers::LayerSet& reference;
  const layers::LayerSet& target;
  const std::vector<layers::LayerResult>& results;
};

// Runs the layers of the fixed model in the file `model` one by one, and excuses those that are
// blamed.
Result<BlameFindings> FindBlame(const std::string& model,
                                const ComparedRuns& runs,
                                const analysis::TolerancePolicy& policy,
                                VerbContext& context);

// The layers in place of the table of `plumb layers`.
void SayBlameTable(Console& console, const BlameFindings& findings);
// The culprits, and what the outputs are without them.
void SayCulprits(Console& console, const BlameFindings& findings);

// JSON texts: one layer's `isolated` ("null" where nothing is known), and the document's `blame`.
std::string IsolatedToJson(const BlameFindings& findings, const std::string& tensor);
std::string BlameToJson(const BlameFindings& findings);

}  // namespace plumb::client
