// An engine out of a library with the interface of plugin_abi.h.
#pragma once

#include <filesystem>
#include <memory>

#include "common/framework/engine.h"

namespace plumb::framework {

// Loads `library` for the rest of the process. kFailedPrecondition, runtime_unavailable when it
// cannot be loaded or speaks another version of the interface; kInvalidArgument, model_refused with
// the engine's words for a model it does not take. A plug-in runs in this process: its crash is
// ours, and it stops where it asks whether it should.
Result<std::unique_ptr<Engine>> OpenPlugin(const std::filesystem::path& library,
                                           const EngineRequest& request);

// The engine's name and version, without opening a model. Errors as OpenPlugin.
Result<std::string> PluginEngineName(const std::filesystem::path& library);

}  // namespace plumb::framework
