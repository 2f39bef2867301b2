// plumb-server: the farm's meeting point of boards and people.
#include <csignal>
#include <cstdio>

#include "common/analysis/outcome.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "server/app/allocator.h"
#include "server/app/server_app.h"
#include "server/app/simulator_flags.h"

#include <CLI/CLI.hpp>

namespace {

// Blocked before any thread starts, so that only the wait below gets them.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int Serve(const plumb::server::ServerAppOptions& options) {
  const sigset_t signals = BlockStopSignals();
  auto server = plumb::server::ServerApp::Start(options);
  if (!server.ok()) {
    std::fprintf(
        stderr, "plumb-server: %s\n", plumb::EscapeForDisplay(server.status().ToString()).c_str());
    return plumb::analysis::ExitCodeOf(server.status());
  }
  std::printf("plumb-server listens on %s\n", plumb::Join((*server)->addresses(), " and ").c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  plumb::LogInfo("stopping");
  (*server)->Stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  plumb::server::TuneAllocator();
  CLI::App app("Connects boards with people: takes runs, compares board and simulator live.",
               "plumb-server");
  app.footer("Example:\n  plumb-server --listen 127.0.0.1:7070 --data /var/lib/plumb");
  plumb::server::ServerAppOptions options;
  bool verbose = false;
  bool quiet = false;
  app.set_version_flag("--version", std::string(PLUMB_VERSION));
  app.add_option("--listen",
                 options.listen,
                 "Address to listen on: host:port (port 0: any free one) or unix:/path; repeatable")
      ->envname("PLUMB_LISTEN")
      ->required();
  app.add_option("--data", options.data, "Folder for runs and uploaded files; made if missing")
      ->envname("PLUMB_DATA")
      ->required();
  plumb::server::SimulatorsOptions simulators;
  plumb::server::SimulatorFlags simulator_flags;
  app.add_option("--simulator",
                 simulators.builtin,
                 "The program plumb-simulator, if it is not beside this one");
  plumb::server::AddSimulatorFlags(app, simulator_flags);
  app.add_flag("--insecure",
               options.allow_insecure,
               "Allow addresses other than loopback although nothing is encrypted");
  app.add_flag("--verbose", verbose, "Log more");
  app.add_flag("--quiet", quiet, "Log errors only");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : plumb::analysis::kExitUsage;
  }
  const auto level = verbose ? plumb::LogLevel::kDebug
                     : quiet ? plumb::LogLevel::kError
                             : plumb::LogLevel::kInfo;
  plumb::InitLog("plumb-server", level);
  auto external = plumb::server::OptionsFrom(simulator_flags);
  if (!external.ok()) {
    std::fprintf(stderr, "plumb-server: %s\n", external.status().ToString().c_str());
    return plumb::analysis::kExitUsage;
  }
  simulators.external = *std::move(external);
  options.simulators = std::make_shared<plumb::server::Simulators>(std::move(simulators));
  return Serve(options);
}
