// What `--input` of `plumb run` stands for: the files of one execution, or of many.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::client {

struct RunInputs {
  // The files of each execution, one per input of the model, in the order they are judged in.
  std::vector<std::vector<std::string>> samples;
  bool batch = false;      // a folder, a list, a pattern, or several files for one input
  size_t passed_over = 0;  // files in folders that are no inputs
};

// `values`: as typed; each is a file, a folder, a list (.txt or .list), a pattern with * ? [ or
// "a.bin,b.bin". `input_count`: of the model, empty when that is not known. `script`: a
// preprocessing script takes the files, so pictures are welcome. Usage errors name --input; the
// rules are in docs/cli.md ("Many inputs").
Result<RunInputs> ListRunInputs(const std::vector<std::string>& values,
                                std::optional<size_t> input_count,
                                bool script);

}  // namespace plumb::client
