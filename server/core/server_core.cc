#include "server/core/server_core.h"

#include <future>
#include <utility>

namespace plumb::server {

Result<std::unique_ptr<ServerCore>> ServerCore::Start(ServerCoreOptions options) {
  const bool alone = options.store.empty() || options.store.starts_with("sqlite:");
  PLUMB_ASSIGN_OR_RETURN(DataFolder data,
                         DataFolder::Open(options.data, alone ? "" : options.farm.server));
  FarmAccess farm;
  PLUMB_ASSIGN_OR_RETURN(
      farm.store,
      store::OpenStore(options.store.empty() ? "sqlite:" + (options.data / "farm.db").string()
                                             : options.store));
  PLUMB_ASSIGN_OR_RETURN(farm.farm_id, farm.store->FarmId());
  farm.options = std::move(options.farm);
  std::unique_ptr<ServerCore> core(new ServerCore(std::move(data)));
  core->runs_ = std::make_unique<RunManager>(&core->strand_,
                                             &core->data_,
                                             std::move(options.simulators),
                                             std::move(farm),
                                             std::move(options.runs));
  if (options.keeper.wanted()) {
    store::Store* store = &core->runs_->farm().store();
    core->keeper_ = std::make_unique<DataKeeper>(
        &core->data_, [store] { return store->Unfinished(); }, std::move(options.keeper));
    core->keeper_->Start();
  }
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
  if (keeper_) {
    keeper_->Stop();  // it asks the store, which goes with runs_
  }
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  strand_.Post([this, done] { runs_->Stop([done] { done->set_value(); }); });
  future.wait();
}

}  // namespace plumb::server
