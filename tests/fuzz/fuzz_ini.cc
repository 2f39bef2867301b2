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

// What can be written at all reads back the same.
void RequireRoundTrip(const plumb::dump::InputConfig& config) {
  const auto written = plumb::dump::WriteInputConfig(config);
  if (!written.ok()) {
    return;
  }
  const auto again = plumb::dump::ParseInputConfig(*written, plumb::dump::UnknownWords::kRefuse);
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(again->convolution == config.convolution && again->converter == config.converter);
  FUZZ_REQUIRE(again->outputs == config.outputs && again->inputs == config.inputs);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  const std::string_view text = fuzz::TextOf({data, size});
  if (const auto ini = dump::ParseIni(text); ini.ok()) {
    for (const dump::IniEntry& entry : ini->entries) {
      FUZZ_REQUIRE(entry.line >= 1 && !entry.section.empty());
    }
  }
  const auto config = dump::ParseInputConfig(text);
  if (config.ok()) {
    for (const auto& input : config->inputs) {
      RequireUsable(input);
    }
    RequireRoundTrip(*config);
  }
  if (dump::ParseInputConfig(text, dump::UnknownWords::kRefuse).ok()) {
    FUZZ_REQUIRE(config.ok());
  }
  if (const auto colors = dump::ParsePerColor(text); colors.ok()) {
    FUZZ_REQUIRE(std::isfinite((*colors)[0]) && std::isfinite((*colors)[2]));
  }
  return 0;
}
