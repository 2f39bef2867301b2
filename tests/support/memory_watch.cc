#include "tests/support/memory_watch.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

namespace plumb::test {
namespace {

namespace fs = std::filesystem;

std::string ProcPath(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::string NameOf(pid_t pid) {
  std::ifstream file(ProcPath(pid, "comm"));
  std::string name;
  std::getline(file, name);
  return name;
}

// `pid` and all below it. A process that ends meanwhile is left out.
void AddFamily(pid_t pid, std::vector<pid_t>& family) {
  family.push_back(pid);
  std::error_code error;
  for (fs::directory_iterator task(ProcPath(pid, "task"), error), end; !error && task != end;
       task.increment(error)) {
    std::ifstream children(task->path() / "children");
    for (pid_t child = 0; children >> child;) {
      AddFamily(child, family);
    }
  }
}

}  // namespace

uint64_t PrivateMemory(pid_t pid) {
  std::ifstream file(ProcPath(pid, "status"));
  std::string word;
  while (file >> word) {
    if (word == "RssAnon:") {
      uint64_t kib = 0;
      file >> kib;
      return kib * 1024;
    }
  }
  return 0;
}

struct MemoryWatch::State {
  std::vector<pid_t> roots;
  std::atomic<bool> stopping{false};
  std::map<std::string, uint64_t> peaks;
  std::thread thread;

  void Sample() {
    std::vector<pid_t> family;
    for (const pid_t root : roots) {
      AddFamily(root, family);
    }
    for (const pid_t pid : family) {
      const uint64_t bytes = PrivateMemory(pid);
      uint64_t& peak = peaks[NameOf(pid)];
      peak = std::max(peak, bytes);
    }
  }
};

MemoryWatch::MemoryWatch(std::vector<pid_t> roots) : state_(std::make_unique<State>()) {
  state_->roots = std::move(roots);
  state_->thread = std::thread([state = state_.get()] {
    while (!state->stopping) {
      state->Sample();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
}

MemoryWatch::~MemoryWatch() {
  Stop();
}

std::map<std::string, uint64_t> MemoryWatch::Stop() {
  state_->stopping = true;
  if (state_->thread.joinable()) {
    state_->thread.join();
  }
  return state_->peaks;
}

}  // namespace plumb::test
