#include "agent/runner/mi_engine.h"

#include <utility>

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
    return session_->Open(request.model_path, options_.firmware, description);
  }

  uint8_t* InputData(uint32_t index) override { return session_->InputData(index); }

  uint8_t* OutputData(uint32_t index) override { return session_->OutputData(index); }

  ring::Outcome Invoke(uint64_t* duration_ns) override { return session_->Invoke(duration_ns); }

 private:
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
