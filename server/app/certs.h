// A small certificate authority for a lab: plumb-server certs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::server {

struct CertsOptions {
  std::filesystem::path folder;      // made if missing, mode 700
  std::vector<std::string> servers;  // host names and IP addresses of one server: server.pem
  std::vector<std::string> agents;   // board names: agent-NAME.pem, for that board alone
  std::vector<std::string> clients;  // people and machines: client-NAME.pem, for no board
};

// Makes ca.pem and ca.key, unless they are there, and a certificate and a key (mode 600) for each
// name: EC P-256, SHA-256, two years (the authority: ten). Returns a line for each file. Nothing
// that exists is replaced: kAlreadyExists. kInvalidArgument: a name that cannot stand in a
// certificate or a file's name. Each file is written whole; a failure leaves those that were done.
Result<std::vector<std::string>> MakeCerts(const CertsOptions& options);

}  // namespace plumb::server
