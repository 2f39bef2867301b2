// Text that is redrawn in place on a terminal, and nothing at all elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/frame/console.h"

namespace plumb::client {

// A block of lines at the bottom of stderr. Erase it (or let it go out of scope) before anything
// else is printed. Does nothing unless console.live().
class LiveBlock {
 public:
  explicit LiveBlock(Console& console) : console_(console) {}

  LiveBlock(const LiveBlock&) = delete;
  LiveBlock& operator=(const LiveBlock&) = delete;

  ~LiveBlock() { Erase(); }

  // Replaces the block. Lines longer than the terminal are cut. At most ten redraws a second; a
  // skipped one is not made up for, so the last state is printed by ordinary lines after Erase().
  void Show(const std::vector<Line>& lines);
  void Erase();

 private:
  Console& console_;
  size_t shown_lines_ = 0;
  std::chrono::steady_clock::time_point last_show_{};
};

// "calibrating  37/120  [#####----------]  picture.png"
class Progress {
 public:
  // `total` steps; 0 when it is not known.
  Progress(Console& console, std::string_view what, uint64_t total)
      : block_(console),
        what_(what),
        total_(total) {}

  void Update(uint64_t done, std::string_view detail = "");

 private:
  LiveBlock block_;
  std::string what_;
  uint64_t total_;
};

}  // namespace plumb::client
