// The web page in headless Chromium, a run followed live: its board's bytes are held back in the
// middle until the page has shown the table filling.
#include <cstdlib>
#include <filesystem>
#include <future>

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/e2e/farm.h"
#include "tests/support/cut_proxy.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

constexpr int kWideMebibytes = 24;
constexpr uint64_t kMidStream = uint64_t{8} << 20U;

std::string PlaywrightFolder() {
  const auto folder = RunProgram({std::string(PLUMB_SOURCE_DIR) + "/tools/frameworks-folder"});
  return folder.ok() ? std::string(Trim(folder->out)) + "/playwright-core" : std::string();
}

std::string OnlyRun(Farm& farm, const std::string& name) {
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < limit) {
    const auto listed =
        nlohmann::json::parse(farm.Plumb("runs", {"--json", "-"}).out, nullptr, false);
    if (!listed.is_discarded()) {
      for (const auto& run : listed["runs"]) {
        if (run["board"] == name) {
          return run["run"];
        }
      }
    }
  }
  return "";
}

TEST(WebPageTest, ARunIsFollowedLiveInABrowser) {
  const std::string playwright = PlaywrightFolder();
  if (!std::filesystem::exists("/usr/bin/chromium") ||
      !std::filesystem::exists(playwright + "/index.js")) {
    GTEST_SKIP() << "no browser or no playwright-core: tools/install-deps --browser";
  }
  Farm farm({"--http", "127.0.0.1:0"});
  const auto line = farm.server().WaitForLine("web page: ", kPatience);
  ASSERT_TRUE(line.has_value()) << farm.server().Output();
  const size_t at = line->find("http://");
  const std::string url = line->substr(at, line->find(' ', at) - at);

  const std::string front = (farm.folder() / "proxy.sock").string();
  auto proxy = CutProxy::Start(front, farm.socket());
  ASSERT_TRUE(proxy.ok()) << proxy.status().ToString();
  std::promise<void> release;
  auto released = release.get_future().share();
  (*proxy)->TripAt(kMidStream, [released] { released.wait_for(kPatience); });
  farm.AddBoard("camera",
                "S6",
                {"--tag", "<img src=x onerror=window.hurt=1>", "--tag", "front door"},
                "unix:" + front);
  farm.AddBoard("bench-2", "S6", {});
  farm.Plumb("quarantine", {"bench-2", "--reason", "the fan is <b>loud</b>"});
  const auto client = farm.StartRun(WideModel(kWideMebibytes), {"--board", "camera"});
  const std::string run_id = OnlyRun(farm, "camera");
  ASSERT_FALSE(run_id.empty()) << client->Output();

  const char* shots = std::getenv("PLUMB_SHOTS");
  auto browser = Program::Start({"/usr/bin/node",
                                 std::string(PLUMB_SOURCE_DIR) + "/tests/e2e/web_page.mjs",
                                 playwright,
                                 url,
                                 run_id,
                                 shots == nullptr ? "" : shots});
  ASSERT_TRUE(browser.ok()) << browser.status().ToString();
  EXPECT_TRUE((*browser)->WaitForLine("seen: filling", kPatience)) << (*browser)->Output();
  release.set_value();
  const auto ended = (*browser)->WaitForExit(kPatience);
  ASSERT_TRUE(ended.has_value()) << (*browser)->Output();
  EXPECT_EQ(ended->exit.code, 0) << (*browser)->Output();
  EXPECT_NE((*browser)->Output().find("seen: all"), std::string::npos) << (*browser)->Output();
}

}  // namespace
}  // namespace plumb::test
