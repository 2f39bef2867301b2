// What the web page shows of the farm, as plain values: nothing here knows where they come from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/core/run_types.h"

namespace plumb::server {

// Times are milliseconds since 1970; 0: there is none.
struct BoardView {
  std::string name;
  std::string state;   // idle, preparing, leased, draining, quarantined, offline
  std::string reason;  // why it is in that state; may be empty
  int64_t since_ms = 0;
  int64_t seen_ms = 0;
  std::string run_id;  // empty: no run
  std::string owner;   // of that run
  int64_t expires_ms = 0;
  std::string reserved_by;
  int64_t reserved_until_ms = 0;
  std::string server;
  std::vector<std::string> tags;
};

struct QueueView {
  std::string run_id;
  std::string owner;
  std::string tags;  // the boards that it would take; empty: any
  int32_t priority = 0;
  int64_t submitted_ms = 0;
  uint64_t position = 0;  // 1: next; 0: not known
  std::string reason;     // why it waits
};

struct FarmView {
  std::vector<BoardView> boards;  // by name
  std::vector<QueueView> queue;   // by position
  uint64_t queued = 0;            // runs that wait; `queue` may hold fewer
};

// One run of a model, for its history.
struct HistoryView {
  RunSummary run;
  std::string sdk;    // of the board's side; empty: not known
  std::string worst;  // the tensor with the largest relative L1 error; empty: none compared
  double worst_relative_l1 = 0;
  std::string first_divergence;  // empty: none
};

}  // namespace plumb::server
