// What the server knows of a board, and the link on which it commands it. No transport in here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/rpc/messages.h"

namespace plumb::server {

// Which board a run wants: one for which each word is its name or one of its tags; without words,
// any at all.
using BoardSelector = std::vector<std::string>;

// The control stream of one connected agent. Called on the strand; never blocks.
class BoardLink {
 public:
  BoardLink() = default;
  BoardLink(const BoardLink&) = delete;
  BoardLink& operator=(const BoardLink&) = delete;
  virtual ~BoardLink() = default;

  virtual void SendRun(const rpc::RunCommand& command) = 0;
  virtual void SendCancel(const rpc::CancelCommand& command) = 0;
  // Ends the stream with `reason`; the registry forgets the link by itself.
  virtual void Close(const Status& reason) = 0;
};

struct BoardInfo {
  rpc::Hello identity;
  std::string run_id;     // empty when idle
  bool connected = true;  // false: its stream broke a moment ago and its run waits for it
  int64_t connected_unix_ms = 0;
};

}  // namespace plumb::server
