// Programs under test: started for real, their output gathered, their end awaited with a deadline.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/base/subprocess.h"

namespace plumb::test {

struct Finished {
  ExitInfo exit;
  std::string out;
  std::string err;
};

// A running program whose stdout and stderr are read as they come. The destructor kills it.
class Program {
 public:
  static Result<std::unique_ptr<Program>> Start(const std::vector<std::string>& argv,
                                                const std::map<std::string, std::string>& env = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Waits until a whole line of stdout or stderr holds `text`; gives the line, or nothing when the
  // program ends or `timeout` is over first.
  std::optional<std::string> WaitForLine(const std::string& text,
                                         std::chrono::milliseconds timeout);
  // Waits for the end; nothing when `timeout` is over first (the program goes on).
  std::optional<Finished> WaitForExit(std::chrono::milliseconds timeout);
  void Signal(int signal);
  [[nodiscard]] pid_t pid() const;
  // What was printed so far on both streams.
  [[nodiscard]] std::string Output() const;

 private:
  struct State;
  explicit Program(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Runs a program to its end; a program that outlives `timeout` is killed and gives an error.
Result<Finished> RunProgram(const std::vector<std::string>& argv,
                            std::chrono::milliseconds timeout = std::chrono::seconds(60),
                            const std::map<std::string, std::string>& env = {});

// bin/NAME of the build under test.
std::string BinaryPath(const std::string& name);

}  // namespace plumb::test
