#include "agent/app/agent_app.h"

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "agent/core/artifact_cache.h"
#include "agent/core/board_agent.h"
#include "agent/core/run_executor.h"
#include "agent/core/virtual_library.h"
#include "agent/core/watchdog.h"
#include "agent/link/bulk_connection.h"
#include "agent/link/grpc_artifact_source.h"
#include "agent/link/grpc_upload.h"
#include "agent/link/session_client.h"
#include "common/base/file.h"
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/sha256.h"
#include "common/ring/process_runner.h"
#include "common/rpc/channel.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kStopPatience{1'500};

Status Missing(const fs::path& path, std::string_view what, std::string_view hint) {
  return NotFoundError("the " + std::string(what) + " '" + path.string() + "' is not there")
      .WithReason(kReasonUsage)
      .WithHint(hint);
}

// The runner's command line, without what depends on the run.
Result<ProcessRunnerOptions> RunnerOptions(const AgentOptions& options) {
  PLUMB_ASSIGN_OR_RETURN(const fs::path program, ProgramPath());
  const fs::path folder = program.parent_path();
  ProcessRunnerOptions runner;
  runner.name = "board " + options.name;
  runner.hang_report_flag = "--describe-board";
  runner.argv = options.runner;
  if (runner.argv.empty()) {
    const fs::path beside = folder / "plumb-runner";
    if (!fs::exists(beside)) {
      return Missing(
          beside, "runner", "install plumb-runner beside plumb-agent, or --runner 'ARGV'");
    }
    runner.argv = {beside.string()};
  }
  fs::path library = options.mi_library;
  if (options.virtual_board) {
    PLUMB_ASSIGN_OR_RETURN(const VirtualLibrary chip,
                           VirtualLibraryFor(options.virtual_board->family, options.abi));
    library = folder.parent_path() / "lib" / chip.file;
    runner.extra_environment["PLUMB_VIRTUAL_FAMILY"] = options.virtual_board->family;
    runner.argv.insert(runner.argv.end(),
                       {"--abi",
                        chip.abi,
                        "--sdk",
                        "virtual IPU " + options.virtual_board->family + ", " + chip.generation});
  }
  if (!library.empty()) {
    if (!fs::exists(library)) {
      return Missing(library, "library", "check --mi-library; for --virtual install it in ../lib");
    }
    runner.argv.insert(runner.argv.end(), {"--mi-library", library.string()});
  }
  if (!options.abi.empty() && !options.virtual_board) {
    runner.argv.insert(runner.argv.end(), {"--abi", options.abi});
  }
  runner.argv.insert(runner.argv.end(), options.runner_flags.begin(), options.runner_flags.end());
  return runner;
}

RunnerFactory MakeRunnerFactory(ProcessRunnerOptions runner, std::optional<VirtualBoard> board) {
  return [runner = std::move(runner),
          board = std::move(board)](uint64_t run_number) -> std::unique_ptr<Runner> {
    ProcessRunnerOptions options = runner;
    const bool faulty =
        board && !board->fault.empty() && (!board->only_run || *board->only_run == run_number);
    if (faulty) {
      options.extra_environment["PLUMB_VIRTUAL_FAULT"] = board->fault;
    }
    return std::make_unique<ProcessRunner>(std::move(options));
  };
}

rpc::Hello MakeHello(const AgentOptions& options) {
  rpc::Hello hello;
  hello.protocol_major = rpc::kProtocolMajor;
  hello.protocol_minor = rpc::kProtocolMinor;
  hello.capabilities = {"probe", "repeat", "resume"};
  if (!options.tap_inputs.empty()) {
    hello.capabilities.emplace_back(rpc::kCaptureInputs);
  }
  hello.instance_id = RandomId();
  hello.board_name = options.name;
  hello.tags = options.tags;
  hello.family = options.virtual_board ? options.virtual_board->family : "";
  hello.abi = options.abi;
  hello.agent_version = PLUMB_VERSION;
  return hello;
}

}  // namespace

Status RunAgent(const AgentOptions& options, const CancelToken& stop) {
  rpc::KeepGrpcAlive();
  PLUMB_ASSIGN_OR_RETURN(ProcessRunnerOptions runner, RunnerOptions(options));
  ArtifactCacheOptions cache_options;
  cache_options.folder = options.cache_folder;
  cache_options.max_size = options.cache_size;
  cache_options.resume_window = rpc::kResumeWindow;
  PLUMB_ASSIGN_OR_RETURN(ArtifactCache cache, ArtifactCache::Open(std::move(cache_options)));

  // A unix socket is guarded by its file's permissions.
  rpc::Endpoint server(options.server);
  if (!options.server.is_unix()) {
    PLUMB_ASSIGN_OR_RETURN(server.tls, rpc::LoadTls(options.tls));
  }

  const rpc::Hello hello = MakeHello(options);
  Watchdog watchdog;
  BulkConnection bulk(server);
  GrpcArtifactSource source(bulk, watchdog, hello.instance_id, rpc::kStallTimeout);
  GrpcUploadTransport transport(bulk, {hello.instance_id, rpc::kStallTimeout});
  RunExecutor executor(cache,
                       source,
                       transport,
                       MakeRunnerFactory(std::move(runner), options.virtual_board),
                       {rpc::kResumeWindow},
                       {options.tap_inputs, options.tap_age});
  SessionClient session({server, hello}, watchdog);
  // One file for each board, as agents of several may share the folder.
  FenceKeeper fences(options.cache_folder /
                     ("grants-" + Sha256Hex(AsBytes(options.name)).substr(0, 16)));
  BoardAgent agent(executor, session, watchdog, fences);

  // The session outlives the run's end by a little, so that the server hears of it.
  const CancelToken end_session;
  std::thread listener([&] { session.Run(agent, end_session); });
  while (!stop.WaitFor(std::chrono::hours(1))) {
  }
  agent.Stop(kStopPatience);
  end_session.Cancel();
  listener.join();
  return OkStatus();
}

}  // namespace plumb::agent
