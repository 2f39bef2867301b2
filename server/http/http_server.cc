#include "server/http/http_server.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "common/base/text.h"
#include "common/rpc/address.h"

namespace plumb::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr size_t kMaxPath = 1024;
constexpr std::chrono::milliseconds kAcceptPause{100};

HttpReply Refusal(unsigned status, std::string text) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(text) + "\n";
  return reply;
}

constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// FNV-1a: tells bodies apart, guards nothing.
std::string TagOf(const std::string& body) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : body) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  std::array<uint8_t, sizeof hash> bytes{};
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(hash);
    hash >>= 8U;
  }
  return '"' + ToHex(bytes.data(), bytes.size()) + '"';
}

// Whether `host` is what no other site's name can be: nothing, localhost or an IP address.
bool IsNumericHost(std::string_view host) {
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    host = host.substr(0, colon);
  }
  if (host.empty() || ToLower(host) == "localhost") {
    return true;
  }
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  beast::error_code error;
  asio::ip::make_address(std::string(host), error);
  return !error;
}

}  // namespace

class HttpServer::Impl {
 public:
  explicit Impl(HttpServerOptions options)
      : options_(std::move(options)),
        acceptor_(context_),
        pause_(context_) {}

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    context_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  Status Listen();

  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  class Session;

  void Accept();
  [[nodiscard]] HttpReply Answer(const http::request<http::empty_body>& request) const;

  HttpServerOptions options_;
  size_t open_ = 0;  // connections; they end with the context
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::string address_;
  std::thread thread_;
};

// One connection, many requests.
class HttpServer::Impl::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Impl* server, tcp::socket socket) : server_(server), stream_(std::move(socket)) {
    ++server_->open_;
  }

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  ~Session() { --server_->open_; }

  void Read() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(server_->options_.limits.header_bytes));
    parser_->body_limit(uint64_t{0});
    stream_.expires_after(server_->options_.limits.idle);
    http::async_read(stream_,
                     buffer_,
                     *parser_,
                     [self = shared_from_this()](beast::error_code error, size_t /*bytes*/) {
                       self->OnRead(error);
                     });
  }

 private:
  void OnRead(beast::error_code error) {
    if (error == http::error::header_limit || error == http::error::body_limit) {
      known_tag_.clear();
      return Write(Refusal(413, "the request is too large"), false, false);
    }
    if (error) {
      return;  // gone, too slow or no HTTP
    }
    const auto& request = parser_->get();
    known_tag_ = std::string(request[http::field::if_none_match]);
    Write(server_->Answer(request), request.keep_alive(), request.method() == http::verb::head);
  }

  void Write(HttpReply reply, bool keep_alive, bool head) {
    response_ = {};
    response_.result(reply.status);
    response_.set(http::field::server, "plumb-server");
    response_.set(http::field::content_type, reply.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    response_.set("Content-Security-Policy", kContentPolicy);
    response_.set("Cross-Origin-Resource-Policy", "same-origin");
    response_.set("Referrer-Policy", "no-referrer");
    response_.keep_alive(keep_alive);
    const std::string tag = reply.status == 200 ? TagOf(reply.body) : std::string();
    if (!tag.empty()) {
      response_.set(http::field::etag, tag);
    }
    if (!tag.empty() && tag == known_tag_) {
      response_.result(http::status::not_modified);
    } else {
      response_.content_length(reply.body.size());
      response_.body() = head ? std::string() : std::move(reply.body);
    }
    stream_.expires_after(server_->options_.limits.idle);
    http::async_write(
        stream_,
        response_,
        [self = shared_from_this(), keep_alive](beast::error_code error, size_t /*bytes*/) {
          if (!error && keep_alive) {
            self->Read();
          }
        });
  }

  Impl* server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{16384};
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  std::string known_tag_;  // what the client has
};

Status HttpServer::Impl::Listen() {
  PLUMB_ASSIGN_OR_RETURN(const rpc::Address address,
                         rpc::CheckListenAddress(options_.listen, options_.allow_remote));
  if (address.is_unix()) {
    return InvalidArgumentError("'" + options_.listen + "' is a unix socket")
        .WithHint("write host:port, for example 127.0.0.1:8080");
  }
  beast::error_code error;
  tcp::resolver resolver(context_);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), error);
  if (error || found.empty()) {
    return InvalidArgumentError("'" + address.host +
                                "' is no address of this machine: " + error.message());
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor_.open(endpoint.protocol(), error);
  if (!error) {
    acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  }
  if (!error) {
    acceptor_.bind(endpoint, error);
  }
  if (!error) {
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    return UnavailableError("cannot listen on " + options_.listen + ": " + error.message())
        .WithHint("is another server running? choose another port");
  }
  rpc::Address bound = address;
  bound.port = acceptor_.local_endpoint().port();
  address_ = bound.ToString();
  Accept();
  thread_ = std::thread([this] { context_.run(); });
  return OkStatus();
}

void HttpServer::Impl::Accept() {
  acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) {
      return;
    }
    if (error) {  // no descriptors left: trying at once would only burn the processor
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([this](beast::error_code ended) {
        if (!ended) {
          Accept();
        }
      });
      return;
    }
    if (open_ < options_.limits.connections) {
      std::make_shared<Session>(this, std::move(socket))->Read();
    }
    Accept();
  });
}

HttpReply HttpServer::Impl::Answer(const http::request<http::empty_body>& request) const {
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return Refusal(405, "only GET and HEAD are answered");
  }
  const auto host = request[http::field::host];
  if (!options_.allow_remote && !IsNumericHost({host.data(), host.size()})) {
    return Refusal(421, "ask by IP address or as localhost: this server is known by no other name");
  }
  const std::string target(request.target().data(), request.target().size());
  const size_t mark = target.find('?');
  HttpRequest wanted;
  wanted.path = target.substr(0, mark);
  wanted.query = mark == std::string::npos ? std::string() : target.substr(mark + 1);
  if (wanted.path.empty() || wanted.path[0] != '/' || wanted.path.size() > kMaxPath ||
      wanted.query.size() > kMaxPath) {
    return Refusal(400, "this is no path");
  }
  return options_.answer(wanted);
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  PLUMB_RETURN_IF_ERROR(impl->Listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

const std::string& HttpServer::address() const {
  return impl_->address();
}

}  // namespace plumb::server
