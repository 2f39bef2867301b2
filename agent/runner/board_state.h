// What the board's kernel modules say of the IPU, for the story of a failed run. C++14.
#pragma once

#include <string>

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Reads the files of docs/formats/mi_ipu.md ("When a run fails") below `root` ("" on a board) and
// writes them to stderr, at most 2 KiB of each. Returns one line of at most 400 bytes with the
// beginning of each, "" when there is none of them. Never waits for a file.
std::string DescribeBoard(const std::string& root);

}  // namespace mi
}  // namespace plumb
