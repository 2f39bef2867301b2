// `plumb run`: an offline model on the board and in the simulator, compared live.
#include <optional>

#include "client/cli/frame/options.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/queue_option.h"
#include "client/cli/option/server_option.h"
#include "client/cli/option/tolerance_option.h"
#include "client/cli/option/virtual_spec.h"
#include "client/cli/run/batch_command.h"
#include "client/cli/run/local_server.h"
#include "client/cli/run/offline_model.h"
#include "client/cli/run/run_inputs.h"
#include "client/cli/run/run_preparer.h"
#include "client/cli/run/run_view.h"
#include "client/cli/run/simulator_option.h"
#include "client/cli/run/virtual_board.h"
#include "client/cli/run/wrong_input.h"
#include "common/analysis/outcome.h"
#include "common/archive/report_json.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

constexpr std::chrono::seconds kCancelGrace{5};

class RunVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "run",
        "Run an offline model on a board and in the simulator and compare the two live",
        "The input is a DUMP_RAWDATA file: the bytes of the model's input buffer, as\n"
        "simulator.py --dump_rawdata or `plumb input make` write them; one --input for each\n"
        "input of the model. With -n preprocess.py it is a picture. A folder, a list (.txt) or\n"
        "a pattern of such files is run on all boards that fit: a line for each input, a\n"
        "verdict for the whole, and an interrupted batch goes on where it stopped.\n"
        "With --local the server is held inside this command; with --virtual a virtual board\n"
        "is started on the spot.\n"
        "Exit codes: 0 match, 1 mismatch, 2 usage, 3 infrastructure, 4 board, 5 nothing\n"
        "compared, 6 not repeatable.",
        "plumb run --local --virtual S6 --model model.img --input input.bin"};
  }

  void Declare(CLI::App& app) override;
  Result<int> Run(VerbContext& context) override;
  [[nodiscard]] std::string ErrorJson(const Status& status) const override;

 private:
  Status Check();
  Status CheckModel();
  Status CheckReference() const;
  Status StartBoards(const std::string& address);
  Result<RunRequest> MakeRequest(VerbContext& context, Client& client);
  Result<RunPreparer> MakePreparer(ServerPort* port, const RunRequest& request);
  Result<int> RunAll(VerbContext& context, ServerPort* port, RunRequest request);
  Result<int> RunOnce(VerbContext& context, Client& client, RunRequest request);
  Result<int> StartAndWatch(VerbContext& context, Client& client);
  Result<int> Watch(VerbContext& context, Client& client, const std::string& run_id);

  std::string model_;
  std::vector<std::string> inputs_;
  SimulatorOption simulator_;
  std::string reference_;
  std::string server_;
  ServerTrust tls_;
  bool local_ = false;
  std::string listen_;
  std::string data_;
  std::vector<std::string> board_;
  std::string virtual_;
  uint32_t virtual_count_ = 1;
  ScriptFlags script_flags_;
  BatchFlags batch_flags_;
  CLI::Option* deadline_option_ = nullptr;
  uint32_t repeat_ = 1;
  bool no_probe_ = false;
  InputCheckFlags input_check_;
  int64_t timeout_ms_ = 30'000;
  int64_t deadline_ms_ = 600'000;
  ToleranceOptions tolerance_;
  QueueOptions queue_;

  RunInputs run_inputs_;
  std::shared_ptr<const npu::FixedModel> fixed_;  // null: not a model of ours
  std::unique_ptr<ScriptInputs> script_;
  std::optional<TempFolder> scratch_;  // for what the script makes
  std::unique_ptr<LocalServer> local_server_;
  std::vector<std::unique_ptr<VirtualBoard>> virtual_boards_;
};

void RunVerb::Declare(CLI::App& app) {
  app.add_option("--model", model_, "The offline model (.img)")->required()->type_name("FILE");
  app.add_option("--input",
                 inputs_,
                 "Raw bytes of one model input, repeated for several inputs; or a folder, a list "
                 "(.txt) or a pattern of many")
      ->type_name("FILE|DIR|LIST");
  AddScriptFlags(app, script_flags_);
  simulator_.Declare(app);
  app.add_option("--reference",
                 reference_,
                 "A finished run of the server whose recorded simulator is the reference instead; "
                 "for many inputs what --json of an earlier batch wrote")
      ->type_name("RUN|BATCH.json");
  auto* server = AddServer(app, server_, tls_);
  auto* local = app.add_flag("--local", local_, "Hold the server inside this command");
  local->excludes(server);
  app.add_option("--listen", listen_, "With --local: where boards may dial in")
      ->needs(local)
      ->type_name("ADDR");
  app.add_option("--data", data_, "With --local: keep the run's archive in this folder")
      ->needs(local)
      ->type_name("DIR");
  auto* board = app.add_option("--board", board_, "A board's name, or tags that must all fit")
                    ->type_name("NAME|TAG");
  auto* of_virtual =
      app.add_option("--virtual", virtual_, "Start a virtual board: FAMILY[,fault=F]")
          ->excludes(board)
          ->type_name("SPEC");
  app.add_option("--virtual-count", virtual_count_, "How many of them")
      ->needs(of_virtual)
      ->check(CLI::Range(1U, static_cast<uint32_t>(kMaxBatchBoards)))
      ->capture_default_str();
  AddBatchFlags(app, batch_flags_);
  app.add_option("--repeat", repeat_, "Run this often; exit 6 when the board differs from itself")
      ->check(CLI::Range(1U, 10'000U))
      ->capture_default_str();
  app.add_flag("--no-probe", no_probe_, "Leave out the Invoke on zeros that tells stale outputs");
  AddInputCheckFlags(app, of_virtual, input_check_);
  AddDuration(app, "--timeout", timeout_ms_, "For one Invoke of the board (default 30s); exit 4");
  deadline_option_ = AddDuration(app,
                                 "--deadline",
                                 deadline_ms_,
                                 "For the whole command (default 10m; of many inputs, each 10m); "
                                 "exit 3");
  AddTolerance(app, tolerance_);
  AddQueueOptions(app, queue_);
}

std::string RunVerb::ErrorJson(const Status& status) const {
  if (run_inputs_.batch) {
    return BatchErrorJson(status);
  }
  analysis::ComparisonReport report;
  report.error = status;
  analysis::DecideOutcome({}, report);
  return archive::ReportToJson(report);
}

Status RunVerb::Check() {
  if (server_.empty() && !local_ && virtual_.empty()) {
    return UsageError("neither a server nor --local is given",
                      "add --server ADDR, or --local (with --virtual S6 if there is no board)");
  }
  if (!virtual_.empty()) {
    PLUMB_RETURN_IF_ERROR(ParseVirtualSpec(virtual_).status());
  }
  PLUMB_RETURN_IF_ERROR(simulator_.Check(!server_.empty(), !inputs_.empty()));
  PLUMB_RETURN_IF_ERROR(CheckReference());
  PLUMB_RETURN_IF_ERROR(CheckModel());
  PLUMB_RETURN_IF_ERROR(ParseBoards(batch_flags_.boards).status());
  if (inputs_.empty()) {
    return OkStatus();  // the simulator makes them
  }
  const bool script = !script_flags_.scripts.empty();
  const auto count = fixed_ ? std::optional(FilesOfExecution(*fixed_)) : std::nullopt;
  PLUMB_ASSIGN_OR_RETURN(run_inputs_, ListRunInputs(inputs_, count, script));
  run_inputs_.batch = run_inputs_.batch || !batch_flags_.resume.empty();
  if (input_check_.wanted && run_inputs_.batch) {
    return UsageError("--check-input is for one input, not for a folder or a list",
                      "an application feeds one frame at a time: give that frame's bytes");
  }
  if (script) {
    PLUMB_ASSIGN_OR_RETURN(script_, ScriptInputs::Create(script_flags_, fixed_));
    auto scratch = TempFolder::Create("plumb-made-");
    PLUMB_RETURN_IF_ERROR(scratch.status());
    scratch_.emplace(std::move(scratch).value());
    return OkStatus();
  }
  for (const std::string& input : run_inputs_.samples.front()) {
    PLUMB_RETURN_IF_ERROR(CheckRawInput(input, model_));
  }
  return OkStatus();
}

Status RunVerb::CheckReference() const {
  std::error_code error;
  const bool document = std::filesystem::is_regular_file(reference_, error);
  if (!reference_.empty() && server_.empty() && data_.empty()) {
    return UsageError("--reference needs the server that holds the run",
                      "add --server ADDR, or --local with the --data DIR of the run" +
                          std::string(document ? "s" : ""));
  }
  return OkStatus();
}

// What the built-in simulator cannot run is told here, before anything is uploaded.
Status RunVerb::CheckModel() {
  const bool builtin = reference_.empty() && simulator_.name() == "builtin";
  PLUMB_ASSIGN_OR_RETURN(fixed_, ReadOfflineModel("--model: ", model_, builtin));
  return OkStatus();
}

Result<RunRequest> RunVerb::MakeRequest(VerbContext& context, Client& client) {
  RunRequest request;
  PLUMB_ASSIGN_OR_RETURN(request.tolerance, TolerancesFrom(tolerance_));
  PLUMB_ASSIGN_OR_RETURN(request.model, client.EnsureArtifact(model_, context.cancel));
  request.model_name = std::filesystem::path(model_).filename().string();
  request.board = board_;
  Apply(queue_, &request);
  request.simulator = simulator_.name();
  request.repetitions = repeat_;
  request.probe = !no_probe_;
  request.check_input = input_check_.wanted;
  request.invoke_timeout = std::chrono::milliseconds(timeout_ms_);
  request.deadline = std::chrono::milliseconds(deadline_ms_);
  std::error_code error;
  if (!std::filesystem::is_regular_file(reference_, error)) {
    request.reference_run = reference_;
  }
  return request;
}

Result<RunPreparer> RunVerb::MakePreparer(ServerPort* port, const RunRequest& request) {
  RunPreparer preparer;
  preparer.port = port;
  preparer.script = script_.get();
  preparer.scratch = scratch_ ? &scratch_->path() : nullptr;
  if (!reference_.empty() && request.reference_run.empty()) {
    PLUMB_ASSIGN_OR_RETURN(preparer.references,
                           BatchReferences::Load(reference_, request.model.sha256));
  }
  return preparer;
}

Result<int> RunVerb::Watch(VerbContext& context, Client& client, const std::string& run_id) {
  RunView view(context.console);
  const auto on_event = [&view](const RunEvent& event) { view.Show(event); };
  auto last = client.Watch(run_id, on_event, context.cancel);
  if (!last.ok() && context.cancel.cancelled()) {
    // Board and simulator must not go on for nobody; the report of the cancelled run follows.
    view.Finish();
    context.console.Say("cancelling run " + run_id);
    PLUMB_RETURN_IF_ERROR(client.CancelRun(run_id));
    const CancelToken grace;
    const auto limit = std::chrono::steady_clock::now() + kCancelGrace;
    last = client.Watch(
        run_id,
        [&](const RunEvent& event) {
          view.Show(event);
          if (std::chrono::steady_clock::now() > limit) {
            grace.Cancel();
          }
        },
        grace);
  }
  view.Finish();
  if (!last.ok()) {
    return last.status();
  }
  return ConcludeRun(context, *last);
}

Result<int> RunVerb::RunOnce(VerbContext& context, Client& client, RunRequest request) {
  if (!virtual_boards_.empty()) {
    request.board = {virtual_boards_.front()->name()};
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string run_id, client.StartRun(request));
  context.console.Detail("run        " + run_id);
  PLUMB_ASSIGN_OR_RETURN(const int code, Watch(context, client, run_id));
  if (input_check_.wanted && code == analysis::kExitMismatch) {
    PLUMB_RETURN_IF_ERROR(ExplainWrongInput(
        {&client, run_id, model_, request.inputs, input_check_.captured}, context));
  }
  return code;
}

Result<int> RunVerb::RunAll(VerbContext& context, ServerPort* port, RunRequest request) {
  if (run_inputs_.passed_over > 0) {
    context.console.Detail(std::to_string(run_inputs_.passed_over) +
                           " other files of the folder are passed over");
  }
  BatchCommand command;
  command.inputs = &run_inputs_;
  command.flags = batch_flags_;
  for (const auto& board : virtual_boards_) {
    command.names.push_back(board->name());
  }
  command.model_file = model_;
  PLUMB_ASSIGN_OR_RETURN(command.preparer, MakePreparer(port, request));
  if (command.preparer.references) {
    // What stands for the reference in the batch's key; each input names its own run.
    PLUMB_ASSIGN_OR_RETURN(request.reference_run, Sha256HexOfFile(reference_));
  }
  command.base = std::move(request);
  if (deadline_option_->count() > 0) {
    command.deadline = command.base.deadline;
  }
  return RunBatchCommand(context, command);
}

Result<int> RunVerb::StartAndWatch(VerbContext& context, Client& client) {
  for (const auto& board : virtual_boards_) {
    PLUMB_RETURN_IF_ERROR(board->WaitUntilConnected(client, context.cancel));
  }
  if (virtual_boards_.empty() && local_server_) {
    PLUMB_RETURN_IF_ERROR(WaitForAnyBoard(
        context, client, local_server_->board_address(), std::chrono::milliseconds(deadline_ms_)));
  }
  PLUMB_ASSIGN_OR_RETURN(RunRequest request, MakeRequest(context, client));
  if (inputs_.empty()) {
    PLUMB_ASSIGN_OR_RETURN(auto made, simulator_.Inputs(inputs_, model_, context.cancel));
    run_inputs_.samples = {std::move(made)};
  }
  ClientPort port(&client);
  if (run_inputs_.batch) {
    return RunAll(context, &port, std::move(request));
  }
  PLUMB_ASSIGN_OR_RETURN(const RunPreparer preparer, MakePreparer(&port, request));
  std::vector<std::string> sources;
  PLUMB_RETURN_IF_ERROR(
      preparer.Prepare(run_inputs_.samples.front(), context.cancel, &request, &sources));
  return RunOnce(context, client, std::move(request));
}

Status RunVerb::StartBoards(const std::string& address) {
  for (uint32_t i = 0; !virtual_.empty() && i < virtual_count_; ++i) {
    PLUMB_ASSIGN_OR_RETURN(auto board,
                           VirtualBoard::Start(address,
                                               tls_,
                                               {virtual_, input_check_.taps},
                                               !local_server_,
                                               virtual_count_ > 1 ? i + 1 : 0));
    virtual_boards_.push_back(std::move(board));
  }
  return OkStatus();
}

Result<int> RunVerb::Run(VerbContext& context) {
  PLUMB_RETURN_IF_ERROR(Check());
  std::string address = server_;
  if (server_.empty()) {
    PLUMB_ASSIGN_OR_RETURN(auto simulators, simulator_.Make());
    PLUMB_ASSIGN_OR_RETURN(local_server_, LocalServer::Start({listen_, data_, tls_, simulators}));
    address = local_server_->address();
  }
  PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToServer(address, tls_));
  PLUMB_RETURN_IF_ERROR(StartBoards(address));
  auto code = StartAndWatch(context, *client);
  virtual_boards_.clear();
  if (code.ok() && !data_.empty()) {
    context.console.Detail("archive    " + (std::filesystem::path(data_) / "runs").string());
  }
  return code;
}

}  // namespace

std::unique_ptr<Verb> MakeRunVerb() {
  return std::make_unique<RunVerb>();
}

}  // namespace plumb::client
