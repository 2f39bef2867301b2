#include "server/core/leg.h"

#include <utility>

namespace plumb::server {

void Beacon::Notify() {
  const std::lock_guard lock(mutex_);
  ++count_;
  changed_.notify_all();
}

uint64_t Beacon::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

void Beacon::WaitPast(uint64_t seen, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return count_ != seen; });
}

Result<std::unique_ptr<Leg>> Leg::Create(analysis::Role role,
                                         std::shared_ptr<Runner> runner,
                                         const std::filesystem::path& folder,
                                         archive::RecordingIdentity identity,
                                         Beacon* beacon) {
  std::unique_ptr<Leg> leg(new Leg());
  PLUMB_ASSIGN_OR_RETURN(leg->writer_,
                         archive::RecordingWriter::Create(folder, std::move(identity)));
  leg->runner_ = std::move(runner);
  leg->folder_ = folder;
  leg->beacon_ = beacon;
  leg->recorder_ =
      std::make_unique<LegRecorder>(role, leg->writer_.get(), [beacon] { beacon->Notify(); });
  return leg;
}

Leg::~Leg() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Leg::Start(const RunSpec& spec, const CancelToken& cancel) {
  thread_ = std::thread([this, spec, cancel] {
    status_ = runner_->Run(spec, *recorder_, cancel);
    done_.store(true, std::memory_order_release);
    beacon_->Notify();
  });
}

}  // namespace plumb::server
