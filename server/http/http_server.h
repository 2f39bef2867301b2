// A small HTTP server for what only reads: health, metrics, the web page. GET and HEAD, no bodies.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::server {

struct HttpRequest {
  std::string path;   // "/metrics": begins with '/', at most 1024 bytes, as it was sent
  std::string query;  // "limit=5", likewise; empty: none
};

// Every reply carries a Content-Security-Policy under which a page may load from this server alone
// and run no script that is written into it. A 200 carries an ETag; who shows it again
// (If-None-Match) gets 304 without the body while it is the same.
struct HttpReply {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct HttpLimits {
  size_t connections = 64;                 // more are closed at once
  size_t header_bytes = 8192;              // larger requests are refused
  std::chrono::milliseconds idle{10'000};  // for a request to come, a reply to leave
};

struct HttpServerOptions {
  std::string listen;  // "host:port", port 0: the system chooses
  // Addresses other than loopback; nothing here is encrypted. Without it only requests for an IP
  // address or "localhost" are answered: a foreign page whose name is made to point here
  // (DNS rebinding) learns nothing.
  bool allow_remote = false;
  HttpLimits limits;
  // Called on the server's one thread, one request at a time; it may wait a few seconds.
  std::function<HttpReply(const HttpRequest& request)> answer;
};

// Runs on a thread of its own while it lives. Thread-safe.
class HttpServer {
 public:
  // kInvalidArgument or kPermissionDenied for the address, kUnavailable for one in use.
  static Result<std::unique_ptr<HttpServer>> Start(HttpServerOptions options);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // Closes all connections.
  ~HttpServer();

  // "127.0.0.1:8080", the port resolved.
  [[nodiscard]] const std::string& address() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::server
