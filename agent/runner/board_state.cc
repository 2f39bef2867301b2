#include "agent/runner/board_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace plumb {
namespace mi {
namespace {

const char* const kFiles[] = {"/proc/mi_modules/mi_ipu/mi_ipu0",
                              "/proc/mi_modules/mi_sys_mma/mma_heap_name0",
                              "/sys/dla/clk_rate",
                              "/sys/dla/freq",
                              "/sys/dla/ipu_log"};

constexpr size_t kMaxRead = 2048;
constexpr size_t kMaxPiece = 90;
constexpr size_t kMaxLine = 400;

std::string Beginning(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    return "";
  }
  char bytes[kMaxRead];
  const ssize_t got = ::read(fd, bytes, sizeof bytes);
  ::close(fd);
  return got > 0 ? std::string(bytes, static_cast<size_t>(got)) : "";
}

// On one line, runs of blanks and control characters as one space.
std::string Flattened(const std::string& text) {
  std::string flat;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= ' ';
    if (!blank) {
      flat += c;
    } else if (!flat.empty() && flat.back() != ' ') {
      flat += ' ';
    }
    if (flat.size() >= kMaxPiece) {
      return flat + "...";
    }
  }
  return flat;
}

}  // namespace

std::string DescribeBoard(const std::string& root) {
  std::string line;
  for (const char* file : kFiles) {
    const std::string text = Beginning(root + file);
    if (text.empty()) {
      continue;
    }
    std::fprintf(stderr, "%s:\n%s\n", file, text.c_str());
    const std::string piece = std::string(file) + ": " + Flattened(text);
    if (line.size() + piece.size() + 2 <= kMaxLine) {
      line += (line.empty() ? "" : "; ") + piece;
    }
  }
  return line;
}

}  // namespace mi
}  // namespace plumb
