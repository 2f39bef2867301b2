// plumb-server: the farm's meeting point of boards and people.
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

#include "common/analysis/outcome.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "server/app/allocator.h"
#include "server/app/certs.h"
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

int Complain(const plumb::Status& status) {
  std::fprintf(stderr, "plumb-server: %s\n", plumb::EscapeForDisplay(status.ToString()).c_str());
  return plumb::analysis::ExitCodeOf(status);
}

int Serve(const plumb::server::ServerAppOptions& options) {
  const sigset_t signals = BlockStopSignals();
  auto server = plumb::server::ServerApp::Start(options);
  if (!server.ok()) {
    return Complain(server.status());
  }
  std::printf("plumb-server listens on %s\n", plumb::Join((*server)->addresses(), " and ").c_str());
  if (!(*server)->http_address().empty()) {
    std::printf("web page: http://%s/ and metrics: http://%s/metrics\n",
                (*server)->http_address().c_str(),
                (*server)->http_address().c_str());
  }
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  plumb::LogInfo("stopping");
  (*server)->Stop();
  return 0;
}

// plumb-server certs …
int Certs(int argc, char** argv) {
  CLI::App app("Makes certificates for TLS: an authority of the lab's own and what it signs.",
               "plumb-server certs");
  app.footer(
      "Example:\n  plumb-server certs --out lab-ca --server lab-pc --server 192.168.1.10 --agent "
      "camera-7 --client ci\n"
      "Everybody gets ca.pem; server.pem and .key go to the server, agent-camera-7.pem and .key to "
      "that board. ca.key stays with whoever makes certificates.");
  plumb::server::CertsOptions options;
  app.add_option("--out", options.folder, "Folder for the files; an authority in it is used again")
      ->required();
  app.add_option("--server", options.servers, "Host name or IP address of the server; repeatable");
  app.add_option("--agent", options.agents, "A board's name; repeatable");
  app.add_option("--client", options.clients, "A person or machine that starts runs; repeatable");
  try {
    app.parse(argc - 1, argv + 1);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : plumb::analysis::kExitUsage;
  }
  const auto lines = plumb::server::MakeCerts(options);
  if (!lines.ok()) {
    return Complain(lines.status());
  }
  for (const std::string& line : *lines) {
    std::printf("%s\n", line.c_str());
  }
  return 0;
}

struct KeepFlags {
  int days = 0;
  uint64_t size = 0;
  int scrub_days = 0;
};

void AddKeepFlags(CLI::App& app, KeepFlags* keep) {
  app.add_option("--keep-days",
                 keep->days,
                 "Remove runs and uploaded files not used for so many days; default: never. What "
                 "is pinned or needed by a run stays (docs/store.md)")
      ->envname("PLUMB_KEEP_DAYS")
      ->check(CLI::Range(1, 36'500));
  app.add_option("--keep-size",
                 keep->size,
                 "Remove the oldest of them while --data holds more: 50G, 800M (powers of 1024)")
      ->envname("PLUMB_KEEP_SIZE")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->type_name("SIZE");
  app.add_option("--scrub-days",
                 keep->scrub_days,
                 "Read every uploaded file again so often; a damaged one is moved to damaged/")
      ->envname("PLUMB_SCRUB_DAYS")
      ->check(CLI::Range(1, 36'500));
}

plumb::server::DataKeeperOptions OptionsFrom(const KeepFlags& keep) {
  constexpr std::chrono::hours kDay{24};
  plumb::server::DataKeeperOptions options;
  if (keep.days > 0) {
    options.retention.age = keep.days * kDay;
  }
  if (keep.size > 0) {
    options.retention.size = keep.size;
  }
  if (keep.scrub_days > 0) {
    options.scrub = keep.scrub_days * kDay;
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "certs") {
    return Certs(argc, argv);
  }
  plumb::server::TuneAllocator();
  CLI::App app("Connects boards with people: takes runs, compares board and simulator live.",
               "plumb-server");
  app.footer(
      "Example:\n  plumb-server --listen 127.0.0.1:7070 --data /var/lib/plumb\n"
      "  plumb-server --listen 0.0.0.0:7070 --tls-ca ca.pem --tls-cert server.pem --tls-key "
      "server.key --data /var/lib/plumb\n"
      "On a network TLS is needed; everybody who connects shows a certificate of that authority.\n"
      "plumb-server certs makes certificates (see plumb-server certs --help).\n"
      "Unix sockets stay plain: their file's permissions guard them.");
  plumb::server::ServerAppOptions options;
  bool verbose = false;
  bool quiet = false;
  app.set_version_flag("--version", std::string(PLUMB_VERSION));
  app.add_option("--listen",
                 options.listen,
                 "Address to listen on: host:port (port 0: any free one) or unix:/path; repeatable")
      ->envname("PLUMB_LISTEN")
      ->required();
  app.add_option("--http",
                 options.http,
                 "Serve the web page, /metrics (Prometheus), /healthz and /readyz here: host:port, "
                 "unencrypted")
      ->envname("PLUMB_HTTP");
  app.add_option("--data", options.data, "Folder for runs and uploaded files; made if missing")
      ->envname("PLUMB_DATA")
      ->required();
  app.add_option(
         "--store",
         options.store,
         "Where the farm's queue and leases are: sqlite:FILE, or postgresql://USER@HOST/DB "
         "shared with other servers (which then share --data too); default: sqlite in --data")
      ->envname("PLUMB_STORE");
  app.add_option("--server-name",
                 options.server_name,
                 "This server's name among those that share the store; default: the host's name")
      ->envname("PLUMB_SERVER_NAME");
  int lease_seconds = 15;
  app.add_option("--lease-seconds",
                 lease_seconds,
                 "How long a board stays with a run whose server is not heard of")
      ->check(CLI::Range(2, 3600))
      ->capture_default_str();
  app.add_option("--hooks",
                 options.hooks,
                 "JSON file: which programs to run around a board's lease and when it hangs "
                 "(docs/hooks.md)")
      ->envname("PLUMB_HOOKS")
      ->type_name("FILE");
  KeepFlags keep;
  AddKeepFlags(app, &keep);
  plumb::server::SimulatorsOptions simulators;
  plumb::server::SimulatorFlags simulator_flags;
  app.add_option("--simulator",
                 simulators.builtin,
                 "The program plumb-simulator, if it is not beside this one");
  plumb::server::AddSimulatorFlags(app, simulator_flags);
  app.add_option(
         "--tls-ca", options.tls.ca, "Certificate of the authority that signed the clients'")
      ->envname("PLUMB_TLS_CA");
  app.add_option("--tls-cert", options.tls.certificate, "This server's certificate")
      ->envname("PLUMB_TLS_CERT");
  app.add_option("--tls-key", options.tls.key, "Its private key (mode 600)")
      ->envname("PLUMB_TLS_KEY");
  app.add_flag(
      "--insecure", options.allow_insecure, "Allow addresses other than loopback without TLS");
  app.add_flag("--require-token",
               options.require_token,
               "Clients show a token (plumb token add), but over a unix socket")
      ->envname("PLUMB_REQUIRE_TOKEN");
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
  options.lease = std::chrono::seconds(lease_seconds);
  options.keeper = OptionsFrom(keep);
  simulators.external = *std::move(external);
  options.simulators = std::make_shared<plumb::server::Simulators>(std::move(simulators));
  return Serve(options);
}
