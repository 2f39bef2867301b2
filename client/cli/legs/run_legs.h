// `plumb layers --live`: runs a network now, on one input, in up to five ways and puts them into
// one table (docs/live-legs.md).
#pragma once

#include <string>
#include <vector>

#include "client/cli/frame/verb.h"
#include "client/cli/option/picture_rule.h"
#include "client/cli/option/script_input.h"
#include "common/analysis/tolerance.h"
#include "common/base/status.h"

namespace plumb::client {

struct LegsOptions {
  bool live = false;
  std::string model;      // the float network; a fixed or offline model stands for the next two
  std::string quantised;  // M.plm
  std::string offline;    // M.img; empty: compiled of `quantised` in memory
  std::string input;
  std::string stages;  // comma-separated names; empty: all that can be run
  std::string virtual_spec;
  std::string engine;
  std::string timeout = "5m";
  std::vector<std::string> shapes;
  PictureFlags pictures;
  ScriptFlags script;
};

// Adds --live and what belongs to it. `options` must live as long as the app.
void AddLegsOptions(CLI::App& app, LegsOptions& options);

// A usage error for flags of --live without it, and for what --live does not take beside it:
// `others` holds the operands and outputs of the verb's other forms.
Status CheckLegsOptions(const LegsOptions& options, const std::string& others);

// How the legs are judged against the first one that ran.
struct LegsJudge {
  analysis::TolerancePolicy policy;
  double min_coverage = 100;  // percent of the reference's layers, of each leg
};

// Writes the table and the JSON; the exit code of docs/cli.md. A leg that fails does not end the
// others: an error is what the person can mend before anything runs, or cancel's.
Result<int> RunLegs(const LegsOptions& options, const LegsJudge& judge, VerbContext& context);

// plumb.legs/1 of an error.
std::string LegsErrorJson(const Status& status);

}  // namespace plumb::client
