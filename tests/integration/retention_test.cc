// A server that removes what is old, with a run under way that needs some of it.
#include <condition_variable>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"

namespace plumb::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

// Counts passes of the keeper; Wait is the checkpoint of the tests.
class Passes {
 public:
  void Count() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }

  // Until a pass has begun and ended after this call.
  bool Wait() {
    std::unique_lock lock(mutex_);
    const uint64_t wanted = count_ + 2;
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return count_ >= wanted; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t count_ = 0;
};

class RetentionTest : public ServerFixture {
 protected:
  void StartKeeping(const std::function<void(server::DataKeeperOptions*)>& change) {
    keeper_.period = std::chrono::milliseconds(5);
    keeper_.on_pass = [passes = passes_] { passes->Count(); };
    change(&keeper_);
    StartServer();
  }

  [[nodiscard]] fs::path data() const { return folder_.path() / "data"; }

  // As if nobody had used anything for `age`.
  void Age(hours age) const {
    for (const char* part : {"runs", "blobs"}) {
      for (const auto& entry : fs::directory_iterator(data() / part)) {
        fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - age);
      }
    }
  }

  [[nodiscard]] size_t Files(const char* part) const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(data() / part), fs::directory_iterator()));
  }

  std::string RunOnce(FakeAgent* agent) {
    const auto client = Connect();
    const auto run_id = client->StartRun(Request(client.get()));
    EXPECT_TRUE(run_id.ok()) << run_id.status().ToString();
    Serve(agent, CorrectUpload());
    const auto end = client->Watch(*run_id, nullptr);
    EXPECT_TRUE(end.ok() && end->run.exit_code == 0) << end.status().ToString();
    return *run_id;
  }

  std::shared_ptr<Passes> passes_ = std::make_shared<Passes>();
};

TEST_F(RetentionTest, OldRunsGoAndTheirResultsAreSaidToBeGone) {
  StartKeeping([](auto* keeper) { keeper->retention.age = hours(48); });
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const std::string run_id = RunOnce(&agent);
  ASSERT_TRUE(passes_->Wait());
  EXPECT_EQ(Files("runs"), 1U) << "young";
  EXPECT_EQ(Files("blobs"), 2U);
  Age(hours(72));
  ASSERT_TRUE(passes_->Wait());
  EXPECT_EQ(Files("runs"), 0U);
  EXPECT_EQ(Files("blobs"), 0U);
  const auto report = Connect()->GetReport(run_id);
  EXPECT_EQ(report.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(report.status().ToString(), testing::HasSubstr("no longer here"));
  RunOnce(&agent);  // the client finds its files missing and uploads them again
}

TEST_F(RetentionTest, ARunThatWaitsAndOneUnderWayKeepTheirFiles) {
  StartKeeping([](auto* keeper) {
    keeper->retention.age = hours(48);
    keeper->retention.size = 1;
  });
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto client = Connect();
  const auto first = client->StartRun(Request(client.get()));
  const auto second = client->StartRun(Request(client.get()));
  Age(hours(72));
  ASSERT_TRUE(passes_->Wait());
  EXPECT_EQ(Files("blobs"), 2U);
  for (const auto& run_id : {first, second}) {
    Serve(&agent, CorrectUpload());
    EXPECT_EQ(client->Watch(*run_id, nullptr)->run.exit_code, 0);
    Age(hours(72));
    ASSERT_TRUE(passes_->Wait());
  }
  EXPECT_EQ(Files("runs"), 0U);
  EXPECT_EQ(Files("blobs"), 0U);
}

TEST_F(RetentionTest, ADamagedFileIsUploadedAnewByTheNextRun) {
  StartKeeping([](auto* keeper) { keeper->scrub = hours(0); });
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  RunOnce(&agent);
  for (const auto& blob : fs::directory_iterator(data() / "blobs")) {
    fs::resize_file(blob.path(), fs::file_size(blob.path()) - 1);
    fs::resize_file(blob.path(), fs::file_size(blob.path()) + 1);  // its last byte is zero now
  }
  ASSERT_TRUE(passes_->Wait());
  EXPECT_GE(Files("damaged"), 1U);
  RunOnce(&agent);
}

}  // namespace
}  // namespace plumb::test
