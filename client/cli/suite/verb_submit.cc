// `plumb submit`: a suite of models, inputs and boards through the farm's queue.
#include <fnmatch.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "client/cli/frame/live.h"
#include "client/cli/frame/options.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/server_option.h"
#include "client/cli/run/offline_model.h"
#include "client/cli/suite/suite_file.h"
#include "client/cli/suite/suite_report.h"
#include "client/cli/suite/suite_run.h"
#include "client/lib/batch_journal.h"
#include "client/lib/batch_key.h"
#include "client/report/junit.h"
#include "common/analysis/outcome.h"
#include "common/archive/report_json.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

using Clock = std::chrono::steady_clock;

// What decides what the cases come to: another suite, or this one changed, has another key.
Result<std::string> KeyOf(const Suite& suite, const std::vector<SuiteCase>& cases) {
  Sha256 hash;
  for (const SuiteCase& one : cases) {
    const SuiteModel& model = suite.models[one.model];
    RunRequest request = model.base;
    request.board = suite.boards[one.board];
    PLUMB_ASSIGN_OR_RETURN(request.model.sha256, Sha256HexOfFile(model.path));
    PLUMB_ASSIGN_OR_RETURN(const std::string key,
                           BatchKey(request, one.where, {model.samples[one.sample]}));
    hash.Update(AsBytes(key));
  }
  return ToHex(hash.Finish());
}

bool FilesAreThe(const std::vector<std::string>& sources, const std::vector<std::string>& files) {
  for (size_t i = 0; i < files.size() && sources.size() == files.size(); ++i) {
    const auto now = Sha256HexOfFile(files[i]);
    if (!now.ok() || *now != sources[i]) {
      return false;
    }
  }
  return sources.size() == files.size();
}

class SubmitVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "submit",
        "Run a suite of models, inputs and boards through the farm's queue",
        "SUITE is a YAML file that names models, inputs and the tags of boards; every model is\n"
        "run with every input on every kind of board, and the farm says on which. A run that no\n"
        "board could take is an error, one that differs a failure. What is judged is kept in\n"
        "SUITE.journal until all is: the same command goes on after Ctrl-C or a lost server.\n"
        "Exit codes: 0 all match, 1 something differs, 2 usage, 3 infrastructure, 4 board.",
        "plumb submit nightly.yaml --server 127.0.0.1:7070 --junit nightly.xml"};
  }

  void Declare(CLI::App& app) override;
  Result<int> Run(VerbContext& context) override;
  [[nodiscard]] std::string ErrorJson(const Status& status) const override;

 private:
  Status Load();
  Status CheckModels() const;
  Status Filter();
  Result<int> List(VerbContext& context) const;
  Status OpenJournal(Console& console);
  // What an earlier command judged and is still true.
  Status TakeUp(VerbContext& context);
  Status Record(const SuiteEvent& event, Console& console);
  void OnEvent(const SuiteEvent& event, VerbContext& context, LiveBlock& block);
  // Why not every case has an outcome.
  Status RunCases(VerbContext& context);
  Result<int> Conclude(VerbContext& context, const Status& error, double wall_ms);
  Status WriteDocuments(VerbContext& context, const Status& error, double wall_ms);
  Result<std::string> ReportOf(size_t index) const;

  std::string file_;
  std::string server_;
  ServerTrust tls_;
  std::string junit_;
  std::string resume_;
  bool named_ = false;  // resume_, by the person
  std::vector<std::string> filters_;
  size_t jobs_ = 16;
  bool fail_fast_ = false;
  bool list_ = false;
  int64_t deadline_ms_ = 0;
  CLI::Option* deadline_option_ = nullptr;

  Suite suite_;
  std::vector<SuiteCase> cases_;
  std::vector<bool> known_;
  std::set<size_t> under_way_;
  std::unique_ptr<BatchJournal> journal_;
  std::unique_ptr<SuiteResults> results_;
  Status failed_;  // the journal could not be written
  CancelToken cancel_;
};

void SubmitVerb::Declare(CLI::App& app) {
  app.add_option("SUITE", file_, "The suite's YAML file")->required()->type_name("SUITE.yaml");
  AddServer(app, server_, tls_);
  app.add_option("--junit", junit_, "Write JUnit XML, whatever happens")->type_name("F.xml");
  app.add_option("--filter", filters_, "Only cases whose name fits, e.g. 'face*/*@S6'; repeat it")
      ->expected(1)
      ->take_all()
      ->type_name("PATTERN");
  app.add_flag("--list", list_, "Show the cases and run nothing");
  app.add_option(
         "--jobs", jobs_, "Runs that wait or run at a time; more than boards, so that none is idle")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_flag("--fail-fast", fail_fast_, "End at the first run that does not match");
  deadline_option_ =
      AddDuration(app, "--deadline", deadline_ms_, "For the whole command (default: none); exit 3");
  app.add_option("--resume", resume_, "Where to keep what is judged (default: SUITE.journal)")
      ->type_name("FILE");
}

std::string SubmitVerb::ErrorJson(const Status& status) const {
  const Suite none;
  const std::vector<SuiteCase> nothing;
  const auto json = SuiteJson(SuiteResults(&none, &nothing), status, 0, [](size_t /*index*/) {
    return Result<std::string>(std::string());
  });
  return json.ok() ? *json : Verb::ErrorJson(status);
}

Status SubmitVerb::Load() {
  const auto text = ReadFile(file_, kMaxSuiteFile);
  if (!text.ok()) {
    return UsageError("SUITE: " + text.status().message(),
                      "give a suite's YAML file; docs/suite.md has an example");
  }
  PLUMB_ASSIGN_OR_RETURN(suite_, ParseSuite(text->view(), file_));
  cases_ = CasesOf(suite_);
  PLUMB_RETURN_IF_ERROR(CheckModels());
  return Filter();
}

// What the built-in simulator cannot run, or not with these files, is told before anything is sent.
Status SubmitVerb::CheckModels() const {
  for (const SuiteModel& model : suite_.models) {
    const std::string where = file_ + ":" + std::to_string(model.line) + ": ";
    PLUMB_ASSIGN_OR_RETURN(const auto fixed,
                           ReadOfflineModel(where, model.path, model.base.simulator == "builtin"));
    for (const auto& files : model.samples) {
      if (fixed && files.size() != FilesOfExecution(*fixed)) {
        return UsageError(where + "model '" + EscapeForDisplay(model.name) + "' takes " +
                              std::to_string(FilesOfExecution(*fixed)) + " files, '" +
                              EscapeForDisplay(Join(files, ",")) + "' are " +
                              std::to_string(files.size()),
                          "write a list of its own for each run: - [left.bin, right.bin]");
      }
    }
  }
  return OkStatus();
}

Status SubmitVerb::Filter() {
  if (filters_.empty()) {
    return OkStatus();
  }
  std::erase_if(cases_, [this](const SuiteCase& one) {
    return std::none_of(filters_.begin(), filters_.end(), [&](const std::string& pattern) {
      return ::fnmatch(pattern.c_str(), one.name.c_str(), 0) == 0;
    });
  });
  return cases_.empty() ? UsageError("--filter fits no case",
                                     "'plumb submit " + file_ + " --list' shows their names")
                        : OkStatus();
}

Result<int> SubmitVerb::List(VerbContext& context) const {
  for (const SuiteCase& one : cases_) {
    context.console.Say(EscapeForDisplay(one.name));
  }
  context.console.Conclude({{std::to_string(cases_.size()) + " runs"}});
  PLUMB_ASSIGN_OR_RETURN(const std::string json,
                         SuiteJson(*results_, OkStatus(), 0, [](size_t /*index*/) {
                           return Result<std::string>(std::string());
                         }));
  PLUMB_RETURN_IF_ERROR(context.json.Write(json));
  return kExitMatch;
}

Status SubmitVerb::OpenJournal(Console& console) {
  PLUMB_ASSIGN_OR_RETURN(const std::string key, KeyOf(suite_, cases_));
  named_ = !resume_.empty();
  if (!named_) {
    resume_ = file_ + ".journal";
  }
  auto journal = BatchJournal::Open(resume_, key, cases_.size());
  if (!named_ && journal.status().code() == StatusCode::kFailedPrecondition) {
    console.Say("'" + EscapeForDisplay(resume_) + "' is of another suite; beginning anew");
    std::error_code error;
    std::filesystem::remove(resume_, error);
    journal = BatchJournal::Open(resume_, key, cases_.size());
  }
  PLUMB_RETURN_IF_ERROR(journal.status().Annotate("--resume"));
  journal_ = std::move(journal).value();
  return OkStatus();
}

Status SubmitVerb::TakeUp(VerbContext& context) {
  known_.assign(cases_.size(), false);
  for (size_t i = 0; i < cases_.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(context.cancel.status());
    PLUMB_ASSIGN_OR_RETURN(const auto entry, journal_->Read(i));
    if (!entry) {
      continue;
    }
    const auto report = archive::ReportFromJson(entry->outcome.report_json);
    const auto& files = suite_.models[cases_[i].model].samples[cases_[i].sample];
    if (!report.ok() || !HasVerdict(entry->outcome.exit_code) ||
        !FilesAreThe(entry->sources, files)) {
      journal_->Forget(i);
      continue;
    }
    known_[i] = true;
    results_->Add(entry->outcome, *report, true);
  }
  if (!results_->done().empty()) {
    context.console.Say("going on with '" + EscapeForDisplay(resume_) +
                        "': " + std::to_string(results_->done().size()) + " of " +
                        std::to_string(cases_.size()) + " runs are judged");
  }
  return OkStatus();
}

Status SubmitVerb::Record(const SuiteEvent& event, Console& console) {
  BatchOutcome outcome = event.outcome;
  analysis::ComparisonReport report;
  if (outcome.report_json.empty()) {
    report.error = outcome.error;
    analysis::DecideOutcome({}, report);
    outcome.report_json = archive::ReportToJson(report);
  } else {
    PLUMB_ASSIGN_OR_RETURN(report, archive::ReportFromJson(outcome.report_json));
  }
  results_->Add(outcome, report, false);
  console.Say(CaseLine(cases_[event.index], results_->done().at(event.index)));
  return journal_->Append({outcome, event.sources});
}

void SubmitVerb::OnEvent(const SuiteEvent& event, VerbContext& context, LiveBlock& block) {
  switch (event.kind) {
    case SuiteEvent::Kind::kStarted:
      under_way_.insert(event.index);
      return;
    case SuiteEvent::Kind::kFinished: {
      under_way_.erase(event.index);
      block.Erase();
      const Status recorded = Record(event, context.console);
      if (!recorded.ok() && failed_.ok()) {
        failed_ = recorded;
        cancel_.Cancel(recorded);
      }
      return;
    }
    case SuiteEvent::Kind::kTick:
      block.Show({{{std::to_string(results_->done().size()) + "/" + std::to_string(cases_.size())},
                   {"  " + std::to_string(under_way_.size()) + " under way", Style::kDim},
                   {under_way_.empty() ? "" : "  " + cases_[*under_way_.begin()].name}}});
      return;
  }
}

Result<std::string> SubmitVerb::ReportOf(size_t index) const {
  PLUMB_ASSIGN_OR_RETURN(const auto entry, journal_->Read(index));
  return entry ? Result<std::string>(entry->outcome.report_json)
               : DataLossError("the journal has lost a result");
}

Status SubmitVerb::WriteDocuments(VerbContext& context, const Status& error, double wall_ms) {
  if (!context.json.wanted() && junit_.empty()) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(
      const std::string json,
      SuiteJson(*results_, error, wall_ms, [this](size_t index) { return ReportOf(index); }));
  if (!junit_.empty()) {
    PLUMB_ASSIGN_OR_RETURN(const std::string xml, JunitXml(json));
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(junit_, xml));
  }
  return context.json.Write(json);
}

Result<int> SubmitVerb::Conclude(VerbContext& context, const Status& error, double wall_ms) {
  PLUMB_RETURN_IF_ERROR(WriteDocuments(context, error, wall_ms));
  if (!error.ok()) {
    context.console.Error(error);
  }
  SayResults(context.console, *results_, error, wall_ms / 1000);
  // What is whole needs no journal, unless the person named it; errors are worth another try.
  if (!results_->AllJudged()) {
    context.console.Say("to run what has no verdict, repeat the command; what is judged is in '" +
                        EscapeForDisplay(resume_) + "'");
  } else if (const Status removed = named_ ? OkStatus() : journal_->Remove(); !removed.ok()) {
    context.console.Warn(removed.message());
  }
  return results_->ExitCode(error);
}

Result<int> SubmitVerb::Run(VerbContext& context) {
  PLUMB_RETURN_IF_ERROR(Load());
  results_ = std::make_unique<SuiteResults>(&suite_, &cases_);
  if (list_) {
    return List(context);
  }
  if (server_.empty()) {
    return ConnectToServer(server_, tls_).status();
  }
  PLUMB_RETURN_IF_ERROR(OpenJournal(context.console));
  PLUMB_RETURN_IF_ERROR(TakeUp(context));
  const auto began = Clock::now();
  // A server that cannot be reached is said in the documents too: CI reads nothing else.
  const Status error = RunCases(context);
  PLUMB_RETURN_IF_ERROR(failed_);
  return Conclude(
      context, error, std::chrono::duration<double, std::milli>(Clock::now() - began).count());
}

Status SubmitVerb::RunCases(VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToServer(server_, tls_));
  const auto forward =
      context.cancel.OnCancel([this, &context] { cancel_.Cancel(context.cancel.status()); });
  ClientPort port(client.get());
  SuitePlan plan;
  plan.port = &port;
  plan.suite = &suite_;
  plan.cases = &cases_;
  plan.known = known_;
  plan.jobs = std::min(jobs_, cases_.size());
  plan.fail_fast = fail_fast_;
  if (deadline_option_->count() > 0) {
    plan.deadline = std::chrono::milliseconds(deadline_ms_);
  }
  LiveBlock block(context.console);
  return RunSuite(
      plan, [&](const SuiteEvent& event) { OnEvent(event, context, block); }, cancel_);
}

}  // namespace

std::unique_ptr<Verb> MakeSubmitVerb() {
  return std::make_unique<SubmitVerb>();
}

}  // namespace plumb::client
