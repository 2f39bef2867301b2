#include "server/core/server_core.h"

#include <future>
#include <utility>

namespace plumb::server {

Result<std::unique_ptr<ServerCore>> ServerCore::Start(ServerCoreOptions options) {
  PLUMB_ASSIGN_OR_RETURN(DataFolder data, DataFolder::Open(options.data));
  std::unique_ptr<ServerCore> core(new ServerCore(std::move(data)));
  core->runs_ = std::make_unique<RunManager>(
      &core->strand_, &core->data_, std::move(options.simulators), std::move(options.runs));
  return core;
}

ServerCore::~ServerCore() {
  Stop();
  // Timers and callbacks point into runs_.
  strand_.Stop();
}

void ServerCore::Stop() {
  if (std::exchange(stopped_, true)) {
    return;
  }
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  strand_.Post([this, done] { runs_->Stop([done] { done->set_value(); }); });
  future.wait();
}

}  // namespace plumb::server
