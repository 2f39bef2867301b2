// --input-shape, the same for every verb that reads a network of a framework.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/npu/import/import.h"

namespace CLI {
class App;
}

namespace plumb::client {

// `values` must live as long as the app.
void AddInputShapes(CLI::App& app, std::vector<std::string>& values);

// "NAME=1x3x48x192" each; the last '=' parts name and shape. A usage error names the flag and what
// it takes.
Result<npu::InputShapes> InputShapesFrom(const std::vector<std::string>& values);

}  // namespace plumb::client
