// The compared tensors as a table for spreadsheets.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"

namespace plumb::client {

// RFC 4180 of a document plumb.batch/1, plumb.comparison/1 or plumb.layers/1: a row for each tensor
// (of each input), '.' as the decimal point, numbers as the document has them, empty where it has
// null. A cell that a spreadsheet would take for a formula begins with an apostrophe.
// kInvalidArgument for anything else.
Result<std::string> TensorCsv(std::string_view json);

}  // namespace plumb::client
