// plumb-agent: offers a board to a plumb-server.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "agent/app/agent_app.h"
#include "agent/app/agent_options.h"
#include "agent/install/install.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/runner/failure.h"

namespace {

constexpr int kExitUsage = 2;
constexpr int kExitInfrastructure = 3;
constexpr int kExitInternal = 70;

int Complain(const plumb::Status& status) {
  std::fprintf(stderr, "plumb-agent: %s\n", status.ToString().c_str());
  switch (plumb::ClassifyFailure(status)) {
    case plumb::FailureClass::kUsage:
      return kExitUsage;
    case plumb::FailureClass::kInternal:
      return kExitInternal;
    default:
      return kExitInfrastructure;
  }
}

// The package is what this program was unpacked with.
int DoInstall(plumb::agent::ParsedAgentOptions parsed) {
  const auto program = plumb::ProgramPath();
  if (!program.ok()) {
    return Complain(program.status());
  }
  parsed.install.package = program->parent_path().parent_path();
  const auto lines = *parsed.action == plumb::agent::InstallAction::kInstall
                         ? plumb::agent::Install(parsed.install)
                         : plumb::agent::Uninstall(parsed.install);
  if (!lines.ok()) {
    return Complain(lines.status());
  }
  for (const std::string& line : *lines) {
    std::printf("%s\n", line.c_str());
  }
  return 0;
}

// Blocked in every thread, so that only the waiting one takes them.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

}  // namespace

int main(int argc, char** argv) {
  const auto parsed = plumb::agent::ParseAgentOptions({argv + 1, argv + argc});
  if (!parsed.ok()) {
    return Complain(parsed.status());
  }
  if (parsed->print) {
    std::fputs(parsed->print->c_str(), stdout);
    return 0;
  }
  if (parsed->action) {
    return DoInstall(*parsed);
  }
  plumb::InitLog("plumb-agent",
                 parsed->options.verbose ? plumb::LogLevel::kDebug : plumb::LogLevel::kInfo,
                 parsed->options.log);
  const sigset_t signals = BlockStopSignals();
  const plumb::CancelToken stop;
  plumb::Status status;
  std::atomic<bool> ended = false;
  std::thread agent([&status, &ended, &parsed, stop] {
    status = plumb::agent::RunAgent(parsed->options, stop);
    // Ends the wait below when the agent could not even begin.
    ended = true;
    ::kill(::getpid(), SIGTERM);
  });
  int number = 0;
  sigwait(&signals, &number);
  if (!ended) {
    plumb::LogInfo(std::string(number == SIGINT ? "SIGINT" : "SIGTERM") + ": stopping");
  }
  stop.Cancel();
  agent.join();
  if (!status.ok()) {
    return Complain(status);
  }
  plumb::LogInfo("stopped");
  return 0;
}
