// What a monitoring system sees of a server at work.
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"

namespace plumb::test {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using testing::HasSubstr;

class MetricsTest : public ServerFixture {
 protected:
  http::response<http::string_body> Get(const std::string& path) {
    const std::string address = server_->http_address();
    const size_t colon = address.rfind(':');
    boost::asio::io_context context;
    beast::tcp_stream stream(context);
    stream.connect(
        tcp::endpoint(boost::asio::ip::make_address(address.substr(0, colon)),
                      static_cast<unsigned short>(std::stoi(address.substr(colon + 1)))));
    http::write(stream, http::request<http::empty_body>(http::verb::get, path, 10));
    beast::flat_buffer buffer;
    http::response<http::string_body> reply;
    http::read(stream, buffer, reply);
    return reply;
  }
};

TEST_F(MetricsTest, AServerAtRestIsHealthyReadyAndEmpty) {
  EXPECT_EQ(Get("/healthz").result_int(), 200U);
  EXPECT_EQ(Get("/readyz").body(), "ready\n");
  EXPECT_EQ(Get("/other").result_int(), 404U);
  const auto metrics = Get("/metrics");
  EXPECT_EQ(metrics[http::field::content_type], "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(metrics.body(), HasSubstr("plumb_boards{state=\"idle\"} 0\n"));
}

TEST_F(MetricsTest, BoardsRunsAndVerdictsAreCounted) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  EXPECT_THAT(Get("/metrics").body(), HasSubstr("plumb_boards{state=\"idle\"} 1\n"));
  const auto first = client->StartRun(Request(client.get()));
  ASSERT_TRUE(first.ok());
  const v1::RunKey key = NextRun(&agent);
  EXPECT_EQ(key.run_id(), *first);
  const std::string during = Get("/metrics").body();
  EXPECT_THAT(during, HasSubstr("plumb_boards{state=\"leased\"} 1\n"));
  EXPECT_THAT(during, HasSubstr("plumb_runs_finished_total{verdict=\"match\"} 0\n"));
  ASSERT_TRUE(client->CancelRun(*first).ok());
  ASSERT_TRUE(client->Watch(*first, nullptr).ok());
  const std::string after = Get("/metrics").body();
  EXPECT_THAT(after, HasSubstr("plumb_runs_finished_total{verdict=\"not_compared\"} 1\n"));
  EXPECT_THAT(after, HasSubstr("plumb_run_exits_total{exit_code=\"3\"} 1\n"));
  EXPECT_THAT(after, HasSubstr("plumb_run_seconds_count 1\n"));
  EXPECT_THAT(after, HasSubstr("plumb_run_wait_seconds_count 1\n"));
  EXPECT_THAT(after, HasSubstr("plumb_runs{state=\"queued\"} 0\n"));
}

TEST_F(MetricsTest, AMatchWithItsTimesIsAMatch) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  Serve(&agent, CorrectUpload());
  ASSERT_TRUE(client->Watch(*run_id, nullptr).ok());
  const std::string metrics = Get("/metrics").body();
  EXPECT_THAT(metrics, HasSubstr("plumb_runs_finished_total{verdict=\"match\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("plumb_run_exits_total{exit_code=\"0\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("plumb_invoke_seconds_count 1\n"));
}

}  // namespace
}  // namespace plumb::test
