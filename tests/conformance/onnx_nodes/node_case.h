// One of ONNX's own single-operation cases: a model, its inputs and the outputs that its
// specification's reference implementation gave.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace plumb::test {

enum class CaseEnd { kPassed, kFailed, kUnsupported };

struct CaseResult {
  CaseEnd end = CaseEnd::kUnsupported;
  std::string reason;  // what is not supported, or what went wrong
};

// Imports `folder`/model.onnx, runs it in float and compares every output within 1e-3 + 1e-3·|x|,
// the tolerance ONNX's own runner has. Inputs that are no float tensors of the network (shapes,
// axes, and operands that must be constant) become initialisers, as networks have them.
//
// kUnsupported only for what the importer refuses with kUnimplemented, for operands that are not
// float, and for what leaves nothing to run (shapes, constants); any other refusal of a
// sound file is a failure.
//
// A tensor of four dimensions may be taken in the file's order or as NHWC, where its shape in the
// imported graph allows both: a single operation does not always tell.
CaseResult RunNodeCase(const std::filesystem::path& folder);

}  // namespace plumb::test
