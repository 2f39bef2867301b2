// `plumb reserve`: a board for oneself, for a time or for as long as a command runs.
#include <signal.h>
#include <unistd.h>

#include "client/cli/farm/farm_option.h"
#include "client/cli/frame/options.h"
#include "client/cli/frame/table.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using std::chrono::milliseconds;

nlohmann::ordered_json ToJson(const Reservation& reservation) {
  return {{"id", reservation.id},
          {"board", reservation.board},
          {"owner", reservation.owner},
          {"note", reservation.note},
          {"from_unix_ms", reservation.from_unix_ms},
          {"until_unix_ms", reservation.until_unix_ms}};
}

nlohmann::ordered_json ToJson(const std::vector<Reservation>& reservations) {
  auto json = nlohmann::ordered_json::array();
  for (const Reservation& one : reservations) {
    json.push_back(ToJson(one));
  }
  return json;
}

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

class ReserveVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "reserve",
        "Keep a board, or several, for yourself",
        "Nobody else's run is started on it; what is under way goes on. With a command after --\n"
        "the board is kept as long as that runs (its environment has PLUMB_BOARD and\n"
        "PLUMB_OWNER, so that its own `plumb run` gets it), and the exit code is the command's;\n"
        "without one for --for. With --count N so many boards are kept or none; PLUMB_BOARDS has\n"
        "their names with commas between them, as `plumb run --boards` takes them. --list shows\n"
        "all reservations, `plumb release` ends one.",
        "plumb reserve --board S6 --server 127.0.0.1:7070 -- ./nightly.sh"};
  }

  void Declare(CLI::App& app) override {
    AddFarm(app, farm_);
    app.add_option("--board", request_.board, "A board's name, or tags that must all fit")
        ->type_name("WORD");
    app.add_option("--count", request_.count, "How many boards: all of them or none")
        ->check(CLI::Range(1U, 64U))
        ->capture_default_str();
    AddDuration(app, "--for", length_ms_, "How long (default 1h); at most 31 days");
    AddDuration(app, "--from", from_ms_, "When it begins, from now on (default: at once)");
    app.add_option("--note", request_.note, "Why, for others")->type_name("TEXT");
    AddDuration(app,
                "--keep",
                keep_ms_,
                "With a command: how soon the board is free after this was killed (default 30s)");
    app.add_flag("--list", list_, "Show all reservations instead");
    app.add_option("COMMAND", command_, "After --: keep the board while this runs");
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToFarm(farm_));
    if (list_) {
      return List(*client, context);
    }
    if (!command_.empty() && from_ms_ > 0) {
      return UsageError("--from and a command do not go together", "leave --from out");
    }
    request_.length = milliseconds(command_.empty() ? length_ms_ : keep_ms_);
    request_.from = milliseconds(from_ms_);
    PLUMB_ASSIGN_OR_RETURN(const auto made, client->Reserve(request_));
    PLUMB_RETURN_IF_ERROR(context.json.Write(Dump({{"schema", "plumb.reservation/1"},
                                                   {"reservation", ToJson(made.front())},
                                                   {"reservations", ToJson(made)}})));
    if (command_.empty()) {
      for (const Reservation& one : made) {
        context.console.Say("board " + EscapeForDisplay(one.board) + " is " +
                            EscapeForDisplay(one.owner) + "'s until " +
                            TimeText(one.until_unix_ms) + "\n  plumb release " + one.id);
      }
      return kExitMatch;
    }
    return Hold(*client, made, context);
  }

 private:
  Result<int> List(FarmClient& client, VerbContext& context) {
    PLUMB_ASSIGN_OR_RETURN(const auto list, client.Reservations());
    Table table({{"board"}, {"for"}, {"from"}, {"until"}, {"note"}, {"id"}});
    for (const Reservation& one : list) {
      table.AddRow({{one.board, Style::kBold},
                    {one.owner},
                    {TimeText(one.from_unix_ms)},
                    {TimeText(one.until_unix_ms)},
                    {one.note},
                    {one.id}});
    }
    PLUMB_RETURN_IF_ERROR(context.json.Write(
        Dump({{"schema", "plumb.reservations/1"}, {"reservations", ToJson(list)}})));
    if (list.empty()) {
      context.console.Say("no board is reserved");
    } else {
      table.PrintTo(context.console);
    }
    return kExitMatch;
  }

  Result<int> Hold(FarmClient& client, const std::vector<Reservation>& made, VerbContext& context) {
    auto child = StartCommand(made);
    if (!child.ok()) {
      Release(client, made);
      return child.status();
    }
    std::optional<ExitInfo> ended;
    Status lost;
    while (!ended && lost.ok() && !context.cancel.cancelled()) {
      ended = WaitOrCancel(*child, context.cancel);
      if (!ended) {
        lost = ExtendAll(client, made);
      }
    }
    if (!ended) {
      child->Kill(SIGTERM);
      ended = child->WaitFor(std::chrono::seconds(10));
    }
    Release(client, made);
    if (!lost.ok()) {
      return std::move(lost).Annotate("the board was lost, the command was stopped");
    }
    PLUMB_RETURN_IF_ERROR(context.cancel.status());
    return ended && ended->code ? *ended->code : kExitBoard;
  }

  Result<Subprocess> StartCommand(const std::vector<Reservation>& made) const {
    std::vector<std::string> names;
    names.reserve(made.size());
    for (const Reservation& one : made) {
      names.push_back(one.board);
    }
    SubprocessOptions options;
    options.argv = command_;
    options.extra_environment = {{"PLUMB_BOARDS", Join(names, ",")},
                                 {"PLUMB_OWNER", made.front().owner},
                                 {"PLUMB_SERVER", farm_.server}};
    if (made.size() == 1) {
      options.extra_environment["PLUMB_BOARD"] = made.front().board;
    }
    options.descriptors = {{STDIN_FILENO, STDIN_FILENO},
                           {STDOUT_FILENO, STDOUT_FILENO},
                           {STDERR_FILENO, STDERR_FILENO}};
    return Subprocess::Start(options);
  }

  Status ExtendAll(FarmClient& client, const std::vector<Reservation>& made) const {
    for (const Reservation& one : made) {
      const Status kept = client.Extend(one.id, milliseconds(keep_ms_)).status();
      // One that cannot be reached for a moment may be there in time; one that says no will not.
      if (!kept.ok() && kept.code() != StatusCode::kUnavailable) {
        return kept;
      }
    }
    return OkStatus();
  }

  static void Release(FarmClient& client, const std::vector<Reservation>& made) {
    for (const Reservation& one : made) {
      static_cast<void>(client.EndReservation(one.id, false));
    }
  }

  // The end of the child, or nothing after a third of the reservation's life or on Ctrl-C.
  std::optional<ExitInfo> WaitOrCancel(Subprocess& child, const CancelToken& cancel) const {
    constexpr milliseconds kLook{200};
    for (milliseconds waited{0}; waited < milliseconds(keep_ms_) / 3 && !cancel.cancelled();
         waited += kLook) {
      if (auto ended = child.WaitFor(kLook)) {
        return ended;
      }
    }
    return std::nullopt;
  }

  FarmOption farm_;
  ReservationRequest request_;
  int64_t length_ms_ = 3'600'000;
  int64_t from_ms_ = 0;
  int64_t keep_ms_ = 30'000;
  bool list_ = false;
  std::vector<std::string> command_;
};

class ReleaseVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "release",
        "End a reservation, or free a board",
        "WHAT is a reservation's id or a board's name: then its present reservation ends, if it\n"
        "is yours. With --force whoever has it, and the run that the board is at ends as\n"
        "\"kicked\"; the board refuses what its former holder still says.",
        "plumb release camera-7 --server 127.0.0.1:7070"};
  }

  void Declare(CLI::App& app) override {
    AddFarm(app, farm_);
    app.add_option("WHAT", what_, "A reservation's id, or a board's name")->required();
    app.add_flag("--force", force_, "Whoever has it; also end the run that it is at");
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToFarm(farm_));
    PLUMB_ASSIGN_OR_RETURN(const auto list, client->Reservations());
    std::vector<std::string> said;
    for (const Reservation& one : list) {
      // The first of a board is the one that holds, or the next to come.
      if (one.id == what_ || (one.board == what_ && said.empty())) {
        PLUMB_RETURN_IF_ERROR(client->EndReservation(one.id, force_));
        said.push_back("the reservation of board " + EscapeForDisplay(one.board) + " by " +
                       EscapeForDisplay(one.owner) + " is over");
      }
    }
    if (force_) {
      const auto run = client->Kick(what_);
      if (!run.ok() && said.empty()) {
        return run.status();
      }
      if (run.ok() && !run->empty()) {
        said.push_back("run " + *run + " was ended");
      }
    }
    if (said.empty() && !force_) {
      return NotFoundError("there is no reservation '" + EscapeForDisplay(what_) + "'")
          .WithReason("reservation_not_found")
          .WithHint("'plumb reserve --list' shows them; --force also ends a board's run");
    }
    context.console.Say(said.empty() ? "the board was free" : Join(said, "\n"));
    PLUMB_RETURN_IF_ERROR(
        context.json.Write(Dump({{"schema", "plumb.release/1"}, {"done", said}})));
    return kExitMatch;
  }

 private:
  FarmOption farm_;
  std::string what_;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<Verb> MakeReserveVerb() {
  return std::make_unique<ReserveVerb>();
}

std::unique_ptr<Verb> MakeReleaseVerb() {
  return std::make_unique<ReleaseVerb>();
}

}  // namespace plumb::client
