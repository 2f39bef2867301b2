// `plumb run` over many inputs: boards chosen, journal, lines, document.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/frame/verb.h"
#include "client/cli/run/run_inputs.h"
#include "client/cli/run/run_preparer.h"
#include "client/lib/batch.h"

namespace CLI {
class App;
}

namespace plumb::client {

struct BatchFlags {
  std::string boards;  // "N", or names with commas between them; empty: all that fit
  std::string resume;
  bool fail_fast = false;
  bool keep_going = false;
};

// Adds --boards, --resume, --fail-fast and --keep-going.
void AddBatchFlags(CLI::App& app, BatchFlags& flags);

// The number and the names that --boards says.
struct BoardsChoice {
  size_t most = kMaxBatchBoards;
  std::vector<std::string> names;  // empty: any
};

Result<BoardsChoice> ParseBoards(const std::string& text);

// Whether `board` may be used: every word of `words` is its name or a tag of its, and it is among
// `names` unless that is empty.
bool BoardFits(const BoardSummary& board,
               const std::vector<std::string>& words,
               const std::vector<std::string>& names);

struct BatchCommand {
  const RunInputs* inputs = nullptr;
  BatchFlags flags;
  RunRequest base;                 // `board`: words as of --board
  std::vector<std::string> names;  // the only boards to use; empty: those of --boards
  std::string model_file;
  RunPreparer preparer;
  std::optional<std::chrono::milliseconds> deadline;
};

// Blocks. The exit code is that of docs/cli.md over all inputs; the document is written whatever
// happens once the batch has begun.
Result<int> RunBatchCommand(VerbContext& context, const BatchCommand& command);

// The document for an error before the batch began.
std::string BatchErrorJson(const Status& status);

}  // namespace plumb::client
