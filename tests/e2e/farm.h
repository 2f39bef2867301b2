// A server and agents as real processes on unix sockets, and `plumb` against them.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "tests/e2e/models.h"
#include "tests/support/process.h"

namespace plumb::test {

constexpr std::chrono::seconds kPatience{60};

// One plumb-server in a folder of its own. Everything is killed and removed at the end.
class Farm {
 public:
  // `server_flags` are given to plumb-server, at every start.
  explicit Farm(std::vector<std::string> server_flags = {});

  // unix:/…/server.sock
  [[nodiscard]] std::string address() const { return "unix:" + socket(); }

  [[nodiscard]] std::string socket() const { return (folder_.path() / "server.sock").string(); }

  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }

  void StartServer();
  void KillServer();

  [[nodiscard]] Program& server() const { return *server_; }

  // Starts plumb-agent over the virtual IPU and waits until the server lists the board. `address`:
  // what the agent dials, by default the server itself.
  Program& AddBoard(const std::string& name,
                    const std::string& spec,
                    const std::vector<std::string>& flags = {},
                    const std::string& address = "");
  // Waits until the board is listed (or, with `there` false, until it is not).
  void AwaitBoard(const std::string& name, bool there);
  // Waits until the board is listed and idle.
  void AwaitIdle(const std::string& name);

  // `plumb run` with this model, to its end.
  Finished RunModel(const OfflineModel& model, const std::vector<std::string>& flags);
  // The same, going on.
  std::unique_ptr<Program> StartRun(const OfflineModel& model,
                                    const std::vector<std::string>& flags);
  // The JSON document that the last finished RunModel or run with JsonFlag() wrote.
  [[nodiscard]] std::string report() const;

  // Any `plumb VERB --server …`, to its end.
  Finished Plumb(const std::string& verb, const std::vector<std::string>& flags);

 private:
  [[nodiscard]] std::vector<std::string> RunCommand(const OfflineModel& model,
                                                    const std::vector<std::string>& flags) const;
  // True when `boards` holds a board for which `wanted` is its state ("" = any).
  bool BoardIs(const std::string& name, const std::string& wanted);

  TempFolder folder_;
  std::vector<std::string> server_flags_;
  std::unique_ptr<Program> server_;
  std::vector<std::unique_ptr<Program>> agents_;
};

}  // namespace plumb::test
