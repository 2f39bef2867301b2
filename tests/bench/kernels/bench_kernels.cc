// How fast the integer kernels are, against ONNX Runtime's float32 on one thread.
//   bench_kernels             the table
//   bench_kernels --layers    where the time of the fast kernels goes, by kind of operation
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/framework/engines.h"
#include "tests/bench/comparison/rounds.h"
#include "tests/bench/kernels/network.h"

namespace plumb::bench {
namespace {

constexpr int kSlowRounds = 3;
constexpr int kFastRounds = 41;

const std::vector<std::string> kNetworks = {
    "face_detection_short_range",
    "object_detection_ssd_mobilenetv2_oidv4_fp16",
};

const std::string kBuildFolder = PLUMB_SOURCE_DIR "/build/";
const std::string kOnnxRuntime = framework::EnginePath(npu::NetworkFormat::kOnnx).string();

using FastRunner = std::unique_ptr<npu::FastExecutor>;

void Die(const Status& status) {
  if (!status.ok()) {
    std::cerr << "bench_kernels: " << status.ToString() << "\n";
    std::exit(1);
  }
}

template <class T>
T Value(Result<T> result) {
  Die(result.status());
  return *std::move(result);
}

std::string WhatLacks() {
  const bool networks =
      std::filesystem::exists(kBuildFolder + "models/" + kNetworks[0] + ".tflite");
  const bool runtime = std::filesystem::exists(kOnnxRuntime);
  if (networks && runtime) {
    return "";
  }
  return std::string(networks ? "" : "tools/fetch-models ") +
         (runtime ? "" : "tools/fetch-onnxruntime");
}

Case MakeCase(std::string name, const std::function<Status()>& run) {
  Case one;
  one.name = std::move(name);
  one.run = [run] { return Timed([&run] { Die(run()); }); };
  return one;
}

Case FastCase(Network& network,
              npu::InstructionSet set,
              int threads,
              const std::vector<std::vector<int16_t>>& expected) {
  npu::FastExecutor::Options options;
  options.instructions = set;
  options.threads = threads;
  std::shared_ptr<npu::FastExecutor> executor =
      Value(npu::FastExecutor::Create(network.model(), options));
  Die(network.RunIntegers(*executor));
  if (network.outputs() != expected) {
    Die(DataLossError("the fast kernels differ from the reference kernels"));
  }
  return MakeCase("int8 fast " + std::string(npu::InstructionSetName(set)) + ", " +
                      std::to_string(threads) + (threads == 1 ? " thread" : " threads"),
                  [&network, executor] { return network.RunIntegers(*executor); });
}

void PrintCases(const std::vector<Case>& cases, const Case& yardstick) {
  for (const Case& one : cases) {
    std::printf("  %-36s %9.3f ms  %7.2f x\n",
                one.name.c_str(),
                one.median() * 1e3,
                one.median() / yardstick.median());
  }
}

void RunNetwork(const std::string& name) {
  const auto network =
      Value(Network::Load(kBuildFolder + "models/" + name + ".tflite", kOnnxRuntime));
  std::printf("%s: %.0f million products; ONNX Runtime against our float: rel_l2 %.1e\n",
              name.c_str(),
              network->Products(),
              network->onnx_error());
  const auto reference = Value(npu::ReferenceExecutor::Create(network->model(), {}));
  Die(network->RunIntegers(*reference));
  const auto expected = network->outputs();

  std::vector<Case> slow;
  slow.push_back(MakeCase("ONNX Runtime float", [&] { return network->onnx()->Run(); }));
  slow.push_back(MakeCase("float, ours", [&] { return network->RunFloat(); }));
  slow.push_back(MakeCase("int8 reference", [&] { return network->RunIntegers(*reference); }));
  RunRounds(slow, kSlowRounds);

  std::vector<Case> fast;
  fast.push_back(MakeCase("ONNX Runtime float, 1 thread", [&] { return network->onnx()->Run(); }));
  for (const npu::InstructionSet set : npu::SupportedInstructionSets()) {
    fast.push_back(FastCase(*network, set, 1, expected));
  }
  fast.push_back(FastCase(*network, npu::SupportedInstructionSets().back(), 2, expected));
  RunRounds(fast, kFastRounds);
  slow.erase(slow.begin());
  PrintCases(fast, fast[0]);
  PrintCases(slow, fast[0]);
}

// Medians would hide which layer is the slow one; sums over many runs do not.
void PrintLayers(const std::string& name, npu::InstructionSet set) {
  const auto network = Value(Network::Load(kBuildFolder + "models/" + name + ".tflite", ""));
  npu::FastExecutor::Options options;
  options.instructions = set;
  const auto executor = Value(npu::FastExecutor::Create(network->model(), options));

  struct Row {
    double seconds = 0;
    int layers = 0;
  };

  std::map<std::string, Row> rows;
  constexpr int kRuns = 20;
  for (int run = -1; run < kRuns; ++run) {
    size_t layer = 0;
    auto begin = std::chrono::steady_clock::now();
    Die(network->RunIntegers(*executor, [&](uint32_t /*tensor*/, std::span<const int16_t>) {
      const auto end = std::chrono::steady_clock::now();
      if (run >= 0) {
        Row& row = rows[network->model()->ops[layer].source_op];
        row.seconds += std::chrono::duration<double>(end - begin).count() / kRuns;
        row.layers += run == 0 ? 1 : 0;
      }
      ++layer;
      begin = std::chrono::steady_clock::now();
    }));
  }
  std::printf(
      "%s, %s, 1 thread:\n", name.c_str(), std::string(npu::InstructionSetName(set)).c_str());
  for (const auto& [kind, row] : rows) {
    std::printf("  %-24s %3d layers %9.3f ms\n", kind.c_str(), row.layers, row.seconds * 1e3);
  }
}

int Main(bool layers) {
  if (const std::string lacks = WhatLacks(); !lacks.empty()) {
    std::cerr << "bench_kernels: SKIPPED, something to measure is not there; run " << lacks << "\n";
    return 0;
  }
  for (const std::string& name : kNetworks) {
    if (!layers) {
      RunNetwork(name);
      continue;
    }
    for (const npu::InstructionSet set : npu::SupportedInstructionSets()) {
      PrintLayers(name, set);
    }
  }
  return 0;
}

}  // namespace
}  // namespace plumb::bench

int main(int count, char** arguments) {
  return plumb::bench::Main(count > 1 && std::strcmp(arguments[1], "--layers") == 0);
}
