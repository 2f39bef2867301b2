#include "client/cli/run/virtual_board.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "client/cli/option/virtual_spec.h"
#include "common/base/file.h"
#include "common/base/ids.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

constexpr std::chrono::milliseconds kPollStep{20};
constexpr std::chrono::seconds kConnectLimit{20};

std::string LastLines(const std::filesystem::path& log) {
  const auto text = ReadFile(log, uint64_t{1} << 20U);
  if (!text.ok()) {
    return "";
  }
  const std::string_view all = Trim(text->view());
  const size_t keep = std::min<size_t>(all.size(), 600);
  return EscapeForDisplay(all.substr(all.size() - keep));
}

}  // namespace

struct VirtualBoard::State {
  std::string name;
  TempFolder folder;
  Subprocess agent;

  [[nodiscard]] std::filesystem::path log() const { return folder.path() / "agent.log"; }
};

VirtualBoard::VirtualBoard(std::unique_ptr<State> state) : state_(std::move(state)) {}

VirtualBoard::~VirtualBoard() {
  state_->agent.Kill(SIGTERM);
  // The agent ends its runner and says goodbye; what does not is killed by ~Subprocess.
  state_->agent.WaitFor(std::chrono::seconds(3));
}

const std::string& VirtualBoard::name() const {
  return state_->name;
}

Result<std::unique_ptr<VirtualBoard>> VirtualBoard::Start(const std::string& server,
                                                          const rpc::TlsFiles& tls,
                                                          const VirtualBoardSpec& spec,
                                                          bool shared,
                                                          uint32_t number) {
  PLUMB_RETURN_IF_ERROR(ParseVirtualSpec(spec.board).status());
  PLUMB_ASSIGN_OR_RETURN(TempFolder folder, TempFolder::Create("plumb-board-"));
  PLUMB_ASSIGN_OR_RETURN(const auto program, ProgramPath());
  const std::string name = "virtual-" + Split(spec.board, ',')[0] +
                           (number > 0 ? "-" + std::to_string(number) : "") +
                           (shared ? "-" + RandomId().substr(0, 6) : "");
  const UniqueFd log(::open(
      (folder.path() / "agent.log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!log.valid() || !null.valid()) {
    return ErrnoError(errno, "cannot write the virtual board's log");
  }
  SubprocessOptions options;
  options.argv = {(program.parent_path() / "plumb-agent").string(),
                  "--server",
                  server,
                  "--name",
                  name,
                  "--virtual",
                  spec.board,
                  "--cache",
                  (folder.path() / "cache").string()};
  for (const auto& [flag, value] : {std::pair("--tls-ca", tls.ca),
                                    std::pair("--tls-cert", tls.certificate),
                                    std::pair("--tls-key", tls.key),
                                    std::pair("--tls-server-name", tls.server_name)}) {
    if (!value.empty()) {
      options.argv.insert(options.argv.end(), {flag, value});
    }
  }
  for (const std::string& path : spec.tap_inputs) {
    options.argv.insert(options.argv.end(), {"--tap-input", path});
  }
  if (!spec.tap_inputs.empty()) {
    // The person named the files just now: however old they are, they are meant.
    options.argv.insert(options.argv.end(), {"--tap-age", "315360000"});
  }
  options.descriptors = {{0, null.get()}, {1, log.get()}, {2, log.get()}};
  auto agent = Subprocess::Start(options);
  if (!agent.ok()) {
    return agent.status()
        .Annotate("starting the virtual board")
        .WithReason(kReasonRuntimeUnavailable)
        .WithHint("plumb-agent must lie beside plumb; build it with: tools/build");
  }
  return std::unique_ptr<VirtualBoard>(new VirtualBoard(
      // An aggregate, which clang 14 cannot make through make_unique.
      // NOLINTNEXTLINE(modernize-make-unique)
      std::unique_ptr<State>(new State{name, std::move(folder), std::move(agent).value()})));
}

Status VirtualBoard::WaitUntilConnected(Client& client, const CancelToken& cancel) {
  const auto deadline = std::chrono::steady_clock::now() + kConnectLimit;
  while (std::chrono::steady_clock::now() < deadline) {
    PLUMB_ASSIGN_OR_RETURN(const auto boards, client.ListBoards());
    const bool there = std::any_of(boards.begin(), boards.end(), [this](const BoardSummary& board) {
      return board.name == state_->name && board.state != BoardState::kOffline;
    });
    if (there) {
      return OkStatus();
    }
    if (const auto ended = state_->agent.WaitFor(std::chrono::milliseconds(0))) {
      return UnavailableError("the virtual board's agent ended with " + ended->ToString() + ": " +
                              LastLines(state_->log()))
          .WithReason(kReasonRuntimeUnavailable);
    }
    if (cancel.WaitFor(kPollStep)) {
      return cancel.status();
    }
  }
  return DeadlineExceededError("the virtual board did not connect in 20 s: " +
                               LastLines(state_->log()))
      .WithReason(kReasonAgentLost);
}

Status WaitForAnyBoard(VerbContext& context,
                       Client& client,
                       const std::string& address,
                       std::chrono::milliseconds limit) {
  context.console.Say("waiting for a board to dial in: plumb-agent --server " + address +
                      " --name NAME --mi-library libmi_ipu.so");
  const auto deadline = std::chrono::steady_clock::now() + limit;
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

}  // namespace plumb::client
