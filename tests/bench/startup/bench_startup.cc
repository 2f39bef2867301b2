// How long the programs take to start, against empty ones linked like them.
//   bench_startup    programs that are not built are left out, and named
#include <fcntl.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/subprocess.h"
#include "common/npu/model/compile.h"
#include "common/npu/model/container.h"
#include "common/ring/process_runner.h"
#include "tests/bench/comparison/rounds.h"
#include "tests/bench/kernels/network.h"
#include "tests/support/process.h"

namespace plumb::bench {
namespace {

constexpr int kRounds = 21;

const std::string kBuild = PLUMB_BINARY_DIR;
const std::string kModel =
    PLUMB_SOURCE_DIR "/tests/testdata/models/face_detection_short_range.tflite";

void Die(const Status& status) {
  if (!status.ok()) {
    std::cerr << "bench_startup: " << status.ToString() << "\n";
    std::exit(1);
  }
}

template <class T>
T Value(Result<T> result) {
  Die(result.status());
  return *std::move(result);
}

// Only says that the first byte of an output has come.
class FirstByteSink : public TensorSink {
 public:
  Status OnModel(const ModelInfo& /*info*/) override { return OkStatus(); }

  Status OnProbe(const std::vector<uint64_t>& /*digests*/, bool /*input_was_zero*/) override {
    return OkStatus();
  }

  Status OnInvoke(const InvokeInfo& info) override {
    invoke_ms = info.invoke_ms;
    return OkStatus();
  }

  Result<uint64_t> OnChunk(uint32_t /*repetition*/,
                           uint32_t /*index*/,
                           uint64_t offset,
                           const Buffer& bytes) override {
    if (!first.has_value()) {
      first = std::chrono::steady_clock::now();
    }
    end_ = offset + bytes.size();
    return end_;
  }

  Result<uint64_t> OnTensorEnd(const TensorEnd& /*end*/) override { return end_; }

  std::optional<std::chrono::steady_clock::time_point> first;
  double invoke_ms = 0;

 private:
  uint64_t end_ = 0;
};

// From exec to exit.
double TimeProgram(const std::vector<std::string>& argv, int quiet) {
  return Timed([&] {
    SubprocessOptions options;
    options.argv = argv;
    options.descriptors = {{0, quiet}, {1, quiet}, {2, quiet}};
    Subprocess process = Value(Subprocess::Start(options));
    const ExitInfo exit = process.Wait();
    if (!exit.clean()) {
      Die(InternalError(argv[0] + " ended with " + exit.ToString()));
    }
  });
}

constexpr std::chrono::seconds kPatience{30};

// From exec until the program says `text`; it is killed afterwards.
double TimeUntilLine(const std::vector<std::string>& argv, const std::string& text) {
  std::unique_ptr<test::Program> program;
  return Timed([&] {
    program = Value(test::Program::Start(argv));
    if (!program->WaitForLine(text, kPatience)) {
      Die(InternalError(argv[0] + " never said '" + text + "': " + program->Output()));
    }
  });
}

struct FirstOutput {
  double seconds = 0;  // from before exec
  double invoke_ms = 0;
};

FirstOutput TimeFirstOutput(const ProcessRunnerOptions& options, const RunSpec& spec) {
  FirstByteSink sink;
  const auto begin = std::chrono::steady_clock::now();
  Die(ProcessRunner(options).Run(spec, sink, CancelToken()));
  if (!sink.first.has_value()) {
    Die(InternalError(options.name + " gave no output"));
  }
  return {std::chrono::duration<double>(*sink.first - begin).count(), sink.invoke_ms};
}

class Bench {
 public:
  Bench()
      : folder_(Value(TempFolder::Create("startup"))),
        quiet_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {
    const auto network = Value(Network::Load(kModel, ""));
    npu::CompileOptions options;
    options.family = Family::kS6;
    const npu::FixedModel chip = Value(npu::Compile(*network->model(), options));
    model_ = folder_.path() / "model.img";
    Die(WriteFileAtomically(model_, Value(npu::SerializeModel(chip))));
    input_ = folder_.path() / "input.bin";
    const std::vector<uint8_t> grey(chip.chip->inputs[0].desc.payload_size, 128);
    Die(WriteFileAtomically(input_, grey));
  }

  void AddProgram(const std::string& name, const std::string& path, const std::string& flag) {
    if (!Exists(path)) {
      return;
    }
    std::vector<std::string> argv = {path};
    if (!flag.empty()) {
      argv.push_back(flag);
    }
    Add(name, [this, argv] { return TimeProgram(argv, quiet_.get()); });
  }

  void AddRunner(const std::string& name, const std::vector<std::string>& argv) {
    if (!Exists(argv[0])) {
      return;
    }
    ProcessRunnerOptions options;
    options.name = name;
    options.argv = argv;
    options.extra_environment["PLUMB_VIRTUAL_FAMILY"] = "S6";
    RunSpec spec;
    spec.model.path = model_;
    spec.inputs.emplace_back().path = input_;
    invoke_.push_back(name);
    const size_t slot = invoke_ms_.size();
    invoke_ms_.push_back(0);
    Add(name, [this, options, spec, slot] {
      const FirstOutput output = TimeFirstOutput(options, spec);
      invoke_ms_[slot] = output.invoke_ms;
      return output.seconds;
    });
  }

  // Ready: the server listens; the agent is known to a server that runs already.
  void AddReady(const std::string& server, const std::string& agent) {
    if (!Exists(server) || !Exists(agent)) {
      return;
    }
    const auto address = [this](const char* name) {
      return "unix:" + (folder_.path() / name).string();
    };
    const auto server_argv = [&](const char* name) {
      return std::vector<std::string>{server,
                                      "--listen",
                                      address(name),
                                      "--data",
                                      folder_.path() / (std::string(name) + "-data")};
    };
    server_ = Value(test::Program::Start(server_argv("kept")));
    if (!server_->WaitForLine(kListens, kPatience)) {
      Die(InternalError(server_->Output()));
    }
    Add("plumb-server, listens",
        [argv = server_argv("timed")] { return TimeUntilLine(argv, kListens); });
    const std::vector<std::string> agent_argv = {agent,
                                                 "--server",
                                                 address("kept"),
                                                 "--name",
                                                 "bench",
                                                 "--virtual",
                                                 "S6",
                                                 "--cache",
                                                 folder_.path() / "cache"};
    Add("plumb-agent, known to the server",
        [agent_argv] { return TimeUntilLine(agent_argv, "connected to plumb-server"); });
  }

  void AddLocalRun(const std::string& plumb) {
    if (!Exists(plumb)) {
      return;
    }
    const std::vector<std::string> argv = {
        plumb, "run", "--local", "--virtual", "S6", "--model", model_, "--input", input_};
    Add("plumb run --local, whole", [this, argv] { return TimeProgram(argv, quiet_.get()); });
  }

  void RunAndPrint() {
    RunRounds(cases_, kRounds);
    std::printf("%-44s %10s %12s\n", "from exec", "median ms", "x /bin/true");
    for (const Case& one : cases_) {
      std::printf("%-44s %10.2f %12.1f\n",
                  one.name.c_str(),
                  one.median() * 1e3,
                  one.median() / cases_[0].median());
    }
    for (size_t i = 0; i < invoke_.size(); ++i) {
      std::printf("%s: %.2f ms of it are Invoke\n", invoke_[i].c_str(), invoke_ms_[i]);
    }
  }

 private:
  static bool Exists(const std::string& path) {
    const bool exists = std::filesystem::exists(path);
    if (!exists) {
      std::printf("left out, because it is not built: %s\n", path.c_str());
    }
    return exists;
  }

  void Add(const std::string& name, std::function<double()> run) {
    Case& one = cases_.emplace_back();
    one.name = name;
    one.run = std::move(run);
  }

  static constexpr const char* kListens = "listens on";

  TempFolder folder_;
  UniqueFd quiet_;
  std::filesystem::path model_;
  std::filesystem::path input_;
  std::unique_ptr<test::Program> server_;
  std::vector<Case> cases_;
  std::vector<std::string> invoke_;
  std::vector<double> invoke_ms_;  // of the last run
};

// `folder` holds bin/ and lib/ of a build.
void Main(const std::string& folder) {
  const std::string bin = folder + "/bin/";
  Bench bench;
  bench.AddProgram("/bin/true", "/bin/true", "");
  bench.AddProgram("empty, linked with gRPC", kBuild + "/bench/empty_with_grpc", "");
  for (const char* name :
       {"plumb", "plumb-server", "plumb-agent", "plumb-simulator", "plumb-runner"}) {
    bench.AddProgram(std::string(name) + " --help", bin + name, "--help");
  }
  bench.AddRunner("plumb-runner + virtual IPU, first output",
                  {bin + "plumb-runner", "--mi-library", folder + "/lib/libmi_ipu_virtual.so"});
  bench.AddRunner("plumb-simulator, first output", {bin + "plumb-simulator"});
  bench.AddReady(bin + "plumb-server", bin + "plumb-agent");
  bench.AddLocalRun(bin + "plumb");
  bench.RunAndPrint();
}

}  // namespace
}  // namespace plumb::bench

int main(int count, char** arguments) {
  plumb::bench::Main(count > 1 ? arguments[1] : PLUMB_BINARY_DIR);
}
