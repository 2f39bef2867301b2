// The server's core under sequences of wire messages: agents come, lie, leave and come back, people
// start, watch and cancel. No transport: what the streams of server/rpc do is done here with the
// same conversions.
//
// Whatever the order: every run ends in exactly one final state with a report, no board and no
// upload is left behind, and a match is told only where the bytes that were taken are the
// reference's.
#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "common/archive/run_folder.h"
#include "common/base/log.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/convert.h"
#include "common/rpc/status_bridge.h"
#include "server/core/server_core.h"
#include "server/rpc/run_convert.h"
#include "tests/fuzz/bend.h"
#include "tests/fuzz/session_upload.h"

namespace plumb::fuzz {
namespace {

using server::RunState;
using server::ServerCore;
using std::chrono::milliseconds;

constexpr uint32_t kAgents = 3;
constexpr size_t kMaxSteps = 96;
constexpr size_t kMaxRuns = 8;
constexpr milliseconds kGrace{3};

const std::string kModel = "a model";
const std::string kInput = "an input";

std::vector<Tensor> ReferenceOutputs() {
  return {server::test::MakeOutput("scores", {1, 2, 3, -4}),
          server::test::MakeOutput("boxes", {5, 6})};
}

// A control stream, told on the strand.
class Link final : public server::BoardLink {
 public:
  void SendRun(const rpc::RunCommand& command) override {
    FUZZ_REQUIRE(rpc::FromProto(rpc::ToProto(command)).ok());
    const std::lock_guard lock(mutex_);
    command_ = command;
  }

  void SendCancel(const rpc::CancelCommand& command) override {
    FUZZ_REQUIRE(rpc::FromProto(rpc::ToProto(command)).ok());
  }

  void Close(const Status& /*reason*/) override {}

  std::optional<rpc::RunCommand> command() {
    const std::lock_guard lock(mutex_);
    return command_;
  }

 private:
  std::mutex mutex_;
  std::optional<rpc::RunCommand> command_;
};

struct Agent {
  rpc::Hello hello;
  std::shared_ptr<Link> link;  // null: not connected
  std::unique_ptr<Upload> upload;
  std::string run_id;  // of the upload
  uint64_t serial = 0;
};

struct KnownRun {
  analysis::TolerancePolicy tolerance;
  Taken taken;
};

class Session {
  // Up here: its return type is deduced.
  template <class Function>
  auto OnStrand(Function function) {
    if constexpr (std::is_void_v<decltype(function())>) {
      core_->strand().Call([&] {
        function();
        return 0;
      });
    } else {
      return core_->strand().Call(function);
    }
  }

  // What a call on the strand answers later.
  template <class T>
  Result<T> Answer(const std::function<void(std::function<void(Result<T>)> done)>& call) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    core_->strand().Post(
        [&] { call([promise](const Result<T>& result) { promise->set_value(result); }); });
    return promise->get_future().get();
  }

 public:
  explicit Session(const std::filesystem::path& folder) {
    server::ServerCoreOptions options;
    options.data = folder;
    options.runs.resume_grace = kGrace;
    options.runs.version = "fuzz";
    options.simulators = [](server::ReferenceKind kind) -> Result<server::Simulator> {
      if (kind != server::ReferenceKind::kBuiltin) {
        return UnimplementedError("only builtin");
      }
      return server::Simulator{[] {
                                 auto runner = std::make_shared<server::test::FakeRunner>();
                                 runner->outputs = ReferenceOutputs();
                                 return runner;
                               },
                               {}};
    };
    auto core = ServerCore::Start(std::move(options));
    FUZZ_REQUIRE(core.ok());
    core_ = std::move(core).value();
    model_ = Store(kModel);
    input_ = Store(kInput);
  }

  void Step(Input& input) {
    Agent& agent = agents_.at(input.Below(kAgents));
    switch (input.Below(13)) {
      case 0:
      case 1:
        return Attach(input, agent);
      case 2:
        return Leave(agent);
      case 3:
      case 4:
        return Start(input);
      case 5:
        return Cancel(input);
      case 6:
        return OpenUpload(input, agent);
      case 7:
        return CloseUpload(agent);
      case 8:
        return Fail(input, agent);
      case 9:
        return Look(input);
      case 12:
        return Damage();
      default:
        for (uint32_t i = 0, count = 1 + input.Below(16); i < count; ++i) {
          Send(input, agent);
        }
    }
  }

  void End() {
    // The boards say their last word, so that nobody waits for it.
    OnStrand([&] {
      for (const server::BoardInfo& board : core_->boards().List()) {
        if (!board.run_id.empty()) {
          core_->runs().BoardFailed(
              board.identity.instance_id, {board.run_id, 1}, InternalError("the end"));
        }
      }
    });
    for (const auto& [run_id, run] : runs_) {
      static_cast<void>(Answer<server::RunSummary>(
          [&, id = run_id](auto done) { core_->runs().Cancel(id, "fuzzer", done); }));
    }
    core_->Stop();
    for (Agent& agent : agents_) {
      Leave(agent);
    }
    for (const auto& [run_id, run] : runs_) {
      RequireEnded(run_id, run);
    }
    for (const auto& upload : closed_) {
      upload->RequireAnswered();
    }
    RequireNoBoards();
  }

 private:
  Artifact Store(const std::string& content) {
    const Artifact artifact{{}, Sha256Hex(AsBytes(content)), content.size()};
    auto upload = core_->blobs().BeginUpload(artifact);
    FUZZ_REQUIRE(upload.ok() && upload->Append(AsBytes(content)).ok() && upload->Commit().ok());
    return artifact;
  }

  void Attach(Input& input, Agent& agent) {
    if (agent.link) {
      return;
    }
    const auto number = static_cast<char>(&agent - agents_.data());
    rpc::Hello honest =
        server::test::MakeHello(std::string("cam-") + static_cast<char>('0' + number % 2),
                                {"lab"},
                                std::string(32, static_cast<char>('a' + number)));
    if (input.Below(2) == 0 && !runs_.empty()) {
      honest.current_run = rpc::RunKey{runs_.begin()->first, 1};
    }
    v1::Hello wire;
    if (!wire.ParseFromString(Bent(rpc::ToProto(honest), input)) ||
        !rpc::CheckProtocol(wire.protocol(), "agent").ok()) {
      return;
    }
    auto hello = rpc::FromProto(wire);
    if (!hello.ok()) {
      return;
    }
    const auto link = std::make_shared<Link>();
    if (OnStrand([&] { return core_->boards().Attach(*hello, link); }).ok()) {
      agent.hello = *std::move(hello);
      agent.link = link;
    }
  }

  void Leave(Agent& agent) {
    CloseUpload(agent);
    if (const auto link = std::exchange(agent.link, nullptr)) {
      OnStrand([&] { core_->boards().Detach(agent.hello.board_name, link.get()); });
    }
  }

  void Start(Input& input) {
    if (runs_.size() >= kMaxRuns) {
      return;
    }
    v1::StartRunRequest honest;
    honest.set_request_id(std::string(32, static_cast<char>('0' + input.Below(3))));
    *honest.mutable_model() = rpc::ToProto(model_);
    honest.set_model_name("a.img");
    *honest.add_inputs() = rpc::ToProto(input_);
    honest.set_repetitions(1 + input.Below(3));
    honest.set_probe(input.Below(2) == 0);
    honest.set_invoke_timeout_ms(1000);
    honest.set_deadline_ms(60'000);
    honest.set_simulator(v1::SIMULATOR_KIND_BUILTIN);
    v1::StartRunRequest wire;
    if (!wire.ParseFromString(Bent(honest, input))) {
      return;
    }
    const auto request = server::FromProto(wire);
    if (!request.ok()) {
      return;
    }
    const auto run_id =
        Answer<std::string>([&](auto done) { core_->runs().Start(*request, done); });
    if (run_id.ok()) {
      runs_[*run_id].tolerance = request->tolerance;
    }
  }

  std::string SomeRun(Input& input) {
    if (runs_.empty() || input.Below(8) == 0) {
      return input.Text();
    }
    return std::next(runs_.begin(), input.Below(static_cast<uint32_t>(runs_.size())))->first;
  }

  void Cancel(Input& input) {
    const std::string run_id = SomeRun(input);
    const auto run = Answer<server::RunSummary>(
        [&](auto done) { core_->runs().Cancel(run_id, "fuzzer", done); });
    FUZZ_REQUIRE(run.ok() || runs_.count(run_id) == 0);
  }

  // The file of the model no longer holds what its name says.
  void Damage() {
    if (const auto model = core_->blobs().Find(model_); model.ok()) {
      std::ofstream(model->path, std::ios::binary) << "A MODEL";
    }
  }

  void OpenUpload(Input& input, Agent& agent) {
    auto command = agent.link ? agent.link->command() : std::nullopt;
    if (agent.link && (!command || input.Below(4) == 0)) {
      command.emplace();  // not told, but guessed
      command->key = {SomeRun(input), 1};
    }
    if (!command) {
      return;
    }
    CloseUpload(agent);
    v1::UploadBegin wire;
    const rpc::UploadBegin honest{agent.hello.instance_id, command->key};
    if (!wire.ParseFromString(Bent(rpc::ToProto(honest), input))) {
      return;
    }
    const auto begin = rpc::FromProto(wire);
    if (!begin.ok()) {
      return;
    }
    agent.serial = ++serial_;
    const auto runner = OnStrand([&] {
      return core_->runs().OpenUpload(
          begin->instance_id, begin->key, agent.serial, [](auto&&...) {});
    });
    if (!runner.ok()) {
      return;
    }
    RunSpec spec;
    spec.repetitions = std::min<uint32_t>(command->repetitions, 4);
    spec.probe = command->probe;
    agent.run_id = begin->key.run_id;
    agent.upload = std::make_unique<Upload>(*runner, HonestUpload(ReferenceOutputs(), spec));
  }

  void CloseUpload(Agent& agent) {
    if (agent.upload) {
      closed_.push_back(std::move(agent.upload));
      OnStrand([&] { core_->runs().CloseUpload(agent.run_id, agent.serial); });
    }
  }

  void Send(Input& input, Agent& agent) {
    if (agent.upload) {
      agent.upload->Send(input, &runs_[agent.run_id].taken);
    }
  }

  void Fail(Input& input, Agent& agent) {
    const auto command = agent.link ? agent.link->command() : std::nullopt;
    if (!command) {
      return;
    }
    v1::RunFailed honest;
    *honest.mutable_key() = rpc::ToProto(command->key);
    *honest.mutable_failure() = rpc::ToProto(InternalError("it broke"));
    v1::RunFailed wire;
    if (!wire.ParseFromString(Bent(honest, input))) {
      return;
    }
    if (const auto key = rpc::FromProto(wire.key()); key.ok()) {
      OnStrand([&] {
        core_->runs().BoardFailed(
            agent.hello.instance_id, *key, rpc::FailureFromProto(wire.failure()));
      });
    }
  }

  // Lists, watches and reads, which must never change anything.
  void Look(Input& input) {
    const std::string run_id = SomeRun(input);
    OnStrand([&] {
      for (const auto& run : core_->runs().List(16)) {
        FUZZ_REQUIRE(server::ToProto(run).ByteSizeLong() > 0);
      }
      static_cast<void>(core_->runs().ReportPath(run_id));
      const uint64_t ticket = core_->runs().Await(run_id, 0, [](const auto& update) {
        for (const auto& event :
             update.ok() ? update->events : std::vector<server::JournalEvent>()) {
          FUZZ_REQUIRE(server::ToProto(event).ByteSizeLong() > 0);
        }
      });
      FUZZ_REQUIRE(ticket == 0);  // a snapshot comes at once
    });
  }

  void RequireEnded(const std::string& run_id, const KnownRun& run) {
    const auto summary = OnStrand([&] { return core_->runs().Find(run_id); });
    FUZZ_REQUIRE(summary.ok() && summary->state == RunState::kFinished);
    FUZZ_REQUIRE(summary->finished_unix_ms >= summary->created_unix_ms);
    const bool match = summary->verdict == analysis::Verdict::kMatch;
    FUZZ_REQUIRE((summary->exit_code == 0) <= match);
    FUZZ_REQUIRE(summary->failure.ok() || !match);
    const auto path = OnStrand([&] { return core_->runs().ReportPath(run_id); });
    FUZZ_REQUIRE(path.ok());
    const auto archived = archive::ReadRunFolder(path->parent_path());
    FUZZ_REQUIRE(archived.ok());
    FUZZ_REQUIRE(archived->report.verdict == summary->verdict);
    if (match && run.tolerance.by_default.demands_equality() && run.tolerance.by_tensor.empty()) {
      FUZZ_REQUIRE(run.taken.ended);
      FUZZ_REQUIRE(SameOutputs(run.taken, ReferenceOutputs()));
    }
  }

  void RequireNoBoards() {
    for (int i = 0; i < 2000; ++i) {
      if (OnStrand([&] { return core_->boards().List().empty(); })) {
        return;
      }
      std::this_thread::sleep_for(milliseconds(1));  // the grace time of the last one
    }
    FUZZ_REQUIRE(false && "a board is left behind");
  }

  std::unique_ptr<ServerCore> core_;
  Artifact model_;
  Artifact input_;
  std::array<Agent, kAgents> agents_;
  std::map<std::string, KnownRun> runs_;
  std::vector<std::unique_ptr<Upload>> closed_;
  uint64_t serial_ = 0;
};

}  // namespace
}  // namespace plumb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  static const bool quiet = (InitLog("fuzz", LogLevel::kError), true);
  FUZZ_REQUIRE(quiet);
  const auto folder = TempFolder::Create("plumb-fuzz-");
  FUZZ_REQUIRE(folder.ok());
  fuzz::Session session(folder->path());
  fuzz::Input input({data, size});
  for (size_t i = 0; i < fuzz::kMaxSteps && !input.empty(); ++i) {
    session.Step(input);
  }
  session.End();
  return 0;
}
