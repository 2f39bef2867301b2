// How much private memory processes use, watched from outside.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace plumb::test {

// RssAnon of /proc/PID/status in bytes: heap and stacks, without mapped files, page cache and
// shared rings. 0 for a process that is gone.
uint64_t PrivateMemory(pid_t pid);

// Samples the private memory of processes and all their descendants every millisecond or so, on a
// thread of its own. VmHWM would not do: it counts shared pages too.
class MemoryWatch {
 public:
  explicit MemoryWatch(std::vector<pid_t> roots);
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  // Ends the watch: the largest sample in bytes per program name (the kernel's, 15 characters).
  std::map<std::string, uint64_t> Stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace plumb::test
