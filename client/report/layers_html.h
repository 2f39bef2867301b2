// The comparison layer by layer as a page that needs nothing else: no network, no other file.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"

namespace plumb::client {

// `json` is a document of the schema plumb.layers/1 in UTF-8 (docs/cli.md). The page shows it and
// holds it whole; names in it stay text, whatever they are. The same document gives the same bytes.
// kInvalidArgument for anything else.
Result<std::string> LayersHtml(std::string_view json);

}  // namespace plumb::client
