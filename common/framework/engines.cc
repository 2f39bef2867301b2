#include "common/framework/engines.h"

#include <cstdlib>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/framework/onnx_engine.h"
#include "common/framework/ort_api.h"
#include "common/framework/plugin_engine.h"
#include "common/framework/tflite_engine.h"
#include "common/runner/failure.h"

namespace plumb::framework {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOnnxLibrary = "libonnxruntime.so.1.17.0";
constexpr const char* kCaffeLibrary = "libplumb_framework_opencv.so";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it here
  return value == nullptr ? std::string() : std::string(value);
}

struct Facts {
  const char* engine;
  const char* variable;
  const char* fetch;
};

Facts FactsOf(NetworkFormat format) {
  switch (format) {
    case NetworkFormat::kOnnx:
      return {"ONNX Runtime", "PLUMB_ONNXRUNTIME", "tools/install-deps --frameworks"};
    case NetworkFormat::kTflite:
      return {"TFLite", "PLUMB_TFLITE", "tools/fetch-tflite"};
    case NetworkFormat::kCaffe:
      return {
          "OpenCV DNN", "PLUMB_FRAMEWORK_CAFFE", "tools/install-deps --frameworks && tools/build"};
  }
  return {"", "", ""};
}

// The folder above the programs: bin/plumb, tests/x and lib/ share it.
fs::path BesidePrograms(const fs::path& place) {
  const auto program = ProgramPath();
  return program.ok() ? program->parent_path().parent_path() / place : place;
}

Status Absent(const Facts& facts, const fs::path& path) {
  return NotFoundError(std::string(facts.engine) + " is not there: no '" +
                       EscapeForDisplay(path.string()) + "'")
      .WithReason(kReasonRuntimeUnavailable)
      .WithHint(std::string("fetch it with: ") + facts.fetch);
}

bool Exists(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

Result<std::string> VersionOf(NetworkFormat format, const fs::path& path) {
  switch (format) {
    case NetworkFormat::kOnnx: {
      PLUMB_ASSIGN_OR_RETURN(const OrtApi api, OrtApi::Load(path));
      return "ONNX Runtime " + api.version();
    }
    case NetworkFormat::kTflite:
      return TfliteRuntimeName(path);
    case NetworkFormat::kCaffe:
      return PluginEngineName(path);
  }
  return InternalError("an unknown format");
}

}  // namespace

fs::path FrameworksFolder() {
  const std::string chosen = Environment("PLUMB_FRAMEWORKS");
  if (!chosen.empty()) {
    return chosen;
  }
  const std::string data = Environment("XDG_DATA_HOME");
  const fs::path folder =
      data.empty() ? fs::path(Environment("HOME")) / ".local" / "share" : fs::path(data);
  return folder / "plumbline" / "frameworks";
}

fs::path EnginePath(NetworkFormat format) {
  const std::string chosen = Environment(FactsOf(format).variable);
  if (!chosen.empty()) {
    return chosen;
  }
  switch (format) {
    case NetworkFormat::kOnnx:
      return FrameworksFolder() / "onnxruntime" / kOnnxLibrary;
    case NetworkFormat::kTflite:
      return FrameworksFolder() / "tflite";
    case NetworkFormat::kCaffe:
      return BesidePrograms(fs::path("lib") / kCaffeLibrary);
  }
  return {};
}

Result<std::unique_ptr<Engine>> OpenEngine(NetworkFormat format,
                                           const fs::path& path,
                                           const EngineRequest& request) {
  const fs::path engine = path.empty() ? EnginePath(format) : path;
  if (!Exists(engine)) {
    return Absent(FactsOf(format), engine);
  }
  switch (format) {
    case NetworkFormat::kOnnx:
      return OpenOnnxRuntime(engine, request);
    case NetworkFormat::kTflite:
      return OpenTflite(engine, BesidePrograms("share/plumb/tflite/plumb_tflite.mjs"), request);
    case NetworkFormat::kCaffe:
      return OpenPlugin(engine, request);
  }
  return InternalError("an unknown format");
}

EngineState ExamineEngine(NetworkFormat format) {
  const Facts facts = FactsOf(format);
  const fs::path path = EnginePath(format);
  EngineState state{facts.engine, false, "", facts.fetch};
  if (!Exists(path)) {
    state.detail = Absent(facts, path).message();
    return state;
  }
  const auto version = VersionOf(format, path);
  if (!version.ok()) {
    state.detail = version.status().message();
    state.mend = version.status().hint().empty() ? facts.fetch : version.status().hint();
    return state;
  }
  return {facts.engine, true, *version + ", " + path.string(), ""};
}

}  // namespace plumb::framework
