#include "tests/support/program.h"

#include <sstream>

namespace plumb::test {

std::vector<std::string> ProgramArgv(const std::string& path) {
  std::vector<std::string> argv;
  std::istringstream words(PLUMB_EMULATOR);
  for (std::string word; std::getline(words, word, '|');) {
    argv.push_back(word);
  }
  argv.push_back(path);
  return argv;
}

}  // namespace plumb::test
