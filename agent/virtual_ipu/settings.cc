#include "agent/virtual_ipu/settings.h"

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "common/base/text.h"

namespace plumb::virtual_ipu {
namespace {

constexpr std::array<std::pair<std::string_view, Fault>, 10> kFaults = {{
    {"rounding", Fault::kRounding},
    {"stale", Fault::kStale},
    {"unwritten", Fault::kUnwritten},
    {"noise", Fault::kNoise},
    {"format", Fault::kFormat},
    {"padding", Fault::kPadding},
    {"hang", Fault::kHang},
    {"ipu_hang", Fault::kIpuHang},
    {"crash", Fault::kCrash},
    {"nomem", Fault::kNomem},
}};

std::string FromEnvironment(const char* name) {
  // Read once while the library starts, before it could have threads.
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

}  // namespace

Result<Fault> ParseFault(const std::string& name) {
  if (name.empty()) {
    return Fault::kNone;
  }
  std::string known;
  for (const auto& [text, fault] : kFaults) {
    if (text == name) {
      return fault;
    }
    known += known.empty() ? "" : ", ";
    known += text;
  }
  return InvalidArgumentError("fault '" + EscapeForDisplay(name) + "' is not one of " + known);
}

Result<Settings> SettingsFromEnvironment() {
  Settings settings;
  const std::string family = FromEnvironment("PLUMB_VIRTUAL_FAMILY");
  if (!family.empty()) {
    const auto parsed = ParseFamily(family);
    if (!parsed) {
      return InvalidArgumentError("PLUMB_VIRTUAL_FAMILY '" + EscapeForDisplay(family) +
                                  "' is not one of " + KnownFamilies());
    }
    settings.family = *parsed;
  }
  PLUMB_ASSIGN_OR_RETURN(settings.fault, ParseFault(FromEnvironment("PLUMB_VIRTUAL_FAULT")));
  const std::string seed = FromEnvironment("PLUMB_VIRTUAL_SEED");
  settings.seed = ParseUint(seed);
  if (!seed.empty() && !settings.seed) {
    return InvalidArgumentError("PLUMB_VIRTUAL_SEED '" + EscapeForDisplay(seed) +
                                "' is not a number");
  }
  return settings;
}

}  // namespace plumb::virtual_ipu
