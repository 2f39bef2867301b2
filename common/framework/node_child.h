// One conversation with a script in node: a request goes in, lines of JSON and bytes come out.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/subprocess.h"
#include "common/base/unique_fd.h"
#include "common/framework/engine.h"

namespace plumb::framework {

// "v20.20.2" of the node in PATH; kNotFound with the command that installs it.
Result<std::string> NodeVersion();

// Owns the process: the destructor kills it. Not thread-safe; the thread that starts it must live
// as long as it does. All errors but cancel's status name the child and end in what it wrote to
// stderr: kDeadlineExceeded, runner_hung; kUnavailable, runner_crashed for one that died.
class NodeChild {
 public:
  // `request`: everything the script reads from stdin. It is sent as the script takes it.
  static Result<NodeChild> Start(const std::filesystem::path& script,
                                 const std::vector<std::string>& arguments,
                                 std::vector<uint8_t> request,
                                 const RunControl& control);

  // The next line without its line feed, at most 1 MiB.
  Result<std::string> Line();
  // Exactly so many bytes.
  Result<std::vector<uint8_t>> Bytes(uint64_t size);

 private:
  NodeChild(Subprocess process, RunControl control);

  // Waits for the child, sends and receives what there is.
  Status Step();
  Status Send();
  Status Receive();
  void ReadWords();
  Status Ended();
  [[nodiscard]] std::string Words() const;

  Subprocess process_;
  RunControl control_;
  std::chrono::steady_clock::time_point until_;
  UniqueFd to_;
  UniqueFd from_;
  UniqueFd errors_;
  std::vector<uint8_t> request_;
  size_t sent_ = 0;
  std::vector<uint8_t> received_;
  size_t taken_ = 0;  // of received_
  std::string words_;
};

}  // namespace plumb::framework
