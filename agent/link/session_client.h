// BoardService.Session: the control stream, dialled again and again for as long as the agent lives.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include <grpcpp/channel.h>

#include "agent/core/ports.h"
#include "agent/core/retry.h"
#include "agent/core/watchdog.h"
#include "common/base/cancel.h"
#include "common/rpc/channel.h"
#include "common/rpc/messages.h"

namespace plumb::agent {

struct SessionOptions {
  rpc::Endpoint server;
  rpc::Hello hello;                                  // current_run is filled in at each dial
  std::chrono::milliseconds answer_timeout{10'000};  // of Welcome, and of one message upwards
  std::chrono::milliseconds first_pause{200};
  std::chrono::milliseconds longest_pause{3'000};
};

// Thread-safe as a ControlPort; Run on one thread.
class SessionClient final : public ControlPort {
 public:
  SessionClient(SessionOptions options, Watchdog& watchdog);
  ~SessionClient() override;

  // Keeps the board known to the server until `stop`; says in the log what it is doing.
  void Run(SessionHandler& handler, const CancelToken& stop);

  void SendProgress(const rpc::RunKey& key, rpc::RunPhase phase) override;
  void SendFailed(const rpc::RunKey& key, const Status& status) override;

 private:
  struct Call;

  Status Converse(SessionHandler& handler, const CancelToken& stop);
  Status Greet(Call& call, const SessionHandler& handler);
  void Listen(Call& call, SessionHandler& handler);
  template <class Request>
  void Send(const Request& request);
  void SetCall(Call* call);

  const SessionOptions options_;
  Watchdog& watchdog_;
  Backoff backoff_;
  std::mutex mutex_;  // one writer at a time, and of call_
  Call* call_ = nullptr;
};

}  // namespace plumb::agent
