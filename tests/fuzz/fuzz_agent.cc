// The agent's core against a server that lies: run commands and cancellations in any order, files
// that are not what was announced, uploads that break, are refused or stand where they never were.
//
// Whatever the server does: the agent becomes free again, each run it took ends with a run_end that
// was committed or a failure on the control stream, files of other bytes never reach the runner,
// and a server that told the truth is never sent a message out of order or a byte twice.
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "agent/core/board_agent.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/runner/failure.h"
#include "tests/agent/fakes.h"
#include "tests/fuzz/fuzz.h"

namespace plumb::fuzz {
namespace {

using agent::test::FakeUploads;
using agent::test::ScriptedRunner;

constexpr uint32_t kMaxSteps = 40;
constexpr uint32_t kMaxRepetitions = 3;
constexpr std::chrono::milliseconds kWindow{2};
constexpr std::chrono::seconds kHang{15};  // longer than anything the agent may wait for here
constexpr uint64_t kCacheSize = 40;        // not all of the files at once

constexpr std::array<std::string_view, 4> kContents = {
    "model", "input", "another input", "30 bytes, that is 3/4 of cache"};

ScriptedRunner::Outputs TrueOutputs() {
  using agent::test::CountingBytes;
  return {{CountingBytes(25, 1), CountingBytes(7, 9)},
          {CountingBytes(25, 1), CountingBytes(7, 8)},
          {CountingBytes(25, 2), CountingBytes(7, 9)}};
}

// What the server does next; read by the agent's thread while the main one goes on.
class Whims {
 public:
  explicit Whims(std::span<const uint8_t> bytes) : input_(bytes) {}

  // Mostly 0, which is honest, and always 0 in the end.
  uint32_t Next() {
    const std::lock_guard lock(mutex_);
    const auto number = input_.Number<uint8_t>();
    return number < 8 ? number : 0;
  }

  uint64_t Number() {
    const std::lock_guard lock(mutex_);
    return input_.Below(2) == 0 ? input_.Number<uint8_t>() : input_.Number<uint64_t>();
  }

 private:
  std::mutex mutex_;
  Input input_;
};

Status Broken() {
  return UnavailableError("cut");
}

Status Refused() {
  return NotFoundError("no such run").WithReason(kReasonProtocol);
}

// Passes messages on to an honest server, or not.
class WhimsicalStream final : public agent::UploadStream {
 public:
  WhimsicalStream(Whims& whims, std::unique_ptr<agent::UploadStream> honest)
      : whims_(whims),
        honest_(std::move(honest)) {}

  Status Send(const rpc::UploadMessage& message, const CancelToken& cancel) override {
    switch (broken_ ? 1 : whims_.Next()) {
      case 1:
        broken_ = true;
        return Broken();
      case 2:  // it arrived all the same
        broken_ = true;
        (void)honest_->Send(message, cancel);
        return Broken();
      case 3:
        return Refused();
      default:
        return honest_->Send(message, cancel);
    }
  }

  Status AwaitCommit(uint64_t sequence, const CancelToken& cancel) override {
    switch (broken_ ? 1 : whims_.Next()) {
      case 1:
        broken_ = true;
        return Broken();
      case 2:
        broken_ = true;
        (void)honest_->AwaitCommit(sequence, cancel);
        return Broken();
      case 3:
        return Refused();
      default:
        return honest_->AwaitCommit(sequence, cancel);
    }
  }

 private:
  Whims& whims_;
  std::unique_ptr<agent::UploadStream> honest_;
  bool broken_ = false;
};

// One honest server per run behind one that may lie of where it stands. Used by one thread.
class WhimsicalUploads final : public agent::UploadTransport {
 public:
  struct Run {
    std::unique_ptr<FakeUploads> server;
    bool lied_to = false;
  };

  explicit WhimsicalUploads(Whims& whims) : whims_(whims) {}

  Result<agent::OpenedUpload> Open(const rpc::RunKey& key,
                                   std::chrono::milliseconds timeout,
                                   const CancelToken& cancel) override {
    Run& run = At(key);
    const uint32_t whim = whims_.Next();
    if (whim == 1 || whim == 2) {
      return whim == 1 ? Broken() : Refused();
    }
    PLUMB_ASSIGN_OR_RETURN(auto opened, run.server->Open(key, timeout, cancel));
    opened.stream = std::make_unique<WhimsicalStream>(whims_, std::move(opened.stream));
    if (whim == 3 || whim == 4) {
      (whim == 3 ? opened.position.offset : opened.position.sequence) = whims_.Number();
      run.lied_to = run.lied_to || opened.position != run.server->position();
    }
    return opened;
  }

  // Before the run is commanded.
  void Expect(const rpc::RunCommand& command) {
    const std::lock_guard lock(mutex_);
    auto& run = runs_[{command.key.run_id, command.key.attempt}];
    run.server =
        std::make_unique<FakeUploads>(rpc::UploadExpectation{command.repetitions, command.probe});
  }

  // Stays where it is.
  Run& At(const rpc::RunKey& key) {
    const std::lock_guard lock(mutex_);
    return runs_.at({key.run_id, key.attempt});
  }

 private:
  Whims& whims_;
  std::mutex mutex_;
  std::map<std::pair<std::string, uint32_t>, Run> runs_;
};

class WhimsicalSource final : public agent::ArtifactSource {
 public:
  explicit WhimsicalSource(Whims& whims) : whims_(whims) {
    for (const std::string_view content : kContents) {
      artifacts_.push_back(honest_.Add(std::string(content)));
    }
  }

  [[nodiscard]] const Artifact& At(uint32_t number) const {
    return artifacts_[number % artifacts_.size()];
  }

  Status Read(const Artifact& artifact,
              uint64_t offset,
              const Take& take,
              const CancelToken& cancel) override {
    switch (whims_.Next()) {
      case 1:
        return Broken();
      case 2:
        return Refused();
      case 3: {  // other bytes, mostly as many as announced
        const uint64_t number = whims_.Number();
        const uint64_t size = number % 4 == 3 ? number : artifact.size - offset;
        return take(AsBytes(std::string(size % 64, 'y')));
      }
      case 4:
        honest_.break_after = 1 + static_cast<size_t>(whims_.Number() % 4);
        break;
      case 5:
        PLUMB_RETURN_IF_ERROR(honest_.Read(artifact, offset, take, cancel));
        return take(AsBytes("more"));
      default:
        break;
    }
    const auto file = honest_.files.find(artifact.sha256);
    const bool enough =
        file != honest_.files.end() && file->second.size() >= offset + honest_.break_after;
    honest_.break_after = enough ? honest_.break_after : 0;
    return honest_.Read(artifact, offset, take, cancel);
  }

 private:
  Whims& whims_;
  agent::test::FakeSource honest_;
  std::vector<Artifact> artifacts_;
};

// Looks at the files before it runs.
std::unique_ptr<Runner> CheckingRunner() {
  class Checking final : public Runner {
   public:
    [[nodiscard]] std::string name() const override { return "checking"; }

    Status Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) override {
      std::vector<Artifact> files = spec.inputs;
      files.push_back(spec.model);
      for (const Artifact& file : files) {
        const auto bytes = ReadFile(file.path);
        FUZZ_REQUIRE(bytes.ok() && bytes->size() == file.size);
        FUZZ_REQUIRE(Sha256Hex(bytes->span()) == file.sha256);
      }
      return ScriptedRunner(TrueOutputs()).Run(spec, sink, cancel);
    }
  };

  return std::make_unique<Checking>();
}

agent::ArtifactCacheOptions CacheOptions(const std::filesystem::path& folder) {
  agent::ArtifactCacheOptions options;
  options.folder = folder;
  options.max_size = kCacheSize;
  options.resume_window = kWindow;
  options.retry_pause = std::chrono::milliseconds(1);
  return options;
}

class Session {
 public:
  explicit Session(std::span<const uint8_t> bytes)
      : steps_(Input(bytes).Take(bytes.size() / 2)),
        whims_(bytes.subspan(bytes.size() / 2)) {}

  void Play() {
    for (uint32_t step = 0; step < kMaxSteps && !steps_.empty(); ++step) {
      switch (steps_.Below(4)) {
        case 0:
        case 1:
          Command();
          break;
        case 2:
          agent_.OnCancel({{RunId(), 1 + steps_.Below(2)}, steps_.Text()});
          break;
        default:
          AwaitFree();
      }
    }
    agent_.Stop(std::chrono::seconds(5));
    FUZZ_REQUIRE(!agent_.current_run());
    for (const auto& [run_id, attempt] : commanded_) {
      CheckRun({run_id, attempt});
    }
  }

 private:
  std::string RunId() { return std::string(1, static_cast<char>('a' + steps_.Below(4))); }

  Artifact AnyArtifact() {
    Artifact artifact = source_.At(steps_.Number<uint8_t>());
    switch (steps_.Below(16)) {
      case 0:
        artifact.size = steps_.Number<uint32_t>();
        break;
      case 1:
        artifact.sha256.front() = artifact.sha256.front() == '0' ? '1' : '0';
        break;
      default:
        break;
    }
    return artifact;
  }

  void Command() {
    rpc::RunCommand command;
    command.key = {RunId(), 1 + steps_.Below(2)};
    command.model = AnyArtifact();
    for (uint32_t left = 1 + steps_.Below(3); left > 0; --left) {
      command.inputs.push_back(AnyArtifact());
    }
    command.repetitions = 1 + steps_.Below(kMaxRepetitions);
    command.probe = steps_.Below(2) == 1;
    command.deadline = std::chrono::milliseconds(steps_.Below(16) == 0 ? 1 : 60'000);
    // A run is commanded again while it goes on, but not once it is over.
    if (commanded_.insert({command.key.run_id, command.key.attempt}).second) {
      uploads_.Expect(command);
      agent_.OnRunCommand(command);
    } else if (agent_.current_run() == command.key) {
      repeated_.insert({command.key.run_id, command.key.attempt});
      agent_.OnRunCommand(command);
    }
  }

  void AwaitFree() {
    const auto until = std::chrono::steady_clock::now() + kHang;
    while (agent_.current_run()) {
      FUZZ_REQUIRE(std::chrono::steady_clock::now() < until);
      std::this_thread::yield();
    }
  }

  void CheckRun(const rpc::RunKey& key) {
    const auto& run = uploads_.At(key);
    uint32_t failures = 0;
    for (const auto& [failed, status] : control_.failures()) {
      FUZZ_REQUIRE(!status.ok());
      failures += failed == key ? 1 : 0;
    }
    // A run that was over when its command came again is a second one.
    const bool twice = repeated_.contains({key.run_id, key.attempt});
    FUZZ_REQUIRE(failures <= (twice ? 2U : 1U));
    FUZZ_REQUIRE(failures > 0 || run.server->finished() || run.lied_to);
    if (run.lied_to || twice) {
      return;
    }
    FUZZ_REQUIRE(run.server->violation.ok());
    if (run.server->finished() && run.server->run_status().ok()) {
      CheckOutputs(*run.server);
    }
  }

  static void CheckOutputs(const FakeUploads& server) {
    const auto truth = TrueOutputs();
    for (const auto& [place, bytes] : server.outputs) {
      FUZZ_REQUIRE(bytes == truth.at(place.first).at(place.second));
    }
    FUZZ_REQUIRE(server.outputs.contains({0, 0}) && server.outputs.contains({0, 1}));
  }

  Input steps_;
  Whims whims_;
  const TempFolder folder_ = TempFolder::Create("plumb-fuzz-agent-").value();
  Result<agent::ArtifactCache> cache_ =
      agent::ArtifactCache::Open(CacheOptions(folder_.path() / "cache"));
  WhimsicalSource source_{whims_};
  WhimsicalUploads uploads_{whims_};
  agent::test::FakeControl control_;
  agent::Watchdog watchdog_;
  agent::RunExecutor executor_{*cache_,
                               source_,
                               uploads_,
                               [](uint64_t /*run_number*/) { return CheckingRunner(); },
                               {kWindow, std::chrono::milliseconds(1)}};
  agent::FenceKeeper fences_;
  agent::BoardAgent agent_{executor_, control_, watchdog_, fences_};
  std::set<std::pair<std::string, uint32_t>> commanded_;
  std::set<std::pair<std::string, uint32_t>> repeated_;
};

}  // namespace
}  // namespace plumb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = [] {
    plumb::InitLog("fuzz", plumb::LogLevel::kOff);
    return true;
  }();
  if (quiet && size > 0) {
    plumb::fuzz::Session({data, size}).Play();
  }
  return 0;
}
