// Boards and simulators of plain C++, for the tests of the server's core.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/rpc/messages.h"
#include "common/runner/runner.h"
#include "common/tensor/tensor.h"
#include "server/core/board.h"

namespace plumb::server::test {

// An s16 tensor of shape [1, values.size()], scale 0.5.
Tensor MakeOutput(const std::string& name, const std::vector<int16_t>& values);

// Does what the members say, in the order a Runner keeps.
class FakeRunner : public Runner {
 public:
  std::string runner_name = "fake";
  std::vector<Tensor> outputs;
  std::map<std::string, std::vector<Tensor>> outputs_by_profile;  // rounding profile → outputs
  std::map<uint32_t, std::vector<Tensor>> outputs_by_repetition;  // from repetition 1 on
  size_t chunk_size = 4;
  Status result;                     // an error is returned after the first output
  std::optional<uint64_t> pause_at;  // before the chunk at this offset of output 0 …
  std::function<void()> pause;       // … this is called
  bool hang = false;                 // until cancelled, before the first output

  [[nodiscard]] std::string name() const override { return runner_name; }

  Status Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) override;

  std::atomic<int> runs{0};
  std::atomic<int64_t> invoke_timeout_ms{0};  // as the last Run was told

 private:
  [[nodiscard]] const std::vector<Tensor>& OutputsOf(const RunSpec& spec,
                                                     uint32_t repetition) const;
  Status SendOutput(TensorSink& sink,
                    uint32_t repetition,
                    uint32_t index,
                    const Tensor& output,
                    bool with_bytes) const;
};

// A control stream that remembers what it was told. Thread-safe.
class FakeLink : public BoardLink {
 public:
  void SendRun(const rpc::RunCommand& command) override;
  void SendCancel(const rpc::CancelCommand& command) override;
  void Close(const Status& reason) override;

  // Waits for the next run command; nothing when none comes within ten seconds.
  std::optional<rpc::RunCommand> NextRun();
  std::optional<rpc::CancelCommand> NextCancel();
  [[nodiscard]] std::optional<Status> closed() const;

 private:
  template <class T>
  std::optional<T> Next(std::vector<T>* list);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<rpc::RunCommand> runs_;
  std::vector<rpc::CancelCommand> cancels_;
  std::optional<Status> closed_;
};

rpc::Hello MakeHello(const std::string& name,
                     std::vector<std::string> tags = {},
                     const std::string& instance = std::string(32, 'a'));

// A file with this content; the Artifact names it by digest.
Artifact WriteArtifact(const std::filesystem::path& path, const std::string& content);

}  // namespace plumb::server::test
