// Mutual TLS over real connections: who is let in, who is not, and what each is told. All keys are
// made here, by plumb-server's own authority.
#include "common/rpc/tls.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/rpc/tls_watch.h"
#include "common/runner/failure.h"
#include "server/app/certs.h"
#include "tests/integration/server_fixture.h"

namespace plumb::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string Slurp(const fs::path& path) {
  const auto bytes = ReadFile(path);
  EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
  return bytes.ok() ? std::string(bytes->span().begin(), bytes->span().end()) : "";
}

class TlsTest : public ServerFixture {
 protected:
  TlsTest() {
    MakeCerts(Folder("lab"), {"localhost", "127.0.0.1"});
    MakeCerts(Folder("other"), {"localhost", "127.0.0.1"});
    MakeCerts(Folder("elsewhere"), {"elsewhere.lab"});
    StartTls(Files("lab", "server"));
  }

  fs::path Folder(const std::string& name) const { return folder_.path() / name; }

  static void MakeCerts(const fs::path& folder, const std::vector<std::string>& servers) {
    server::CertsOptions options;
    options.folder = folder;
    options.servers = servers;
    options.agents = {"cam"};
    options.clients = {"me"};
    const auto made = server::MakeCerts(options);
    ASSERT_TRUE(made.ok()) << made.status().ToString();
  }

  rpc::TlsFiles Files(const std::string& authority, const std::string& name) const {
    const fs::path folder = Folder(authority);
    return {folder / "ca.pem", folder / (name + ".pem"), folder / (name + ".key"), ""};
  }

  void StartTls(const rpc::TlsFiles& files) {
    server_.reset();
    server::ServerAppOptions options;
    options.listen = {"127.0.0.1:0"};
    options.data = folder_.path() / "data";
    server::SimulatorsOptions simulators;
    simulators.builtin = std::string(PLUMB_BINARY_DIR) + "/bin/plumb-simulator";
    options.simulators = std::make_shared<server::Simulators>(std::move(simulators));
    options.tls = files;
    options.tls_interval = std::chrono::seconds(1);
    auto server = server::ServerApp::Start(options);
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = std::move(server).value();
  }

  Result<std::unique_ptr<client::Client>> Dial(const rpc::TlsFiles& files) const {
    client::ClientOptions options;
    options.address = address();
    options.tls = files;
    options.connect_timeout = std::chrono::seconds(2);
    return client::Client::Connect(options);
  }

  static void ExpectShutOut(const Result<std::unique_ptr<client::Client>>& client,
                            const char* hint) {
    EXPECT_EQ(client.status().code(), StatusCode::kUnavailable) << client.status().ToString();
    EXPECT_THAT(client.status().message(), HasSubstr("no server answers at"));
    EXPECT_THAT(client.status().hint(), HasSubstr(hint));
  }

  // What a connection with these raw credentials comes to; our own checks are not asked.
  grpc::StatusCode Try(const grpc::SslCredentialsOptions& options) const {
    const auto stub =
        v1::BoardService::NewStub(grpc::CreateChannel(address(), grpc::SslCredentials(options)));
    grpc::ClientContext context;
    const auto stream = stub->Session(&context);
    stream->Write(v1::SessionRequest());
    v1::SessionResponse response;
    stream->Read(&response);
    return stream->Finish().error_code();
  }

  grpc::SslCredentialsOptions Raw(const std::string& name) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = Slurp(Folder("lab") / "ca.pem");
    options.pem_cert_chain = Slurp(Folder("lab") / (name + ".pem"));
    options.pem_private_key = Slurp(Folder("lab") / (name + ".key"));
    return options;
  }

  // client-me.pem again, but ended an hour ago.
  void Expire() const {
    const fs::path lab = Folder("lab");
    const std::string pem = Slurp(lab / "client-me.pem");
    const std::string key_pem = Slurp(lab / "ca.key");
    BIO* in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509* certificate = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
    BIO* key_in = BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(key_in, nullptr, nullptr, nullptr);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7'200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), -3'600);
    ASSERT_GT(X509_sign(certificate, key, EVP_sha256()), 0);
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    EXPECT_TRUE(WriteFileAtomically(lab / "client-me.pem",
                                    std::string_view(data, static_cast<size_t>(size)))
                    .ok());
    for (BIO* bio : {in, key_in, out}) {
      BIO_free(bio);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  std::shared_ptr<grpc::ChannelCredentials> Credentials(const std::string& name) const {
    return rpc::ChannelCredentialsFor(rpc::LoadTls(Files("lab", name)).value());
  }
};

TEST_F(TlsTest, ARunGoesThrough) {
  const auto client = Dial(Files("lab", "client-me"));
  ASSERT_TRUE(client.ok()) << client.status().ToString();
  FakeAgent agent(address(), "cam", 'a', Credentials("agent-cam"));
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = (*client)->StartRun(Request(client->get(), {"cam"}));
  ASSERT_TRUE(run_id.ok()) << run_id.status().ToString();
  Serve(&agent, CorrectUpload());
  const auto end = (*client)->Watch(*run_id, nullptr);
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->run.exit_code, 0) << end->run.error.ToString();
}

TEST_F(TlsTest, WithoutTlsNobodyGetsIn) {
  ExpectShutOut(Dial({}), "does it want --tls-ca --tls-cert --tls-key?");
}

TEST_F(TlsTest, APlainServerIsNotTakenForAnEncryptedOne) {
  StartTls({});
  ExpectShutOut(Dial(Files("lab", "client-me")), "does it speak TLS");
}

TEST_F(TlsTest, AnotherAuthorityIsNotTrustedByEitherSide) {
  ExpectShutOut(Dial(Files("other", "client-me")), "is its certificate of --tls-ca");
  rpc::TlsFiles mixed = Files("other", "client-me");
  mixed.ca = Files("lab", "client-me").ca;  // trusts the server, but is not trusted by it
  ExpectShutOut(Dial(mixed), "ours of the authority it trusts");
}

TEST_F(TlsTest, NoCertificateOrAnEndedOneIsShutOutByTheServer) {
  EXPECT_EQ(Try(Raw("client-me")), grpc::INVALID_ARGUMENT) << "let in: a session without hello";
  grpc::SslCredentialsOptions none = Raw("client-me");
  none.pem_cert_chain.clear();
  none.pem_private_key.clear();
  EXPECT_EQ(Try(none), grpc::UNAVAILABLE);
  Expire();
  EXPECT_EQ(Try(Raw("client-me")), grpc::UNAVAILABLE);
}

TEST_F(TlsTest, TheServersNameIsChecked) {
  StartTls(Files("elsewhere", "server"));
  rpc::TlsFiles files = Files("elsewhere", "client-me");
  ExpectShutOut(Dial(files), "for this host");
  files.server_name = "elsewhere.lab";
  const auto client = Dial(files);
  EXPECT_TRUE(client.ok()) << client.status().ToString();
}

TEST_F(TlsTest, ACertificateIsForOneBoard) {
  FakeAgent other(address(), "cam-2", 'b', Credentials("agent-cam"));
  const Status refused = other.Connect();
  EXPECT_EQ(refused.code(), StatusCode::kPermissionDenied) << refused.ToString();
  EXPECT_EQ(refused.reason(), kReasonWrongIdentity);
  EXPECT_THAT(refused.message(),
              HasSubstr("the certificate of 'cam' is not for the board 'cam-2'"));
  FakeAgent person(address(), "me", 'c', Credentials("client-me"));
  EXPECT_EQ(person.Connect().code(), StatusCode::kPermissionDenied);
  FakeAgent right(address(), "cam", 'd', Credentials("agent-cam"));
  EXPECT_TRUE(right.Connect().ok());
}

TEST_F(TlsTest, WhatIsWrongWithTheFilesIsSaidBeforeDialling) {
  const rpc::TlsFiles good = Files("lab", "client-me");
  const auto expect = [&](const rpc::TlsFiles& files, const std::string& words) {
    const Status status = rpc::LoadTls(files).status();
    EXPECT_EQ(status.reason(), kReasonUsage) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(words));
    EXPECT_FALSE(status.hint().empty());
  };
  EXPECT_TRUE(rpc::LoadTls(good).ok());
  EXPECT_EQ(rpc::LoadTls({}).value(), nullptr);
  expect({good.ca, good.certificate, "", ""}, "--tls-key is missing");
  expect({good.ca, "", good.key, ""}, "--tls-cert is missing");
  expect({"", good.certificate, good.key, ""}, "--tls-ca is missing");
  expect({good.ca + "x", good.certificate, good.key, ""}, "--tls-ca: ");
  expect({good.key, good.certificate, good.key, ""}, "--tls-ca: the file holds no certificate");
  expect({good.ca, good.certificate, Files("lab", "server").key, ""},
         "--tls-key does not belong to --tls-cert");
  ASSERT_EQ(::chmod(good.key.c_str(), 0640), 0);
  expect(good, "others on this machine may read");
  ASSERT_EQ(::chmod(good.key.c_str(), 0600), 0);
  Expire();
  expect(good, "--tls-cert: the certificate ended on");
}

TEST_F(TlsTest, CertsAreMadeOnceAndForSafeNames) {
  server::CertsOptions options;
  options.folder = Folder("lab");
  options.clients = {"you"};
  const auto more = server::MakeCerts(options);
  ASSERT_TRUE(more.ok()) << more.status().ToString();
  EXPECT_EQ(more->size(), 1U) << "the authority was there";
  EXPECT_TRUE(Dial(Files("lab", "client-you")).ok());
  struct stat info = {};
  ASSERT_EQ(::stat((Folder("lab") / "client-you.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(server::MakeCerts(options).status().code(), StatusCode::kAlreadyExists);
  for (const char* name : {"", "../x", "a,URI:plumbline:agent:b", "a b", ".x"}) {
    options.clients = {name};
    EXPECT_EQ(server::MakeCerts(options).status().code(), StatusCode::kInvalidArgument) << name;
  }
  ASSERT_TRUE(fs::remove(Folder("lab") / "ca.key"));
  options.clients = {"them"};
  EXPECT_THAT(server::MakeCerts(options).status().message(), HasSubstr("only one of ca.pem"));
}

void Overwrite(const rpc::TlsFiles& files, const rpc::TlsFiles& with) {
  fs::copy_file(with.ca, files.ca, fs::copy_options::overwrite_existing);
  fs::copy_file(with.certificate, files.certificate, fs::copy_options::overwrite_existing);
  fs::copy_file(with.key, files.key, fs::copy_options::overwrite_existing);
}

TEST_F(TlsTest, ANewCertificateAndAuthorityCountWithoutARestart) {
  const auto before = Dial(Files("lab", "client-me"));
  ASSERT_TRUE(before.ok()) << before.status().ToString();
  EXPECT_FALSE(Dial(Files("other", "client-me")).ok());
  const rpc::TlsFiles mine = Files("lab", "client-me");
  const rpc::TlsFiles old = {folder_.path() / "old-ca.pem", mine.certificate, mine.key, ""};
  fs::copy_file(mine.ca, old.ca);
  Overwrite(Files("lab", "server"), Files("other", "server"));
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  auto after = Dial(Files("other", "client-me"));
  while (!after.ok() && std::chrono::steady_clock::now() < limit) {
    after = Dial(Files("other", "client-me"));
  }
  EXPECT_TRUE(after.ok()) << after.status().ToString();
  EXPECT_FALSE(Dial(old).ok()) << "the authority of before still counts";
  EXPECT_TRUE((*before)->ListBoards().ok()) << "an open connection was ended";
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreNotTakenUp) {
  const rpc::TlsFiles files = Files("elsewhere", "server");
  const auto watch = rpc::TlsWatch::Start(files);
  ASSERT_TRUE(watch.ok()) << watch.status().ToString();
  fs::copy_file(Files("other", "server").key, files.key, fs::copy_options::overwrite_existing);
  EXPECT_THAT((*watch)->Look().message(), HasSubstr("--tls-key"));
  ASSERT_TRUE(WriteFileAtomically(files.certificate, std::string_view("-----BEGIN")).ok());
  EXPECT_FALSE((*watch)->Look().ok());
  Overwrite(files, Files("other", "server"));
  EXPECT_TRUE((*watch)->Look().ok());
}

TEST_F(TlsTest, WhoDialsReadsItsCertificateAnew) {
  const auto loaded = rpc::LoadTls(Files("lab", "client-me"));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(rpc::Refreshed(*loaded)->certificate, (*loaded)->certificate);
  Overwrite(Files("lab", "client-me"), Files("other", "client-me"));
  const rpc::Tls now = rpc::Refreshed(*loaded);
  EXPECT_EQ(now->certificate, Slurp(Files("other", "client-me").certificate));
  fs::remove(Files("lab", "client-me").key);
  EXPECT_EQ(rpc::Refreshed(now)->certificate, now->certificate);
}

}  // namespace
}  // namespace plumb::test
