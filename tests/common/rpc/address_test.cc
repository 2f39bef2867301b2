#include "common/rpc/address.h"

#include <gtest/gtest.h>

#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

TEST(AddressTest, ReadsEveryForm) {
  const auto v4 = ParseAddress("192.168.1.10:7070");
  ASSERT_TRUE(v4.ok());
  EXPECT_EQ(v4->host, "192.168.1.10");
  EXPECT_EQ(v4->port, 7070);
  EXPECT_FALSE(v4->loopback);
  const auto v6 = ParseAddress("[fe80::1]:65535");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "fe80::1");
  EXPECT_EQ(v6->ToString(), "[fe80::1]:65535");
  const auto name = ParseAddress("build-host.lab:1");
  ASSERT_TRUE(name.ok());
  EXPECT_FALSE(name->loopback);
  const auto path = ParseAddress("unix:/run/plumb.sock");
  ASSERT_TRUE(path.ok());
  EXPECT_TRUE(path->is_unix());
  EXPECT_TRUE(path->loopback);
  EXPECT_EQ(path->ToString(), "unix:/run/plumb.sock");
}

TEST(AddressTest, KnowsLoopback) {
  for (const char* text : {"127.0.0.1:0", "127.255.0.9:1", "localhost:1", "[::1]:1"}) {
    EXPECT_TRUE(ParseAddress(text).value().loopback) << text;
  }
  // The last is a name that merely looks like one.
  for (const char* text :
       {"0.0.0.0:1", "128.0.0.1:1", "[::]:1", "[::2]:1", "127.0.0.1.evil.org:1"}) {
    EXPECT_FALSE(ParseAddress(text).value().loopback) << text;
  }
}

TEST(AddressTest, RefusesWhatIsNoAddressAndSaysWhatToWrite) {
  for (const std::string& text : {std::string(""),
                                  std::string("localhost"),
                                  std::string(":1"),
                                  std::string("host:"),
                                  std::string("host:65536"),
                                  std::string("host:-1"),
                                  std::string("host:1x"),
                                  std::string("::1:1"),
                                  std::string("[::1:1"),
                                  std::string("[host]:1"),
                                  std::string("ho st:1"),
                                  std::string("a/b:1"),
                                  std::string("unix:"),
                                  std::string("unix:") + std::string(108, 'p'),
                                  std::string("dns:///host:1")}) {
    const auto address = ParseAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.status().reason(), kReasonUsage) << text;
    EXPECT_NE(address.status().hint().find("127.0.0.1:"), std::string::npos) << text;
  }
  EXPECT_TRUE(ParseAddress("unix:" + std::string(107, 'p')).ok());
}

TEST(AddressTest, OnlyLoopbackIsListenedOnUnlessInsecure) {
  EXPECT_TRUE(CheckListenAddress("127.0.0.1:0", false).ok());
  EXPECT_TRUE(CheckListenAddress("unix:/tmp/x", false).ok());
  const auto open = CheckListenAddress("0.0.0.0:7070", false);
  EXPECT_EQ(open.status().code(), StatusCode::kPermissionDenied);
  EXPECT_NE(open.status().hint().find("--insecure"), std::string::npos);
  EXPECT_TRUE(CheckListenAddress("0.0.0.0:7070", true).ok());
}

TEST(AddressTest, PortZeroCannotBeDialled) {
  EXPECT_FALSE(CheckDialAddress("127.0.0.1:0", false).ok());
  EXPECT_FALSE(CheckDialAddress("10.0.0.1:5", false).ok());
  EXPECT_TRUE(CheckDialAddress("10.0.0.1:5", true).ok());
  EXPECT_TRUE(CheckDialAddress("unix:/tmp/x", false).ok());
}

}  // namespace
}  // namespace plumb::rpc
