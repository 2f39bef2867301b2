// The server without any transport: its strand, its folder, its boards and its runs.
#pragma once

#include <filesystem>
#include <memory>

#include "server/core/data_folder.h"
#include "server/core/data_keeper.h"
#include "server/core/run_manager.h"
#include "server/core/simulator.h"
#include "server/core/strand.h"

namespace plumb::server {

struct ServerCoreOptions {
  std::filesystem::path data;
  // As OpenStore takes it; empty: an SQLite file in `data`. With PostgreSQL several servers share
  // store and folder.
  std::string store;
  FarmOptions farm;
  SimulatorSource simulators;
  RunManagerOptions runs;
  DataKeeperOptions keeper;  // nothing in it: nothing is ever removed or read again
};

// Thread-safe.
class ServerCore {
 public:
  // kFailedPrecondition when another server holds the folder.
  static Result<std::unique_ptr<ServerCore>> Start(ServerCoreOptions options);
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;
  // Stops, as Stop().
  ~ServerCore();

  [[nodiscard]] Strand& strand() { return strand_; }

  // On the strand only.
  [[nodiscard]] RunManager& runs() { return *runs_; }

  [[nodiscard]] BoardRegistry& boards() { return runs_->boards(); }

  // Any thread.
  [[nodiscard]] const BlobStore& blobs() const { return data_.blobs(); }

  // Any thread.
  [[nodiscard]] DataKeeperCounts kept() const {
    return keeper_ ? keeper_->counts() : DataKeeperCounts();
  }

  // Ends all runs and waits until their reports are written; the strand goes on, so that streams
  // can still be answered. Never from the strand.
  void Stop();

 private:
  explicit ServerCore(DataFolder data) : data_(std::move(data)) {}

  DataFolder data_;
  Strand strand_;
  std::unique_ptr<RunManager> runs_;
  std::unique_ptr<DataKeeper> keeper_;  // null: nothing is kept; asks the store of runs_
  bool stopped_ = false;
};

}  // namespace plumb::server
