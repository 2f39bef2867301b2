// Putting the agent on a board, and taking it away again.
//
// The source is an unpacked board package (tools/board-package): bin/plumb-agent, bin/plumb-runner
// and share/plumbline/{agent.conf,plumb-agent.init,plumb-agent.service}. All that is installed lies
// below one prefix, so that a read-only root, 8 MB of flash, an SD card or NFS are no special case;
// only the start-up script goes to /etc.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::agent {

struct InstallOptions {
  std::filesystem::path package;     // the unpacked package
  std::filesystem::path root = "/";  // of the board's file system, e.g. an NFS root on a PC
  std::filesystem::path prefix = "/usr/local";  // within root, absolute
  std::string settings;  // lines to add to a configuration that is not there yet
  bool startup = true;   // a script in /etc/init.d or a systemd unit, where the board has a place
  bool dry_run = false;
  bool purge = false;  // uninstall: the configuration, too
};

// Copies what is missing or differs; a configuration that is there is kept. Returns a line for each
// thing that was done (or would be), and what to do next. Doing it twice changes nothing.
// kFailedPrecondition with a hint where to install instead: a read-only file system, too little
// space. kNotFound: the package is not complete.
Result<std::vector<std::string>> Install(const InstallOptions& options);

// Removes what Install wrote, by its list below prefix; a configuration that was changed stays
// unless `purge`. kNotFound: nothing is installed there.
Result<std::vector<std::string>> Uninstall(const InstallOptions& options);

}  // namespace plumb::agent
