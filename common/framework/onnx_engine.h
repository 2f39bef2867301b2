// ONNX Runtime as an engine.
#pragma once

#include <filesystem>
#include <memory>

#include "common/framework/engine.h"

namespace plumb::framework {

// `library`: libonnxruntime.so of version 1.17 or later. With every_layer nothing is optimised, so
// that each node of the file runs as it stands; every tensor is held until the run is over. An open
// first dimension of an input is 1 unless `request.shapes` fixes it.
//   kFailedPrecondition, runtime_unavailable   the library cannot be used
//   kInvalidArgument, model_refused            the runtime's words for a model it does not take
//   kInvalidArgument                           an open dimension, or a shape that is not the file's
Result<std::unique_ptr<Engine>> OpenOnnxRuntime(const std::filesystem::path& library,
                                                const EngineRequest& request);

}  // namespace plumb::framework
