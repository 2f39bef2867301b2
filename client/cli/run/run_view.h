// A run while it goes on: a table redrawn on a terminal, plain lines elsewhere.
#pragma once

#include <set>
#include <string>

#include "client/cli/frame/live.h"
#include "client/cli/frame/verb.h"
#include "client/lib/run_types.h"

namespace plumb::client {

// Feed it every event of one watch, from one thread.
class RunView {
 public:
  explicit RunView(Console& console) : console_(console), block_(console) {}

  void Show(const RunEvent& event);

  // Takes the live table away; what follows is printed by others.
  void Finish() { block_.Erase(); }

 private:
  void ShowLines(const RunEvent& event);
  void ShowModel(const RunEvent& event);

  Console& console_;
  LiveBlock block_;
  std::string last_state_;
  std::string last_note_;
  bool model_shown_ = false;
  std::set<uint32_t> finished_;
};

// The verdict of a finished run: the report for people, or the error. Writes the JSON as the server
// stored it. Returns the run's exit code.

Result<int> ConcludeRun(VerbContext& context, const RunEvent& last);

}  // namespace plumb::client
