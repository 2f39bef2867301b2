// Whether a configuration fits a network.
#include <algorithm>

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/dump/input_config.h"

namespace plumb::dump {
namespace {

constexpr size_t kMaxListed = 8;

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status AtLine(const SourceLine& line, const std::string& what) {
  return InvalidArgumentError(
      (line.number > 0 ? "line " + std::to_string(line.number) + ": " : "") + what);
}

// The nearest of `names`, or some of them.
std::string Nearest(const std::string& name, const std::vector<std::string>& names) {
  if (const auto near = ClosestOf(name, names)) {
    return "did you mean '" + EscapeForDisplay(*near) + "'?";
  }
  std::vector<std::string> listed;
  for (const std::string& known : names) {
    if (listed.size() < kMaxListed) {
      listed.push_back(EscapeForDisplay(known));
    }
  }
  return "it has " + Join(listed, ", ") + (names.size() > kMaxListed ? ", …" : "");
}

template <class Tensor>
Status CheckEnds(const std::string& what,
                 const std::vector<Tensor>& configured,
                 const std::vector<std::string>& names) {
  for (const Tensor& tensor : configured) {
    if (!tensor.name.empty() && !Has(names, tensor.name)) {
      return AtLine(tensor.line,
                    "the network has no " + what + " '" + EscapeForDisplay(tensor.name) + "'")
          .WithHint(Nearest(tensor.name, names));
    }
  }
  if (configured.size() > names.size()) {
    return AtLine(configured.back().line,
                  std::to_string(configured.size()) + " values for the " +
                      std::to_string(names.size()) + " " + what + "s of the network")
        .WithHint("write one value for all or one for each; colours are separated by ':'");
  }
  return OkStatus();
}

}  // namespace

Status CheckNames(const InputConfig& config, const NetworkNames& network) {
  PLUMB_RETURN_IF_ERROR(CheckEnds("input", config.inputs, network.inputs));
  PLUMB_RETURN_IF_ERROR(CheckEnds("output", config.outputs, network.outputs));
  for (const std::string& name : config.convolution.tensors) {
    const std::string shown = "'" + EscapeForDisplay(name) + "'";
    if (!Has(network.tensors, name)) {
      return AtLine(config.convolution.line, "tensor_arrays: the network has no tensor " + shown)
          .WithHint(Nearest(name, network.tensors));
    }
    if (!Has(network.convolution_inputs, name)) {
      return AtLine(config.convolution.line,
                    "tensor_arrays: no convolution reads " + shown +
                        ", and only inputs of convolutions can be raised")
          .WithHint("raise the inputs of the convolutions before and after it");
    }
  }
  return OkStatus();
}

}  // namespace plumb::dump
