// Bytes that gRPC 1.51.1 would buffer without end (CVE-2023-33953), sent to the TLS port by
// somebody without a certificate: nothing of ours, nor of HTTP/2, answers.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "common/base/unique_fd.h"
#include "server/app/certs.h"
#include "tests/integration/server_fixture.h"

namespace plumb::test {
namespace {

// RFC 9113: preface, empty SETTINGS, HEADERS without END_HEADERS, then one header's value in
// CONTINUATION frames that never end.
std::string Bomb(size_t frames) {
  const auto frame = [](char type, uint8_t stream, const std::string& payload) {
    std::string head(9, '\0');
    head[0] = static_cast<char>(payload.size() >> 16U);
    head[1] = static_cast<char>(payload.size() >> 8U);
    head[2] = static_cast<char>(payload.size());
    head[3] = type;
    head[8] = static_cast<char>(stream);
    return head + payload;
  };
  std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, "");
  // A literal header "x" whose value claims 2^28 bytes.
  bytes += frame(1, 1, std::string("\x00\x01x\x7f\x81\xff\xff\x7f", 8));
  for (size_t i = 0; i < frames; ++i) {
    bytes += frame(9, 1, std::string(16'000, 'a'));
  }
  return bytes;
}

class Http2BombTest : public ServerFixture {
 protected:
  Http2BombTest() {
    server::CertsOptions certs;
    certs.folder = folder_.path() / "lab";
    certs.servers = {"localhost", "127.0.0.1"};
    EXPECT_TRUE(server::MakeCerts(certs).ok());
    server_.reset();
    server::ServerAppOptions options;
    options.listen = {"127.0.0.1:0"};
    options.data = folder_.path() / "tls";
    options.tls = {
        certs.folder / "ca.pem", certs.folder / "server.pem", certs.folder / "server.key", ""};
    auto server = server::ServerApp::Start(options);
    EXPECT_TRUE(server.ok()) << server.status().ToString();
    server_ = std::move(server).value();
  }

  [[nodiscard]] UniqueFd Dial() const {
    const std::string text = address();
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(text.substr(text.rfind(':') + 1))));
    ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    const timeval patience{30, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return socket;
  }

  static void SendAll(int socket, const std::string& bytes) {
    size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t count = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) {
        return;  // shut out in the middle
      }
      sent += static_cast<size_t>(count);
    }
  }
};

TEST_F(Http2BombTest, WithoutTlsNoByteIsAnswered) {
  const UniqueFd socket = Dial();
  SendAll(socket.get(), Bomb(64));
  ::shutdown(socket.get(), SHUT_WR);
  std::string answer(256, '\0');
  const ssize_t count = ::recv(socket.get(), answer.data(), answer.size(), 0);
  EXPECT_LE(count, 0) << "the first byte: " << static_cast<int>(answer[0]);
}

TEST_F(Http2BombTest, WithTlsButWithoutACertificateNoHttpIsAnswered) {
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  const UniqueFd socket = Dial();
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  const unsigned char alpn[] = {2, 'h', '2'};
  ASSERT_EQ(SSL_CTX_set_alpn_protos(context, alpn, sizeof(alpn)), 0);
  SSL* tls = SSL_new(context);
  SSL_set_fd(tls, socket.get());
  // In TLS 1.3 the client is done before the server has asked for its certificate.
  EXPECT_EQ(SSL_connect(tls), 1);
  const std::string bomb = Bomb(64);
  for (size_t sent = 0; sent < bomb.size();) {
    const int count = SSL_write(tls, bomb.data() + sent, static_cast<int>(bomb.size() - sent));
    if (count <= 0) {
      break;
    }
    sent += static_cast<size_t>(count);
  }
  char answer = 0;
  EXPECT_LE(SSL_read(tls, &answer, 1), 0) << "a byte of HTTP/2 was answered";
  SSL_free(tls);
  SSL_CTX_free(context);
}

}  // namespace
}  // namespace plumb::test
