// What the virtual IPU is told by its environment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/status.h"
#include "common/tensor/family.h"

namespace plumb::virtual_ipu {

// What a chip can be made to do wrong (docs/cli.md, "Faults").
enum class Fault {
  kNone,
  kRounding,
  kStale,
  kUnwritten,
  kNoise,
  kFormat,
  kPadding,
  kHang,     // Invoke does not come back
  kIpuHang,  // Invoke comes back with the number of a hung IPU
  kCrash,
  kNomem,
};

struct Settings {
  Family family = Family::kS3;
  Fault fault = Fault::kNone;
  std::optional<uint64_t> seed;  // of padding and noise; empty: the system's
};

// "rounding" … "nomem"; kInvalidArgument lists them. "" is kNone.
Result<Fault> ParseFault(const std::string& name);

// PLUMB_VIRTUAL_FAMILY (default S3), PLUMB_VIRTUAL_FAULT (default none) and PLUMB_VIRTUAL_SEED, a
// number that makes padding and noise the same in every process that has it (default: none, they
// never repeat). kInvalidArgument says what else to write.
Result<Settings> SettingsFromEnvironment();

}  // namespace plumb::virtual_ipu
