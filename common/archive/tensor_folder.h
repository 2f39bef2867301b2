// A folder of raw outputs with a tensors.json that says what they are: what any simulator or lab
// script can write by hand (docs/formats/tensor-folder.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/archive/recording.h"
#include "common/base/status.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::archive {

constexpr const char* kTensorsFile = "tensors.json";

// Why the writer has no outputs, in its own words.
struct WritersError {
  std::string kind;  // empty: no error; otherwise a word of docs/formats/tensor-folder.md
  std::string message;
  std::string hint;
};

struct TensorFolder {
  std::string source;
  std::string sdk;
  std::vector<double> invoke_ms;
  std::vector<TensorDesc> inputs;   // may be empty: not told
  std::vector<TensorDesc> outputs;  // each fits its file; none when there is an error
  WritersError error;
};

// True when `path` holds a tensors.json.
bool IsTensorFolder(const std::filesystem::path& path);

// Checks tensors.json and the size of every output_NN.raw, whose names are computed and never read.
// Links are refused. kNotFound: there is no tensors.json; kInvalidArgument or kDataLoss: what is
// wrong with it.
Result<TensorFolder> ReadTensorFolder(const std::filesystem::path& path);

// The same as a recording of one run, its outputs mapped and its digests computed, so that it can
// be compared and replayed. kFailedPrecondition when the folder holds an error.
Result<OpenRecording> OpenTensorFolder(const std::filesystem::path& path);

}  // namespace plumb::archive
