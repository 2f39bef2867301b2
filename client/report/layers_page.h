// The page without its report; made of layers.html by the build.
#pragma once

#include <string_view>

namespace plumb::client {

// Holds "@PLUMB_JSON@" once, where the report goes.
std::string_view LayersPage();

}  // namespace plumb::client
