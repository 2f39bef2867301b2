// The vendor's SDK on this machine: where it is, what of it is there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::server {

// What was found of an SDK; an empty path: not there.
struct SgsSdk {
  std::filesystem::path folder;
  std::filesystem::path cfg_env;         // cfg_env.sh
  std::filesystem::path simulator;       // Scripts/calibrator/simulator.py
  std::filesystem::path python_classes;  // Scripts/calibrator_custom
};

// What of an SDK lies in `folder`.
SgsSdk LookAtSdk(const std::filesystem::path& folder);

// Where an SDK is looked for when none is named: $PLUMB_SGS_SDK, $SGS_IPU_DIR (which cfg_env.sh
// sets), then folders SGS_IPU_SDK* in the working folder, the home folder, /opt and /usr/local.
std::vector<std::filesystem::path> UsualSdkPlaces();

// `named`, or the first usual place that holds an SDK. simulator_missing says where it was looked
// for, or what `named` lacks.
Result<SgsSdk> FindSdk(const std::filesystem::path& named);

}  // namespace plumb::server
