// Results in the form that CI servers read.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"

namespace plumb::client {

// JUnit XML of a document plumb.batch/1, plumb.suite/1, plumb.comparison/1 or plumb.layers/1
// (docs/cli.md): a test case for each input of a batch and each run of a suite (a test suite for
// each model), else for each tensor. What differs or is missing is a failure; what could not be
// compared, a board that died or an input that was refused, is an error; an input that was not run
// is skipped. UTF-8, without times, so the same document gives the same bytes. kInvalidArgument for
// anything else.
Result<std::string> JunitXml(std::string_view json);

}  // namespace plumb::client
