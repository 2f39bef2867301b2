// `plumb compare` as a whole process on two files of 256 MiB in the page cache, against `cat` and
// `cmp` of the same files.
//   bench_comparison_files [ROUNDS]
#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/subprocess.h"
#include "tests/bench/comparison/rounds.h"

namespace plumb::bench {
namespace {

constexpr size_t kElements = size_t{64} << 20;
constexpr double kBytes = 2.0 * kElements * sizeof(float);

void Require(bool good, const char* what) {
  if (!good) {
    std::fprintf(stderr, "bench_comparison_files: %s\n", what);
    std::exit(1);
  }
}

void WriteFloats(const std::filesystem::path& path, float difference) {
  std::mt19937 random(1);
  std::vector<float> values(kElements);
  for (float& value : values) {
    value = static_cast<float>(random()) * 1e-9F + difference;
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  Require(WriteFileAtomically(path, {bytes, values.size() * sizeof(float)}).ok(),
          "a file of 256 MiB cannot be written");
}

double TimeProgram(const std::vector<std::string>& argv, int quiet, int exit_code) {
  return Timed([&] {
    SubprocessOptions options;
    options.argv = argv;
    options.descriptors = {{0, quiet}, {1, quiet}, {2, quiet}};
    auto process = Subprocess::Start(options);
    Require(process.ok(), "a program cannot be started");
    const ExitInfo exit = process->Wait();
    Require(exit.code == exit_code, (argv[0] + " ended with " + exit.ToString()).c_str());
  });
}

int Main(int rounds) {
  auto folder = TempFolder::Create("plumb-bench-");
  Require(folder.ok(), "there is no temporary folder");
  const std::string reference = folder->path() / "reference.bin";
  const std::string target = folder->path() / "target.bin";
  const std::string same = folder->path() / "same.bin";
  WriteFloats(reference, 0);
  WriteFloats(target, 1e-3F);
  WriteFloats(same, 0);
  const UniqueFd quiet(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const std::string plumb = std::string(PLUMB_BINARY_DIR) + "/bin/plumb";
  const std::string spec = std::to_string(kElements) + "xf32";
  const auto compare = [&](const std::string& other, int exit_code) {
    const std::vector<std::string> argv = {plumb, "compare", "--spec", spec, reference, other};
    return [argv, fd = quiet.get(), exit_code] { return TimeProgram(argv, fd, exit_code); };
  };
  const auto tool = [&](const std::vector<std::string>& argv, int exit_code) {
    return [argv, fd = quiet.get(), exit_code] { return TimeProgram(argv, fd, exit_code); };
  };
  std::vector<Case> cases = {
      // Through a pipe's reader, since cat to /dev/null reads nothing with some kernels' splice.
      {"cat both | wc -c",
       kBytes,
       tool({"/bin/sh", "-c", "cat \"$1\" \"$2\" | wc -c", "sh", reference, target}, 0),
       {},
       {}},
      {"cmp equal", kBytes, tool({"/usr/bin/cmp", reference, same}, 0), {}, {}},
      {"plumb compare, equal", kBytes, compare(same, 0), {0, 1}, {}},
      {"plumb compare, differing", kBytes, compare(target, 1), {0}, {}},
  };
  RunRounds(cases, rounds);
  PrintTable(cases);
  return 0;
}

}  // namespace
}  // namespace plumb::bench

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
  return rounds < 1 ? 2 : plumb::bench::Main(rounds);
}
