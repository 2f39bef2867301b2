// The official TFLite runtime as an engine: compiled to WebAssembly, in a child process of node.
#pragma once

#include <filesystem>
#include <memory>

#include "common/framework/engine.h"

namespace plumb::framework {

// `runtime`: the folder tools/fetch-tflite filled; `script`: plumb_tflite.mjs. Opening reads the
// file with our own reader (names are as our importer's); the runtime sees it in Run, which starts
// one process and, with layers, runs the network once for every 32 of them, with these as further
// outputs: TFLite overwrites what is none. The runtime has one thread.
//   kNotFound, runtime_unavailable     node or the script is not there
//   kInvalidArgument, model_refused    a file that cannot be read
Result<std::unique_ptr<Engine>> OpenTflite(const std::filesystem::path& runtime,
                                           const std::filesystem::path& script,
                                           const EngineRequest& request);

// "TFLite (tfjs-tflite 0.0.1-alpha.10) in node v20.20.2"; errors as OpenTflite.
Result<std::string> TfliteRuntimeName(const std::filesystem::path& runtime);

}  // namespace plumb::framework
