#include <unistd.h>

#include <csignal>
#include <cstring>

#include "client/cli/frame/command_line.h"
#include "client/cli/frame/interrupt.h"
#include "common/base/log.h"

namespace {

plumb::client::EnvironmentMap ProcessEnvironment() {
  plumb::client::EnvironmentMap environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

}  // namespace

int main(int argc, char** argv) {
  // A closed pipe is an error to report, not a silent death.
  ::signal(SIGPIPE, SIG_IGN);
  plumb::InitLog("plumb", plumb::LogLevel::kWarning);
  plumb::client::CommandLine command_line;
  command_line.arguments.assign(argv + 1, argv + argc);
  command_line.environment = ProcessEnvironment();
  command_line.streams = plumb::client::ProcessStreams();
  const plumb::client::InterruptWatcher watcher(command_line.cancel);
  return plumb::client::RunCommandLine(command_line);
}
