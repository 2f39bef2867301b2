#include "agent/core/virtual_library.h"

#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::agent {

Result<VirtualLibrary> VirtualLibraryFor(std::string_view family, std::string_view abi) {
  const std::string_view usual = family == "1.x" || family == "Q" ? "gen-b61" : "gen-c";
  const std::string chosen(abi.empty() ? usual : abi);
  if (chosen == "gen-c") {
    return VirtualLibrary{"libmi_ipu_virtual.so", "generation C", chosen};
  }
  if (chosen == "gen-b61") {
    return VirtualLibrary{"libmi_ipu_virtual_b61.so", "generation B", chosen};
  }
  if (chosen == "gen-b13") {
    return VirtualLibrary{"libmi_ipu_virtual_b13.so", "generation B, 13 tensors", chosen};
  }
  if (chosen == "gen0") {
    return VirtualLibrary{"libmi_ipu_virtual_0.so", "generation 0", chosen};
  }
  return InvalidArgumentError("--abi '" + EscapeForDisplay(chosen) + "' is not a generation")
      .WithReason(kReasonUsage)
      .WithHint("write gen0, gen-b13, gen-b61 or gen-c");
}

}  // namespace plumb::agent
