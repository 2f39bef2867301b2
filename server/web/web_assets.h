// The files of the web page, embedded by the build.
#pragma once

#include <string_view>

namespace plumb::server {

// The text of "index.html", "app.js", …; empty: no such file.
std::string_view WebAsset(std::string_view name);

}  // namespace plumb::server
