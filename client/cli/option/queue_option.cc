#include "client/cli/option/queue_option.h"

#include "client/lib/run_types.h"

#include <CLI/CLI.hpp>

namespace plumb::client {

void AddQueueOptions(CLI::App& app, QueueOptions& options) {
  app.add_option("--owner",
                 options.owner,
                 "In whose name, where no certificate says it (default: your login)")
      ->type_name("NAME");
  app.add_option("--priority",
                 options.priority,
                 "Before others in the queue; 100 count as much as half the runs under way")
      ->check(CLI::Range(-1000, 1000))
      ->capture_default_str();
  app.add_option("--attempts",
                 options.attempts,
                 "Start it so often, should the board or its server be lost in the middle")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_flag("--wait", options.wait, "Wait also while no board that fits is connected");
}

void Apply(const QueueOptions& options, RunRequest* request) {
  request->owner = options.owner;
  request->priority = options.priority;
  request->max_attempts = options.attempts;
  request->wait = options.wait;
}

}  // namespace plumb::client
