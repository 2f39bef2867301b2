// Finding the engines: where they are fetched to, and what the person chose instead.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/framework/engine.h"
#include "common/npu/import/import.h"

namespace plumb::framework {

using npu::NetworkFormat;

// The folder that tools/install-deps --frameworks and tools/fetch-tflite fetch into:
// $PLUMB_FRAMEWORKS, or plumbline/frameworks in $XDG_DATA_HOME or ~/.local/share.
std::filesystem::path FrameworksFolder();

// Of the engine for files of `format`: its library, or for TFLite the folder of its runtime.
// $PLUMB_ONNXRUNTIME, $PLUMB_TFLITE and $PLUMB_FRAMEWORK_CAFFE name another one than the usual
// place.
std::filesystem::path EnginePath(NetworkFormat format);

// `path`: what the person chose, or empty for EnginePath. kNotFound, runtime_unavailable when the
// engine is not there, with the command that fetches it as the hint; else as the engine's own Open.
Result<std::unique_ptr<Engine>> OpenEngine(NetworkFormat format,
                                           const std::filesystem::path& path,
                                           const EngineRequest& request);

// What `plumb doctor` and tests say of an engine.
struct EngineState {
  std::string engine;  // "ONNX Runtime"
  bool usable = false;
  std::string detail;  // where it is and which version, or why it cannot be used
  std::string mend;    // the command that fetches it; empty when it is usable
};

EngineState ExamineEngine(NetworkFormat format);

}  // namespace plumb::framework
