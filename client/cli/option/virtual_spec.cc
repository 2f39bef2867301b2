#include "client/cli/option/virtual_spec.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "client/cli/frame/usage.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

constexpr std::array<std::string_view, 10> kFaults = {"rounding",
                                                      "stale",
                                                      "unwritten",
                                                      "noise",
                                                      "format",
                                                      "padding",
                                                      "hang",
                                                      "ipu_hang",
                                                      "crash",
                                                      "nomem"};

Status NoSuchFault(const std::string& spec) {
  std::string names;
  for (const std::string_view name : kFaults) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return UsageError("--virtual: '" + EscapeForDisplay(spec) + "' names no known fault",
                    "write FAMILY,fault=F with F one of " + names);
}

}  // namespace

Result<VirtualSpec> ParseVirtualSpec(const std::string& spec) {
  const auto parts = Split(spec, ',');
  const auto family = ParseFamily(parts[0]);
  if (!family) {
    return UsageError("--virtual: '" + EscapeForDisplay(parts[0]) + "' is no chip family",
                      "write one of " + KnownFamilies() + ", e.g. --virtual S6");
  }
  VirtualSpec parsed{*family, ""};
  if (parts.size() == 1) {
    return parsed;
  }
  constexpr std::string_view kKey = "fault=";
  const std::string_view fault = parts[1];
  if (parts.size() > 2 || !fault.starts_with(kKey)) {
    return NoSuchFault(spec);
  }
  parsed.fault = fault.substr(kKey.size());
  return std::find(kFaults.begin(), kFaults.end(), parsed.fault) == kFaults.end()
             ? NoSuchFault(spec)
             : Result<VirtualSpec>(parsed);
}

}  // namespace plumb::client
