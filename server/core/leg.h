// One side of a run: its runner on a thread of its own, recording into the run's archive.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "common/archive/recording.h"
#include "common/base/cancel.h"
#include "common/runner/runner.h"
#include "server/core/leg_recorder.h"

namespace plumb::server {

// Something that threads tell one waiting thread: "look again". Thread-safe.
class Beacon {
 public:
  void Notify();
  // How often it was notified so far.
  uint64_t count() const;
  // Waits until count() is no longer `seen`, at most `timeout`.
  void WaitPast(uint64_t seen, std::chrono::milliseconds timeout) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  uint64_t count_ = 0;
};

class Leg {
 public:
  // `folder` becomes the recording; `beacon` is notified of every step and of the end.
  static Result<std::unique_ptr<Leg>> Create(analysis::Role role,
                                             std::shared_ptr<Runner> runner,
                                             const std::filesystem::path& folder,
                                             archive::RecordingIdentity identity,
                                             Beacon* beacon);
  Leg(const Leg&) = delete;
  Leg& operator=(const Leg&) = delete;
  // Waits for the runner; cancel it before.
  ~Leg();

  void Start(const RunSpec& spec, const CancelToken& cancel);

  // The runner has returned; status() is then final.
  [[nodiscard]] bool done() const { return done_.load(std::memory_order_acquire); }

  [[nodiscard]] const Status& status() const { return status_; }

  [[nodiscard]] Runner& runner() { return *runner_; }

  [[nodiscard]] archive::RecordingWriter& writer() { return *writer_; }

  [[nodiscard]] const LegRecorder& recorder() const { return *recorder_; }

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  Leg() = default;

  std::shared_ptr<Runner> runner_;
  std::filesystem::path folder_;
  Beacon* beacon_ = nullptr;
  std::unique_ptr<archive::RecordingWriter> writer_;
  std::unique_ptr<LegRecorder> recorder_;
  Status status_;  // written by thread_ before done_
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace plumb::server
