// How a run stands in the farm's queue: --owner --priority --attempts --wait.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace plumb::client {

struct RunRequest;

struct QueueOptions {
  std::string owner;
  int32_t priority = 0;
  uint32_t attempts = 1;
  bool wait = false;
};

void AddQueueOptions(CLI::App& app, QueueOptions& options);
void Apply(const QueueOptions& options, RunRequest* request);

}  // namespace plumb::client
