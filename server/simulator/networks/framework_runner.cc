#include <chrono>
#include <utility>

#include "common/base/file.h"
#include "common/framework/engines.h"
#include "common/runner/failure.h"
#include "common/runner/limits.h"
#include "server/simulator/external/external_runner.h"
#include "server/simulator/networks/model_files.h"
#include "server/simulator/networks/networks.h"

namespace plumb::server {
namespace {

Result<TensorDesc> DescOf(const framework::Port& port) {
  return MakeContiguousDesc(port.name, port.element_type, port.shape);
}

// The engine is opened anew for every Invoke, so that nothing of one run is left for the next.
class FrameworkComputation : public Computation {
 public:
  explicit FrameworkComputation(NetworkOptions options) : options_(std::move(options)) {}

  Result<Produced> Compute(const Job& job, const CancelToken& cancel) override {
    PLUMB_ASSIGN_OR_RETURN(const auto engine, Open(job.model));
    std::vector<Buffer> inputs;
    for (const auto& path : job.inputs) {
      PLUMB_ASSIGN_OR_RETURN(Buffer input, ReadFile(path, kMaxModelTensorBytes));
      inputs.push_back(std::move(input));
    }
    const auto start = std::chrono::steady_clock::now();
    PLUMB_ASSIGN_OR_RETURN(auto outputs,
                           engine->Run(inputs, nullptr, {cancel, options_.time_limit}));
    Produced produced;
    produced.invoke_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    produced.model.sdk = engine->name();
    for (const framework::Port& port : engine->inputs()) {
      PLUMB_ASSIGN_OR_RETURN(TensorDesc desc, DescOf(port));
      produced.model.inputs.push_back(std::move(desc));
    }
    for (framework::OutputTensor& output : outputs) {
      PLUMB_ASSIGN_OR_RETURN(TensorDesc desc, DescOf(output.port));
      produced.model.outputs.push_back(std::move(desc));
      produced.outputs.push_back({UniqueFd(), std::move(output.bytes)});
    }
    return produced;
  }

 private:
  Result<std::unique_ptr<framework::Engine>> Open(const std::filesystem::path& model) const {
    PLUMB_ASSIGN_OR_RETURN(const ModelFiles files, ReadModelFiles(model));
    framework::EngineRequest request;
    request.model = files.path;
    request.weights = files.other_path;
    request.shapes = options_.shapes;
    auto engine = framework::OpenEngine(files.format, options_.engine, request);
    return engine.ok() ? std::move(engine)
                       : Status(engine.status()).WithReason(kReasonModelRefused);
  }

  NetworkOptions options_;
};

}  // namespace

std::unique_ptr<Runner> MakeFrameworkRunner(const NetworkOptions& options) {
  return std::make_unique<ExternalRunner>(ExternalRunnerOptions{"framework", ""},
                                          std::make_shared<FrameworkComputation>(options));
}

}  // namespace plumb::server
