// The web page's JSON as a browser gets it from a real server.
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/web/web_json.h"
#include "tests/integration/server_fixture.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using nlohmann::json;
using testing::HasSubstr;

class WebSiteTest : public ServerFixture {
 protected:
  http::response<http::string_body> Get(const std::string& target) {
    const std::string address = server_->http_address();
    const size_t colon = address.rfind(':');
    boost::asio::io_context context;
    beast::tcp_stream stream(context);
    stream.connect(
        tcp::endpoint(boost::asio::ip::make_address(address.substr(0, colon)),
                      static_cast<unsigned short>(std::stoi(address.substr(colon + 1)))));
    http::write(stream, http::request<http::empty_body>(http::verb::get, target, 10));
    beast::flat_buffer buffer;
    http::response<http::string_body> reply;
    http::read(stream, buffer, reply);
    return reply;
  }

  json GetJson(const std::string& target) {
    const auto reply = Get(target);
    EXPECT_EQ(reply.result_int(), 200U) << target << ": " << reply.body();
    EXPECT_EQ(reply[http::field::content_type], "application/json");
    return json::parse(reply.body(), nullptr, false);
  }
};

TEST_F(WebSiteTest, ThePageAndItsFilesAreServedWithTheirTypes) {
  const auto page = Get("/");
  EXPECT_EQ(page[http::field::content_type], "text/html; charset=utf-8");
  EXPECT_THAT(page.body(), HasSubstr("<main id=\"main\""));
  EXPECT_EQ(Get("/app.js")[http::field::content_type], "text/javascript; charset=utf-8");
  EXPECT_EQ(Get("/app.css")[http::field::content_type], "text/css; charset=utf-8");
  for (const char* file : {"/", "/app.js", "/app.css", "/dom.js", "/chart.js", "/run_view.js"}) {
    const std::string text = Get(file).body();
    EXPECT_EQ(text.find("innerHTML"), std::string::npos) << file;
    EXPECT_EQ(text.find("https://"), std::string::npos) << file;
  }
}

TEST_F(WebSiteTest, StrangePathsAndQueriesAreRefusedInJson) {
  const std::string sha(64, 'a');
  const std::vector<std::pair<std::string, unsigned>> cases = {
      {"/api/v1/", 404},
      {"/api/v1", 404},
      {"/api/v2/farm", 404},
      {"/api/v1/farm/", 404},
      {"/api/v1/farm?x=1", 400},
      {"/api/v1//farm", 404},
      {"/api/v1/runs/", 400},
      {"/api/v1/runs/..", 400},
      {"/api/v1/runs/../report", 400},
      {"/api/v1/runs/%2e%2e/report", 400},
      {"/api/v1/runs/" + std::string(65, 'a'), 400},
      {"/api/v1/runs/20260101-000000-abcdef", 404},
      {"/api/v1/runs/20260101-000000-abcdef/report", 404},
      {"/api/v1/runs/20260101-000000-abcdef/reports", 404},
      {"/api/v1/runs?limit=0", 400},
      {"/api/v1/runs?limit=1001", 400},
      {"/api/v1/runs?limit=-1", 400},
      {"/api/v1/runs?limit=5&limit=6", 400},
      {"/api/v1/models/" + sha.substr(1) + "/history", 400},
      {"/api/v1/models/" + std::string(64, 'A') + "/history", 400},
      {"/api/v1/models/" + sha + "/history/x", 404},
  };
  for (const auto& [path, status] : cases) {
    const auto reply = Get(path);
    EXPECT_EQ(reply.result_int(), status) << path;
    const json error = json::parse(reply.body(), nullptr, false);
    ASSERT_TRUE(error.is_object()) << path << ": " << reply.body();
    EXPECT_FALSE(error["error"]["message"].get<std::string>().empty()) << path;
  }
  EXPECT_EQ(Get("/../app.js").result_int(), 404U);
  EXPECT_EQ(Get("/page/app.js").result_int(), 404U);
}

TEST_F(WebSiteTest, AnIdleBoardAndAnEmptyQueue) {
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const json farm = GetJson("/api/v1/farm");
  EXPECT_EQ(farm["schema"], "plumb.farm/1");
  ASSERT_EQ(farm["boards"].size(), 1U);
  EXPECT_EQ(farm["boards"][0]["name"], "cam");
  EXPECT_EQ(farm["boards"][0]["state"], "idle");
  EXPECT_EQ(farm["queued"], 0);
  EXPECT_TRUE(farm["runs"].empty());
  EXPECT_EQ(GetJson("/api/v1/boards")["boards"], farm["boards"]);
  EXPECT_TRUE(GetJson("/api/v1/models/" + std::string(64, 'a') + "/history")["runs"].empty());
}

TEST_F(WebSiteTest, ARunIsSeenWhileItGoesOnAndAfter) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto request = Request(client.get());
  const auto run_id = client->StartRun(request);
  ASSERT_TRUE(run_id.ok());
  const std::string path = "/api/v1/runs/" + *run_id;
  const json before = GetJson(path);
  EXPECT_NE(before["state"], "finished");
  EXPECT_TRUE(before["verdict"].is_null());
  EXPECT_TRUE(before["report"].is_null());
  EXPECT_EQ(Get(path + "/report").result_int(), 409U);

  Serve(&agent, CorrectUpload(/*error=*/3));
  ASSERT_TRUE(client->Watch(*run_id, nullptr).ok());
  const json after = GetJson(path);
  EXPECT_EQ(after["state"], "finished");
  EXPECT_EQ(after["verdict"], "mismatch");
  EXPECT_EQ(after["exit_code"], 1);
  EXPECT_EQ(after["model_name"], "small.img");
  EXPECT_EQ(after["board"], "cam");
  ASSERT_FALSE(after["tensors"].empty());
  EXPECT_EQ(after["report"], path + "/report");
  const json report = GetJson(path + "/report");
  EXPECT_EQ(report["schema"], "plumb.comparison/1");
  EXPECT_EQ(report["diagnosis"], after["diagnosis"]);
  EXPECT_EQ(report["first_divergence"], after["first_divergence"]);

  const json history = GetJson("/api/v1/models/" + request.model.sha256 + "/history");
  ASSERT_EQ(history["runs"].size(), 1U);
  EXPECT_EQ(history["runs"][0]["run_id"], *run_id);
  EXPECT_EQ(history["runs"][0]["verdict"], "mismatch");
  EXPECT_EQ(history["runs"][0]["sdk"], report["identity"]["sdk"]);
  EXPECT_EQ(GetJson("/api/v1/runs?limit=1")["runs"][0]["run_id"], *run_id);
}

TEST_F(WebSiteTest, AWaitingRunSaysItsPlaceAndWhy) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto request = Request(client.get());
  const auto first = client->StartRun(request);
  const v1::RunKey key = NextRun(&agent);
  EXPECT_EQ(key.run_id(), *first);
  const auto second = client->StartRun(request);
  ASSERT_TRUE(second.ok());
  json farm = GetJson("/api/v1/farm");
  // The document may be half a second old.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (farm["queue"].empty() && std::chrono::steady_clock::now() < limit) {
    farm = GetJson("/api/v1/farm");
  }
  ASSERT_EQ(farm["queue"].size(), 1U);
  EXPECT_EQ(farm["queue"][0]["run_id"], *second);
  EXPECT_EQ(farm["queue"][0]["position"], 1);
  EXPECT_EQ(farm["queue"][0]["model_name"], "small.img");
  EXPECT_THAT(farm["queue"][0]["reason"].get<std::string>(), HasSubstr("1 board"));
  EXPECT_NE(farm["boards"][0]["state"], "idle");
  EXPECT_EQ(farm["boards"][0]["run_id"], *first);
  ASSERT_TRUE(client->CancelRun(*second).ok());
  ASSERT_TRUE(client->CancelRun(*first).ok());
}

TEST(WebJson, TextFromElsewhereStaysText) {
  server::FarmView farm;
  server::BoardView board;
  board.name = "a\"</script>\n\xff";
  board.state = "idle";
  farm.boards.push_back(board);
  const json read = json::parse(server::BoardsJson(farm), nullptr, false);
  ASSERT_FALSE(read.is_discarded());
  EXPECT_EQ(read["boards"][0]["name"], "a\"</script>\\x0a\\xff");
  EXPECT_TRUE(read["boards"][0]["since_unix_ms"].is_null());
}

}  // namespace
}  // namespace plumb::test
