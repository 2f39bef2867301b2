#include "client/cli/option/server_option.h"

#include "client/cli/frame/usage.h"

#include <CLI/CLI.hpp>

namespace plumb::client {

CLI::Option* AddServer(CLI::App& app, std::string& address, ServerTrust& tls) {
  const auto file = [&app](const char* flag, std::string& value, const char* help) {
    app.add_option(flag, value, help)->type_name("FILE");
  };
  file("--tls-ca", tls.ca, "Certificate of the authority that signed the server's");
  file("--tls-cert", tls.certificate, "Your certificate");
  file("--tls-key", tls.key, "Its private key (mode 600)");
  app.add_option("--tls-server-name",
                 tls.server_name,
                 "The name in the server's certificate, if it is not the host of --server")
      ->type_name("NAME");
  file("--token-file", tls.token_file, "Your token, as `plumb token add` printed it (mode 600)");
  return app
      .add_option("--server",
                  address,
                  "The plumb-server: host:port or unix:/path (default from PLUMB_SERVER)")
      ->type_name("ADDR");
}

Result<std::unique_ptr<Client>> ConnectToServer(const std::string& address,
                                                const ServerTrust& trust) {
  if (address.empty()) {
    return UsageError("no server is named", "add --server ADDR or set PLUMB_SERVER");
  }
  ClientOptions options;
  options.address = address;
  options.tls = trust;
  options.token_file = trust.token_file;
  return Client::Connect(options);
}

}  // namespace plumb::client
