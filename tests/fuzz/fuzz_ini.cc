// input_config.ini.
#include <cmath>

#include "common/dump/ini.h"
#include "common/dump/input_config.h"
#include "tests/fuzz/fuzz.h"

namespace {

void RequireUsable(const plumb::dump::ConfiguredInput& input) {
  for (const auto& colors : {input.mean, input.std_dev}) {
    if (colors) {
      for (const double value : *colors) {
        FUZZ_REQUIRE(std::isfinite(value));
      }
    }
  }
  if (input.std_dev) {
    for (const double value : *input.std_dev) {
      FUZZ_REQUIRE(value > 0);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  const std::string_view text = fuzz::TextOf({data, size});
  if (const auto entries = dump::ParseIni(text); entries.ok()) {
    for (const dump::IniEntry& entry : *entries) {
      FUZZ_REQUIRE(entry.line >= 1 && !entry.section.empty());
    }
  }
  const auto config = dump::ParseInputConfig(text);
  if (config.ok()) {
    for (const auto& input : config->inputs) {
      RequireUsable(input);
    }
  }
  if (const auto colors = dump::ParsePerColor(text); colors.ok()) {
    FUZZ_REQUIRE(std::isfinite((*colors)[0]) && std::isfinite((*colors)[2]));
  }
  return 0;
}
