#include "common/npu/model/rounding.h"

#include <array>
#include <utility>

namespace plumb::npu {
namespace {

constexpr std::array<std::pair<RoundingProfile, std::string_view>, 3> kProfiles = {{
    {RoundingProfile::kHalfEven, "half_even"},
    {RoundingProfile::kHalfAway, "half_away"},
    {RoundingProfile::kHalfUp, "half_up"},
}};

}  // namespace

std::string_view RoundingProfileName(RoundingProfile profile) {
  for (const auto& [known, name] : kProfiles) {
    if (known == profile) {
      return name;
    }
  }
  return "";
}

std::optional<RoundingProfile> ParseRoundingProfile(std::string_view name) {
  for (const auto& [profile, known] : kProfiles) {
    if (known == name) {
      return profile;
    }
  }
  return std::nullopt;
}

std::vector<std::string> KnownRoundingProfiles() {
  std::vector<std::string> names;
  names.reserve(kProfiles.size());
  for (const auto& entry : kProfiles) {
    names.emplace_back(entry.second);
  }
  return names;
}

}  // namespace plumb::npu
