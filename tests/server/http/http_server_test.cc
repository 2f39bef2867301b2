// The HTTP server spoken to in bytes.
#include "server/http/http_server.h"

#include <boost/asio.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  void Serve(HttpLimits limits = {}) {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.limits = limits;
    options.answer = [](const HttpRequest& request) {
      const std::string& path = request.path;
      return path == "/here" ? HttpReply{200, "text/plain", "body of " + path}
                             : HttpReply{404, "text/plain", "no"};
    };
    auto server = HttpServer::Start(std::move(options));
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = std::move(*server);
  }

  tcp::socket Connect() {
    const std::string& address = server_->address();
    const size_t colon = address.rfind(':');
    tcp::socket socket(context_);
    socket.connect({asio::ip::make_address(address.substr(0, colon)),
                    static_cast<unsigned short>(std::stoi(address.substr(colon + 1)))});
    return socket;
  }

  // All that comes until the server closes; what cannot be sent is not.
  std::string Exchange(const std::string& request) {
    tcp::socket socket = Connect();
    boost::system::error_code error;
    asio::write(socket, asio::buffer(request), error);
    std::string reply;
    asio::read(socket, asio::dynamic_buffer(reply), error);
    return reply;
  }

  asio::io_context context_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersAPathWithoutItsQuery) {
  Serve();
  const std::string reply =
      Exchange("GET /here?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("Content-Length: 13\r\n"));
  EXPECT_THAT(reply, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(reply, testing::EndsWith("\r\n\r\nbody of /here"));
  EXPECT_THAT(Exchange("GET /no HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
  Serve();
  const std::string reply =
      Exchange("HEAD /here HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(reply, HasSubstr("Content-Length: 13\r\n"));
  EXPECT_THAT(reply, Not(HasSubstr("body of")));
}

TEST_F(HttpServerTest, OneConnectionTakesManyRequests) {
  Serve();
  const std::string reply = Exchange(
      "GET /here HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /no HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(reply, HasSubstr("body of /here"));
  EXPECT_THAT(reply, HasSubstr("404 Not Found"));
}

TEST_F(HttpServerTest, WhatOnlyReadsRefusesTheRest) {
  Serve();
  EXPECT_THAT(Exchange("DELETE /here HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Exchange("POST /here HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Exchange("GET here HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Exchange("GET /" + std::string(2000, 'a') + " HTTP/1.1\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Exchange("GET /here HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n"),
              Not(HasSubstr("200 OK")));
  EXPECT_EQ(Exchange("this is no HTTP\r\n\r\n"), "");
  // And goes on serving.
  EXPECT_THAT(Exchange("GET /here HTTP/1.0\r\n\r\n"), HasSubstr("body of"));
}

TEST_F(HttpServerTest, WhoSaysNothingIsSentAway) {
  HttpLimits limits;
  limits.idle = std::chrono::milliseconds(20);
  Serve(limits);
  EXPECT_EQ(Exchange("GET /here HT"), "");
}

TEST_F(HttpServerTest, AConnectionTooManyIsClosedAndTheNextServedOnceOneIsFree) {
  HttpLimits limits;
  limits.connections = 1;
  Serve(limits);
  tcp::socket first = Connect();
  // Served, so surely accepted.
  asio::write(first, asio::buffer(std::string("GET /here HTTP/1.1\r\nHost: localhost\r\n\r\n")));
  std::string reply;
  asio::read_until(first, asio::dynamic_buffer(reply), "body of /here");
  EXPECT_EQ(Exchange("GET /here HTTP/1.0\r\n\r\n"), "");
  first.close();
  // The server learns of it when it reads.
  std::string next;
  while (next.empty()) {
    next = Exchange("GET /here HTTP/1.0\r\n\r\n");
  }
  EXPECT_THAT(next, HasSubstr("body of /here"));
}

TEST_F(HttpServerTest, OtherMachinesAreNotListenedToUnlessAsked) {
  HttpServerOptions options;
  options.listen = "0.0.0.0:0";
  EXPECT_EQ(HttpServer::Start(options).status().code(), StatusCode::kPermissionDenied);
  options.listen = "unix:/tmp/x";
  EXPECT_EQ(HttpServer::Start(options).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(HttpServerTest, APageMayRunNoScriptOfItsText) {
  Serve();
  const std::string reply = Exchange("GET /here HTTP/1.0\r\n\r\n");
  EXPECT_THAT(reply, HasSubstr("Content-Security-Policy: default-src 'none'; script-src 'self';"));
  EXPECT_THAT(reply, Not(HasSubstr("unsafe")));
  EXPECT_THAT(reply, Not(HasSubstr("Set-Cookie")));
}

TEST_F(HttpServerTest, WhatIsKnownIsNotSentAgain) {
  Serve();
  const std::string first = Exchange("GET /here HTTP/1.0\r\n\r\n");
  const size_t at = first.find("ETag: ");
  ASSERT_NE(at, std::string::npos);
  const std::string tag = first.substr(at + 6, first.find('\r', at) - at - 6);
  const std::string again = Exchange("GET /here HTTP/1.0\r\nIf-None-Match: " + tag + "\r\n\r\n");
  EXPECT_THAT(again, StartsWith("HTTP/1.1 304 "));
  EXPECT_THAT(again, Not(HasSubstr("body of")));
  EXPECT_THAT(Exchange("GET /here HTTP/1.0\r\nIf-None-Match: \"0\"\r\n\r\n"), HasSubstr("body of"));
}

TEST_F(HttpServerTest, AForeignNameThatPointsHereLearnsNothing) {
  Serve();
  const auto ask = [&](const std::string& host) {
    return Exchange("GET /here HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
  };
  for (const char* name : {"evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1"}) {
    EXPECT_THAT(ask(name), StartsWith("HTTP/1.1 421 ")) << name;
  }
  for (const char* name : {"127.0.0.1:9464", "LocalHost:1", "[::1]:9464", "[::1]", "10.0.0.7"}) {
    EXPECT_THAT(ask(name), StartsWith("HTTP/1.1 200 ")) << name;
  }
}

TEST_F(HttpServerTest, APortInUseIsSaid) {
  Serve();
  HttpServerOptions options;
  options.listen = server_->address();
  const auto second = HttpServer::Start(options);
  EXPECT_EQ(second.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(second.status().message(), HasSubstr(server_->address()));
}

}  // namespace
}  // namespace plumb::server
