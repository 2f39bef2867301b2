// `plumb run`: an offline model on the board and in the simulator, compared live.
#include <optional>

#include "client/cli/local_server.h"
#include "client/cli/options.h"
#include "client/cli/run_view.h"
#include "client/cli/server_option.h"
#include "client/cli/simulator_option.h"
#include "client/cli/tolerance_option.h"
#include "client/cli/usage.h"
#include "client/cli/verbs.h"
#include "client/cli/virtual_board.h"
#include "common/analysis/outcome.h"
#include "common/archive/report_json.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/npu/model/container.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

constexpr std::chrono::seconds kCancelGrace{5};

class RunVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"run",
            "Run an offline model on a board and in the simulator and compare the two live",
            "The input is a DUMP_RAWDATA file: the bytes of the model's input buffer, as\n"
            "simulator.py --dump_rawdata or `plumb input make` write them; one --input for each\n"
            "input of the model. With --local the server is held inside this command; with\n"
            "--virtual a virtual board is started on the spot.\n"
            "Exit codes: 0 match, 1 mismatch, 2 usage, 3 infrastructure, 4 board, 5 nothing\n"
            "compared, 6 not repeatable.",
            "plumb run --local --virtual S6 --model model.img --input input.bin"};
  }

  void Declare(CLI::App& app) override;
  Result<int> Run(VerbContext& context) override;
  [[nodiscard]] std::string ErrorJson(const Status& status) const override;

 private:
  Status Check() const;
  Status CheckModel() const;
  Result<RunRequest> MakeRequest(VerbContext& context, Client& client);
  Result<int> StartAndWatch(VerbContext& context, Client& client);
  Result<int> Watch(VerbContext& context, Client& client, const std::string& run_id);
  Status WaitForAnyBoard(VerbContext& context, Client& client) const;

  std::string model_;
  std::vector<std::string> inputs_;
  SimulatorOption simulator_;
  std::string reference_;
  std::string server_;
  bool local_ = false;
  std::string listen_;
  std::string data_;
  std::vector<std::string> board_;
  std::string virtual_;
  uint32_t repeat_ = 1;
  bool no_probe_ = false;
  int64_t timeout_ms_ = 30'000;
  int64_t deadline_ms_ = 600'000;
  ToleranceOptions tolerance_;

  std::unique_ptr<LocalServer> local_server_;
  std::unique_ptr<VirtualBoard> virtual_board_;
};

void RunVerb::Declare(CLI::App& app) {
  app.add_option("--model", model_, "The offline model (.img)")->required()->type_name("FILE");
  app.add_option("--input", inputs_, "Raw bytes of one model input; repeat for several inputs")
      ->type_name("FILE");
  simulator_.Declare(app);
  app.add_option("--reference",
                 reference_,
                 "A finished run of the server whose recorded simulator is the reference instead")
      ->type_name("RUN");
  auto* server = AddServer(app, server_);
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
  app.add_option("--virtual", virtual_, "Start a virtual board: FAMILY[,fault=F]")
      ->excludes(board)
      ->type_name("SPEC");
  app.add_option("--repeat", repeat_, "Run this often; exit 6 when the board differs from itself")
      ->check(CLI::Range(1U, 10'000U))
      ->capture_default_str();
  app.add_flag("--no-probe", no_probe_, "Leave out the Invoke on zeros that tells stale outputs");
  AddDuration(app, "--timeout", timeout_ms_, "For one Invoke (default 30s); exit 4");
  AddDuration(app, "--deadline", deadline_ms_, "For the whole command (default 10m); exit 3");
  AddTolerance(app, tolerance_);
}

std::string RunVerb::ErrorJson(const Status& status) const {
  analysis::ComparisonReport report;
  report.error = status;
  analysis::DecideOutcome({}, report);
  return archive::ReportToJson(report);
}

Status RunVerb::Check() const {
  if (server_.empty() && !local_ && virtual_.empty()) {
    return UsageError("neither a server nor --local is given",
                      "add --server ADDR, or --local (with --virtual S6 if there is no board)");
  }
  if (!virtual_.empty()) {
    PLUMB_RETURN_IF_ERROR(CheckVirtualSpec(virtual_));
  }
  PLUMB_RETURN_IF_ERROR(simulator_.Check(!server_.empty(), !inputs_.empty()));
  PLUMB_RETURN_IF_ERROR(CheckModel());
  for (const std::string& input : inputs_) {
    PLUMB_ASSIGN_OR_RETURN(const Buffer start, MapFile(input));
    const std::string_view bytes = start.Slice(0, 8).view();
    if (bytes.starts_with("\x89PNG") || bytes.starts_with("\xFF\xD8\xFF")) {
      return UsageError("--input: '" + EscapeForDisplay(input) + "' is a picture, not raw bytes",
                        "make the input with: plumb input make --image " + input + " --model " +
                            model_ + " --out input.bin");
    }
  }
  return OkStatus();
}

// What the built-in simulator cannot run is told here, before anything is uploaded.
Status RunVerb::CheckModel() const {
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, MapFile(model_));
  if (!reference_.empty() || simulator_.name() != "builtin") {
    return OkStatus();
  }
  const std::string name = "--model: '" + EscapeForDisplay(model_) + "' ";
  if (file.view().starts_with("SGSI")) {
    return UsageError(name +
                          "is an offline model of the vendor's, which the built-in simulator "
                          "cannot run",
                      "run the SDK's own simulator, --simulator sgs, or compare with a recorded "
                      "run: --reference RUN");
  }
  const auto model = npu::ParseModel(file);
  if (!model.ok()) {
    return UsageError(name + "is no offline model: " + model.status().message(),
                      "make one with: plumb quantize, then plumb compile");
  }
  if (!model->chip) {
    return UsageError(name + "is a fixed model, not yet an offline model for a chip",
                      "compile it: plumb compile --model " + model_ + " --chip S6 --out model.img");
  }
  return OkStatus();
}

Result<RunRequest> RunVerb::MakeRequest(VerbContext& context, Client& client) {
  RunRequest request;
  PLUMB_ASSIGN_OR_RETURN(request.tolerance, TolerancesFrom(tolerance_));
  PLUMB_ASSIGN_OR_RETURN(request.model, client.EnsureArtifact(model_, context.cancel));
  request.model_name = std::filesystem::path(model_).filename().string();
  PLUMB_ASSIGN_OR_RETURN(const auto inputs, simulator_.Inputs(inputs_, model_, context.cancel));
  for (const std::string& input : inputs) {
    PLUMB_ASSIGN_OR_RETURN(Artifact artifact, client.EnsureArtifact(input, context.cancel));
    request.inputs.push_back(std::move(artifact));
    request.input_names.push_back(std::filesystem::path(input).filename().string());
  }
  request.board = virtual_board_ ? std::vector{virtual_board_->name()} : board_;
  request.simulator = simulator_.name();
  request.reference_run = reference_;
  request.repetitions = repeat_;
  request.probe = !no_probe_;
  request.invoke_timeout = std::chrono::milliseconds(timeout_ms_);
  request.deadline = std::chrono::milliseconds(deadline_ms_);
  return request;
}

Status RunVerb::WaitForAnyBoard(VerbContext& context, Client& client) const {
  context.console.Say("waiting for a board to dial in: plumb-agent --server " +
                      local_server_->board_address() + " --name NAME --mi-library libmi_ipu.so");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms_);
  while (std::chrono::steady_clock::now() < deadline) {
    PLUMB_ASSIGN_OR_RETURN(const auto boards, client.ListBoards());
    if (!boards.empty()) {
      return OkStatus();
    }
    if (context.cancel.WaitFor(std::chrono::milliseconds(50))) {
      return context.cancel.status();
    }
  }
  return DeadlineExceededError("no board dialled in before the deadline")
      .WithHint("start plumb-agent on the board, or try without one: --virtual S6");
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

Result<int> RunVerb::StartAndWatch(VerbContext& context, Client& client) {
  if (virtual_board_) {
    PLUMB_RETURN_IF_ERROR(virtual_board_->WaitUntilConnected(client, context.cancel));
  } else if (local_server_) {
    PLUMB_RETURN_IF_ERROR(WaitForAnyBoard(context, client));
  }
  PLUMB_ASSIGN_OR_RETURN(const RunRequest request, MakeRequest(context, client));
  PLUMB_ASSIGN_OR_RETURN(const std::string run_id, client.StartRun(request));
  context.console.Detail("run        " + run_id);
  return Watch(context, client, run_id);
}

Result<int> RunVerb::Run(VerbContext& context) {
  PLUMB_RETURN_IF_ERROR(Check());
  std::string address = server_;
  if (server_.empty()) {
    PLUMB_ASSIGN_OR_RETURN(auto simulators, simulator_.Make());
    PLUMB_ASSIGN_OR_RETURN(local_server_, LocalServer::Start({listen_, data_, simulators}));
    address = local_server_->address();
  }
  PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToServer(address));
  if (!virtual_.empty()) {
    PLUMB_ASSIGN_OR_RETURN(virtual_board_, VirtualBoard::Start(address, virtual_, !local_server_));
  }
  auto code = StartAndWatch(context, *client);
  virtual_board_.reset();
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
