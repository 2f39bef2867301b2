#include "client/cli/run/batch_command.h"

#include <algorithm>
#include <set>
#include <utility>

#include "client/cli/frame/usage.h"
#include "client/cli/run/batch_view.h"
#include "client/lib/batch_journal.h"
#include "client/lib/batch_key.h"
#include "client/lib/batch_report.h"
#include "common/analysis/outcome.h"
#include "common/archive/report_json.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

using Clock = std::chrono::steady_clock;

// Judged: run again it would come to the same. All else failed and is worth another try.
bool HasVerdict(const BatchOutcome& outcome) {
  return outcome.exit_code == analysis::kExitMatch ||
         outcome.exit_code == analysis::kExitMismatch ||
         outcome.exit_code == analysis::kExitCoverage ||
         outcome.exit_code == analysis::kExitNotRepeatable;
}

bool FilesAreThe(const std::vector<std::string>& sources, const std::vector<std::string>& files) {
  return sources.size() == files.size() &&
         std::equal(sources.begin(),
                    sources.end(),
                    files.begin(),
                    [](const std::string& digest, const std::string& file) {
                      const auto now = Sha256HexOfFile(file);
                      return now.ok() && *now == digest;
                    });
}

class BatchRun {
 public:
  BatchRun(VerbContext& context, const BatchCommand& command)
      : context_(context),
        command_(command),
        files_(command.inputs->samples),
        tally_(files_.size()),
        view_(context.console, files_, tally_),
        sources_(files_.size()) {}

  Result<int> Run();

 private:
  Status OpenJournal();
  Result<std::unique_ptr<BatchJournal>> OpenDefault(const std::string& path,
                                                    const std::string& key);
  // What an earlier command judged and is still true.
  Status TakeUp();
  Result<BatchOptions> Options();
  void OnEvent(const BatchEvent& event);
  Status Record(BatchOutcome outcome);
  Status WriteDocument(const BatchDocument& document);
  void CloseJournal(const BatchDocument& document);

  VerbContext& context_;
  const BatchCommand& command_;
  const std::vector<std::vector<std::string>>& files_;
  BatchTally tally_;
  BatchView view_;
  std::vector<std::vector<std::string>> sources_;  // by input
  std::vector<bool> known_;
  std::optional<TempFolder> scratch_;
  std::unique_ptr<BatchJournal> journal_;  // null: nobody asked for the document
  std::string journal_path_;               // empty: private, or none
  CancelToken cancel_;
  Status failed_;  // the journal could not be written
};

Status BatchRun::OpenJournal() {
  PLUMB_ASSIGN_OR_RETURN(
      const std::string key,
      BatchKey(
          command_.base,
          command_.preparer.script == nullptr ? std::string() : command_.preparer.script->digest(),
          files_));
  if (!command_.flags.resume.empty()) {
    journal_path_ = command_.flags.resume;
    auto journal = BatchJournal::Open(journal_path_, key, files_.size());
    PLUMB_RETURN_IF_ERROR(journal.status().Annotate("--resume"));
    journal_ = std::move(journal).value();
    return OkStatus();
  }
  if (!context_.json.wanted()) {
    return OkStatus();
  }
  if (context_.json.destination() != "-") {
    journal_path_ = context_.json.destination() + ".journal";
    PLUMB_ASSIGN_OR_RETURN(journal_, OpenDefault(journal_path_, key));
    return OkStatus();
  }
  auto scratch = TempFolder::Create("plumb-batch-");
  PLUMB_RETURN_IF_ERROR(scratch.status());
  scratch_.emplace(std::move(scratch).value());
  PLUMB_ASSIGN_OR_RETURN(journal_,
                         BatchJournal::Open(scratch_->path() / "journal", key, files_.size()));
  return OkStatus();
}

Result<std::unique_ptr<BatchJournal>> BatchRun::OpenDefault(const std::string& path,
                                                            const std::string& key) {
  auto journal = BatchJournal::Open(path, key, files_.size());
  if (journal.status().code() != StatusCode::kFailedPrecondition) {
    return journal;
  }
  context_.console.Say("'" + path + "' is of another batch; beginning anew");
  std::error_code error;
  std::filesystem::remove(path, error);
  return BatchJournal::Open(path, key, files_.size());
}

Status BatchRun::TakeUp() {
  known_.assign(files_.size(), false);
  if (!journal_ || journal_->size() == 0) {
    return OkStatus();
  }
  for (size_t i = 0; i < files_.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(context_.cancel.status());
    PLUMB_ASSIGN_OR_RETURN(const auto entry, journal_->Read(i));
    if (!entry) {
      continue;
    }
    const auto report = archive::ReportFromJson(entry->outcome.report_json);
    if (!report.ok() || !HasVerdict(entry->outcome) || !FilesAreThe(entry->sources, files_[i])) {
      journal_->Forget(i);
      continue;
    }
    known_[i] = true;
    sources_[i] = entry->sources;
    tally_.Add(entry->outcome, true);
    view_.Add(entry->outcome, *report);
  }
  context_.console.Say("going on with '" + EscapeForDisplay(journal_path_) +
                       "': " + std::to_string(tally_.resumed()) + " of " +
                       std::to_string(files_.size()) + " inputs are judged");
  return OkStatus();
}

Result<BatchOptions> BatchRun::Options() {
  PLUMB_ASSIGN_OR_RETURN(const BoardsChoice choice, ParseBoards(command_.flags.boards));
  BatchOptions options;
  options.count = files_.size();
  options.known = known_;
  options.base = command_.base;
  options.max_boards = choice.most;
  options.fail_fast = command_.flags.fail_fast;
  options.keep_going = command_.flags.keep_going;
  options.deadline = command_.deadline;
  options.wants = [this, names = command_.names.empty() ? choice.names : command_.names](
                      const BoardSummary& board) {
    return BoardFits(board, command_.base.board, names);
  };
  options.prepare = [this](size_t index, const CancelToken& cancel, RunRequest* request) {
    if (command_.preparer.script == nullptr) {
      for (const std::string& file : files_[index]) {
        PLUMB_RETURN_IF_ERROR(CheckRawInput(file, command_.model_file));
      }
    }
    return command_.preparer.Prepare(files_[index], cancel, request, &sources_[index]);
  };
  return options;
}

Status BatchRun::Record(BatchOutcome outcome) {
  analysis::ComparisonReport report;
  if (outcome.report_json.empty()) {
    report.error = outcome.error;
    report.identity.model_sha256 = command_.base.model.sha256;
    report.identity.board = outcome.board;
    analysis::DecideOutcome({}, report);
    outcome.report_json = archive::ReportToJson(report);
  } else {
    PLUMB_ASSIGN_OR_RETURN(report, archive::ReportFromJson(outcome.report_json));
  }
  std::set<std::string> causes;
  for (const analysis::Diagnosis& found : report.diagnosis) {
    causes.insert(found.cause);
  }
  for (const std::string& cause : causes) {
    tally_.AddCause(cause);
  }
  view_.Add(outcome, report);
  return journal_ ? journal_->Append({outcome, sources_[outcome.index]}) : OkStatus();
}

void BatchRun::OnEvent(const BatchEvent& event) {
  tally_.AddEvent(event);
  if (event.step == BatchStep::kFinished) {
    const Status recorded = Record(event.outcome);
    if (!recorded.ok() && failed_.ok()) {
      failed_ = recorded;
      cancel_.Cancel(recorded);
    }
  }
  view_.OnEvent(event);
}

Status BatchRun::WriteDocument(const BatchDocument& document) {
  return context_.json.WriteParts(
      [&document](const JsonOutput::Sink& sink) { return WriteBatchDocument(document, sink); });
}

// What is whole needs no journal, unless the person named it.
void BatchRun::CloseJournal(const BatchDocument& document) {
  if (!journal_ || journal_path_.empty()) {
    return;
  }
  if (tally_.not_run() > 0) {
    context_.console.Say("to go on, repeat the command; what is judged is in '" + journal_path_ +
                         "'");
  } else if (command_.flags.resume.empty() && document.end.error.ok()) {
    const Status removed = journal_->Remove();
    if (!removed.ok()) {
      context_.console.Warn(removed.message());
    }
  }
}

Result<int> BatchRun::Run() {
  PLUMB_RETURN_IF_ERROR(OpenJournal());
  PLUMB_RETURN_IF_ERROR(TakeUp());
  PLUMB_ASSIGN_OR_RETURN(const BatchOptions options, Options());
  const auto forward =
      context_.cancel.OnCancel([this] { cancel_.Cancel(context_.cancel.status()); });
  const auto began = Clock::now();
  BatchDocument document;
  document.tally = &tally_;
  document.model_file = command_.base.model_name;
  document.model_sha256 = command_.base.model.sha256;
  document.files = &files_;
  document.end = RunBatch(
      command_.preparer.port,
      options,
      [this](const BatchEvent& event) { OnEvent(event); },
      cancel_);
  document.wall_ms = std::chrono::duration<double, std::milli>(Clock::now() - began).count();
  document.journal = journal_.get();
  view_.Finish();
  PLUMB_RETURN_IF_ERROR(failed_);
  PLUMB_RETURN_IF_ERROR(WriteDocument(document));
  if (!document.end.error.ok()) {
    context_.console.Error(document.end.error);
  }
  CloseJournal(document);
  view_.Conclude(document);
  return ExitCodeOf(document);
}

}  // namespace

void AddBatchFlags(CLI::App& app, BatchFlags& flags) {
  app.add_option("--boards",
                 flags.boards,
                 "Many inputs: how many boards at most, or their names with commas between them "
                 "(default: all that fit)")
      ->type_name("N|NAME,…");
  app.add_option("--resume",
                 flags.resume,
                 "Many inputs: keep what is judged in FILE and go on from it (default: beside "
                 "the file of --json)")
      ->type_name("FILE");
  auto* fail_fast = app.add_flag(
      "--fail-fast", flags.fail_fast, "Many inputs: end at the first one that does not match");
  app.add_flag("--keep-going",
               flags.keep_going,
               "Many inputs: go through all of them, however many fail without a verdict")
      ->excludes(fail_fast);
}

Result<BoardsChoice> ParseBoards(const std::string& text) {
  BoardsChoice choice;
  if (text.empty()) {
    return choice;
  }
  if (const auto number = ParseUint(text)) {
    if (*number == 0 || *number > kMaxBatchBoards) {
      return UsageError("--boards is " + text,
                        "write a number from 1 to " + std::to_string(kMaxBatchBoards));
    }
    choice.most = static_cast<size_t>(*number);
    return choice;
  }
  choice.names = Split(text, ',');
  return choice;
}

bool BoardFits(const BoardSummary& board,
               const std::vector<std::string>& words,
               const std::vector<std::string>& names) {
  const auto among = [](const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
  };
  return (names.empty() || among(names, board.name)) &&
         std::all_of(words.begin(), words.end(), [&](const std::string& word) {
           return board.name == word || among(board.tags, word);
         });
}

Result<int> RunBatchCommand(VerbContext& context, const BatchCommand& command) {
  return BatchRun(context, command).Run();
}

std::string BatchErrorJson(const Status& status) {
  const std::vector<std::vector<std::string>> none;
  const BatchTally tally(0);
  BatchDocument document;
  document.tally = &tally;
  document.end.error = status;
  document.files = &none;
  std::string text;
  const Status written = WriteBatchDocument(document, [&text](std::string_view piece) {
    text += piece;
    return OkStatus();
  });
  return written.ok() ? text : std::string("{}");
}

}  // namespace plumb::client
