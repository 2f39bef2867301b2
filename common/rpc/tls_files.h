// The PEM files of one side, as --tls-ca, --tls-cert and --tls-key name them.
#pragma once

#include <string>

namespace plumb::rpc {

struct TlsFiles {
  std::string ca;           // who signs the other side's certificate
  std::string certificate;  // ours, with what stands between it and the authority
  std::string key;          // ours; nobody else may read the file
  // Dialling: the name in the server's certificate, where it is not the host that is dialled.
  std::string server_name;

  [[nodiscard]] bool given() const {
    return !ca.empty() || !certificate.empty() || !key.empty() || !server_name.empty();
  }
};

}  // namespace plumb::rpc
