// The SOP's stages walked one after the other, until the first that breaks.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/frame/exit_code.h"
#include "common/base/cancel.h"
#include "common/base/status.h"

namespace plumb::client {

struct DebugRequest {
  std::string model;  // a float network, a fixed or an offline model
  std::string input;
  std::string calibrate;       // empty: the input itself
  std::string fixed;           // a fixed model in place of the one that quantising would make
  std::string offline;         // likewise an offline model
  std::string framework_dump;  // DumpDebug files that another tool made, in place of our stages
  std::string float_dump;
  std::string fixed_dump;
  std::string chip;
  std::vector<std::string> shapes;           // of --input-shape
  std::vector<std::string> picture_flags;    // --color --mean --std --input-config
  std::vector<std::string> script_flags;     // -n --python --preprocess-timeout; empty: no script
  std::vector<std::string> tolerance_flags;  // of float against fixed
  std::vector<std::string> board_flags;      // --local --virtual, or --server and --board
  bool is_virtual = false;                   // the virtual IPU stands in for a board
  bool keep_going = false;                   // behind a stage that breaks too
  std::string input_config;                  // also for the offline model
};

enum class StageState {
  kHolds,
  kBreaks,
  kSkipped,     // cannot be judged here; the walk goes on
  kFailed,      // a command of it did not end as it should; the walk ends
  kNotReached,  // behind a stage that breaks
};

// "holds", "breaks", "skipped", "failed", "not reached".
std::string_view StageStateName(StageState state);

struct Stage {
  std::string name;     // "float -> fixed"
  std::string section;  // of the SOP
  StageState state = StageState::kNotReached;
  std::string found;                  // a sentence
  std::vector<std::string> commands;  // that were run, as a shell takes them
  std::vector<std::string> next;      // what to try, the most likely first
  int exit_code = kExitMatch;         // of the last command
};

struct WalkOptions {
  std::filesystem::path folder;  // for what the stages write; exists
  CancelToken cancel;
  std::function<void(const std::string& stage)> begin;  // before each stage that is looked at
  std::function<void(const Stage& stage)> end;          // after every stage, reached or not
};

// All stages in order. An error where the model cannot be read at all.
Result<std::vector<Stage>> WalkStages(const DebugRequest& request, const WalkOptions& options);

}  // namespace plumb::client
