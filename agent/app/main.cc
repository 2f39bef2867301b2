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
  plumb::InitLog("plumb-agent",
                 parsed->options.verbose ? plumb::LogLevel::kDebug : plumb::LogLevel::kInfo);
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
