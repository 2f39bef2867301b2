#include "common/framework/engine.h"

#include "common/base/checked.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::framework {

Status CheckInputs(std::span<const Port> ports, std::span<const Buffer> inputs) {
  if (inputs.size() != ports.size()) {
    return InvalidArgumentError("the model has " + std::to_string(ports.size()) + " inputs, but " +
                                std::to_string(inputs.size()) + " were given")
        .WithReason(kReasonInputRefused);
  }
  for (size_t i = 0; i < ports.size(); ++i) {
    const Port& port = ports[i];
    const auto bytes = CheckedMul<uint64_t>(port.shape.element_count().value_or(UINT64_MAX),
                                            ElementSize(port.element_type));
    if (bytes != inputs[i].size()) {
      return InvalidArgumentError("input '" + EscapeForDisplay(port.name) + "' takes " +
                                  std::string(ElementTypeName(port.element_type)) + " " +
                                  port.shape.ToString() + " (" +
                                  (bytes ? std::to_string(*bytes) : "too many") + " bytes), but " +
                                  std::to_string(inputs[i].size()) + " bytes were given")
          .WithReason(kReasonInputRefused);
    }
  }
  return OkStatus();
}

}  // namespace plumb::framework
