// What the farm costs as it grows: boards without runners on one server and on two, over SQLite and
// PostgreSQL, everything on this machine. A run is submitted, granted, begun and finished as by a
// server, through server/farm; nothing is computed or uploaded.
//
//   bench_farm [SECONDS]        seconds of each measurement, default 10
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/text.h"
#include "server/core/strand.h"
#include "server/farm/farm.h"
#include "tests/support/postgres.h"

namespace plumb::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kWaiting = 32;  // runs in the queue at any time, for each server

double MsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double ResidentMib() {
  uint64_t whole = 0;
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> whole >> pages;
  return static_cast<double>(pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE))) /
         (1024.0 * 1024.0);
}

// One server's part of the farm, its boards answering at once.
class Server {
 public:
  Server(const std::string& name, const std::string& address) {
    auto store = store::OpenStore(address);
    if (!store.ok()) {
      std::fprintf(stderr, "bench_farm: %s\n", store.status().ToString().c_str());
      std::exit(1);
    }
    FarmOptions options;
    options.server = name;
    FarmEvents events;
    events.on_grant = [this](const store::Grant& grant) { OnGrant(grant); };
    events.on_lost = [](const store::Lease&, const Status&) {};
    events.on_looked_at = [](const store::RunRecord&) {};
    events.capacity = [] { return size_t{1000}; };
    farm_ = std::make_unique<Farm>(
        std::move(*store),
        options,
        [this](std::function<void()> task) { strand_.Post(std::move(task)); },
        std::move(events));
  }

  ~Server() { strand_.Stop(); }

  // Milliseconds until all are known.
  double Register(const std::string& prefix, size_t count) {
    auto left = std::make_shared<std::atomic<size_t>>(count);
    auto done = std::make_shared<std::promise<void>>();
    const auto begin = Clock::now();
    strand_.Post([this, prefix, count, left, done] {
      for (size_t i = 0; i < count; ++i) {
        store::BoardAnnouncement board;
        board.name = prefix + std::to_string(i);
        board.instance = board.name;
        board.tags = {"S6", "lab" + std::to_string(i % 10)};
        board.description = "{}";
        farm_->Announce(std::move(board), [left, done](const Status& /*status*/) {
          if (--*left == 0) {
            done->set_value();
          }
        });
      }
    });
    done->get_future().wait();
    return MsSince(begin);
  }

  // Milliseconds of one statement that keeps all of them alive.
  double Heartbeat(const std::string& prefix, size_t count) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) {
      names.push_back(prefix + std::to_string(i));
    }
    const auto begin = Clock::now();
    static_cast<void>(
        farm_->store().See(farm_->options().server, names, farm_->options().time_to_live));
    return MsSince(begin);
  }

  void Start() {
    running_ = true;
    strand_.Post([this] {
      for (size_t i = 0; i < kWaiting; ++i) {
        SubmitOne();
      }
    });
  }

  void Stop() {
    strand_.Call([this] {
      running_ = false;
      return 0;
    });
  }

  [[nodiscard]] size_t cycles() const { return cycles_; }

  std::vector<double> TakeLatencies() {
    return strand_.Call([this] { return std::exchange(latencies_, {}); });
  }

 private:
  void SubmitOne() {
    store::Submission run;
    run.client = farm_->options().server;
    run.key = std::to_string(next_++);
    run.id = run.client + "-" + run.key;
    run.owner = "user-" + std::to_string(next_ % 4);
    run.tags = "S6";
    run.request = "{}";
    submitted_[run.id] = Clock::now();
    farm_->Submit(std::move(run), /*demand_board=*/false, [](const Result<std::string>& /*id*/) {});
  }

  void OnGrant(const store::Grant& grant) {
    if (const auto found = submitted_.find(grant.lease.run_id); found != submitted_.end()) {
      latencies_.push_back(MsSince(found->second));
      submitted_.erase(found);
    }
    farm_->Begin(grant.lease);
    farm_->Finish(grant.lease, "match", "{}", [this](const Status& status) {
      cycles_ += status.ok() ? 1 : 0;
      if (running_) {
        SubmitOne();
      }
    });
  }

  Strand strand_;
  std::map<std::string, Clock::time_point> submitted_;
  std::vector<double> latencies_;
  std::atomic<size_t> cycles_{0};
  uint64_t next_ = 0;
  bool running_ = false;
  std::unique_ptr<Farm> farm_;
};

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) {
    return 0;
  }
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

// Cycles a second.
double Measure(const std::string& engine,
               const std::vector<std::string>& addresses,
               size_t boards,
               int seconds,
               double baseline) {
  std::vector<std::unique_ptr<Server>> servers;
  double registering = 0;
  double beating = 0;
  const size_t each = boards / addresses.size();
  for (size_t i = 0; i < addresses.size(); ++i) {
    const std::string name = "pc-" + std::to_string(i + 1);
    servers.push_back(std::make_unique<Server>(name, addresses[i]));
    registering += servers.back()->Register(name + "-", each);
    beating += servers.back()->Heartbeat(name + "-", each);
  }
  const double cpu = CpuSeconds();
  const auto begin = Clock::now();
  for (const auto& server : servers) {
    server->Start();
  }
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  size_t cycles = 0;
  std::vector<double> latencies;
  const double elapsed = MsSince(begin) / 1000;
  for (const auto& server : servers) {
    cycles += server->cycles();
    server->Stop();
    const auto part = server->TakeLatencies();
    latencies.insert(latencies.end(), part.begin(), part.end());
  }
  const double rate = static_cast<double>(cycles) / elapsed;
  std::printf("%-11s %7zu %7zu %10.0f %10.1f %9.0f %7.2f %8.1f %8.1f %6.0f %7.0f\n",
              engine.c_str(),
              addresses.size(),
              boards,
              1000.0 * static_cast<double>(boards) / registering,
              beating,
              rate,
              baseline > 0 ? rate / baseline : 1.0,
              Percentile(latencies, 0.5),
              Percentile(latencies, 0.99),
              100 * (CpuSeconds() - cpu) / elapsed,
              ResidentMib());
  std::fflush(stdout);
  return rate;
}

int Main(int argc, char** argv) {
  const auto given = argc > 1 ? ParseUint(argv[1]) : std::nullopt;
  const int seconds = static_cast<int>(std::clamp<uint64_t>(given.value_or(10), 1, 600));
  std::printf("%-11s %7s %7s %10s %10s %9s %7s %8s %8s %6s %7s\n",
              "store",
              "servers",
              "boards",
              "reg./s",
              "beat ms",
              "cycles/s",
              "ratio",
              "p50 ms",
              "p99 ms",
              "cpu %",
              "MiB");
  const auto folder = TempFolder::Create("plumb-bench-farm-");
  double base = 0;
  for (const size_t boards : {50, 500, 5000}) {
    const std::string file = (folder->path() / ("farm" + std::to_string(boards))).string();
    const double rate = Measure("sqlite", {"sqlite:" + file}, boards, seconds, base);
    base = base > 0 ? base : rate;
  }
  if (const auto missing = test::TemporaryPostgres::MissingBecause()) {
    std::printf("postgresql  left out: %s\n", missing->c_str());
    return 0;
  }
  const auto postgres = test::TemporaryPostgres::Start();
  if (!postgres.ok()) {
    std::fprintf(stderr, "bench_farm: %s\n", postgres.status().ToString().c_str());
    return 1;
  }
  base = 0;
  for (const size_t servers : {1, 2}) {
    for (const size_t boards : {50, 500, 5000}) {
      const auto address = (*postgres)->CreateDatabase("farm" + std::to_string(servers) + "_" +
                                                       std::to_string(boards));
      if (!address.ok()) {
        std::fprintf(stderr, "bench_farm: %s\n", address.status().ToString().c_str());
        return 1;
      }
      const std::vector<std::string> addresses(servers, *address);
      const double rate = Measure("postgresql", addresses, boards, seconds, base);
      base = base > 0 ? base : rate;
    }
  }
  return 0;
}

}  // namespace
}  // namespace plumb::server

int main(int argc, char** argv) {
  return plumb::server::Main(argc, argv);
}
