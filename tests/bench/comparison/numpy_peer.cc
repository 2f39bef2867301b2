#include "tests/bench/comparison/numpy_peer.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <utility>

namespace plumb::bench {
namespace {

constexpr size_t kLongestLine = 4096;

}  // namespace

NumpyPeer::NumpyPeer(Subprocess process, UniqueFd to, UniqueFd from)
    : process_(std::move(process)),
      to_(std::move(to)),
      from_(std::move(from)) {}

Result<std::unique_ptr<NumpyPeer>> NumpyPeer::Start(const std::string& reference_file,
                                                    const std::string& target_file) {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0) {
    return InternalError("no pipe to python");
  }
  UniqueFd child_in(to[0]);
  UniqueFd ours_out(to[1]);
  if (::pipe2(from.data(), O_CLOEXEC) != 0) {
    return InternalError("no pipe from python");
  }
  UniqueFd ours_in(from[0]);
  UniqueFd child_out(from[1]);
  SubprocessOptions options;
  options.argv = {"/usr/bin/python3", PLUMB_NUMPY_METRICS, reference_file, target_file};
  options.descriptors = {{0, child_in.get()}, {1, child_out.get()}, {2, 2}};
  PLUMB_ASSIGN_OR_RETURN(Subprocess process, Subprocess::Start(options));
  child_in.Reset();
  child_out.Reset();
  std::unique_ptr<NumpyPeer> peer(
      new NumpyPeer(std::move(process), std::move(ours_out), std::move(ours_in)));
  auto version = peer->ReadLine();
  if (!version.ok()) {
    return NotFoundError("/usr/bin/python3 has no numpy: apt-get install python3-numpy");
  }
  peer->version_ = *std::move(version);
  return peer;
}

Result<std::string> NumpyPeer::ReadLine() {
  std::string line;
  char c = 0;
  while (line.size() < kLongestLine && ::read(from_.get(), &c, 1) == 1) {
    if (c == '\n') {
      return line;
    }
    line += c;
  }
  return InternalError("numpy ended or spoke without end");
}

Result<NumpyAnswer> NumpyPeer::Measure(const std::string& what) {
  const std::string request = what + "\n";
  if (::write(to_.get(), request.data(), request.size()) != static_cast<ssize_t>(request.size())) {
    return InternalError("numpy does not listen");
  }
  PLUMB_ASSIGN_OR_RETURN(const std::string line, ReadLine());
  NumpyAnswer answer;
  if (std::sscanf(line.c_str(), "%lf %lf %lf", &answer.seconds, &answer.mse, &answer.cosine) != 3) {
    return InternalError("numpy said: " + line);
  }
  return answer;
}

}  // namespace plumb::bench
