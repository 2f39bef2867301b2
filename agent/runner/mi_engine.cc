#include "agent/runner/mi_engine.h"

#include <utility>

#include "agent/runner/board_state.h"
#include "agent/runner/mi_session.h"

namespace plumb {
namespace mi {
namespace {

class MiEngine : public ring::Engine {
 public:
  explicit MiEngine(EngineOptions options) : options_(std::move(options)) {}

  ring::Outcome Load(const ring::LoadRequest& request, ring::Description* description) override {
    ring::Outcome outcome = library_.Open(options_.library);
    if (!outcome.ok) {
      return outcome;
    }
    session_.reset(new Session(library_));
    description->sdk = options_.sdk.empty()
                           ? "MI_IPU " + std::string(GenerationName(library_.generation())) + ", " +
                                 library_.path()
                           : options_.sdk;
    SessionOptions session;
    session.model_path = request.model_path;
    session.model_in_memory = options_.model_in_memory;
    session.firmware = options_.firmware;
    session.call = options_.call;
    return WithBoard(session_->Open(session, description));
  }

  uint8_t* InputData(uint32_t index) override { return session_->InputData(index); }

  uint8_t* OutputData(uint32_t index) override { return session_->OutputData(index); }

  ring::Outcome Invoke(ring::Invoked* invoked) override {
    return WithBoard(session_->Invoke(invoked));
  }

 private:
  // What the runtime itself refused is told with the state of its board.
  ring::Outcome WithBoard(ring::Outcome outcome) const {
    if (!outcome.ok && outcome.code != 0) {
      const std::string board = DescribeBoard(options_.board_root);
      outcome.message += board.empty() ? "" : " [" + board + "]";
    }
    return outcome;
  }

  EngineOptions options_;
  Library library_;
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<ring::Engine> MakeMiEngine(const EngineOptions& options) {
  return std::unique_ptr<ring::Engine>(new MiEngine(options));
}

}  // namespace mi
}  // namespace plumb
