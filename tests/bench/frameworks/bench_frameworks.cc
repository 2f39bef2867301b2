// Our executors against the frameworks' own engines, on the networks of the tree, one thread each.
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "common/framework/engines.h"
#include "common/npu/import/permute.h"
#include "tests/bench/comparison/rounds.h"
#include "tests/bench/kernels/network.h"

namespace plumb::bench {
namespace {

constexpr int kRounds = 41;
constexpr double kLargestError = 1e-4;

struct Subject {
  npu::NetworkFormat format;
  std::string file;
  npu::InputShapes shapes;
};

const std::vector<Subject> kSubjects = {
    {npu::NetworkFormat::kOnnx, "face_detection_front_128x128_barracuda.onnx", {}},
    {npu::NetworkFormat::kOnnx, "ch_ppocr_mobile_v2.0_cls_infer.onnx", {{"x", {1, 3, 48, 192}}}},
    {npu::NetworkFormat::kCaffe, "caffe/rnet.prototxt", {}},
};

void Die(const Status& status) {
  if (!status.ok()) {
    std::cerr << "bench_frameworks: " << status.ToString() << "\n";
    std::exit(1);
  }
}

template <class T>
T Value(Result<T> result) {
  Die(result.status());
  return *std::move(result);
}

// The engine and the input as its file has it.
struct Foreign {
  std::unique_ptr<framework::Engine> engine;
  std::vector<Buffer> inputs;

  std::vector<framework::OutputTensor> Run() { return Value(engine->Run(inputs, nullptr, {})); }
};

Foreign OpenForeign(const Subject& subject, const std::string& path, const Network& network) {
  framework::EngineRequest request;
  request.model = path;
  request.shapes = subject.shapes;
  if (subject.format == npu::NetworkFormat::kCaffe) {
    request.weights = std::filesystem::path(path).replace_extension(".caffemodel");
  }
  Foreign foreign{Value(framework::OpenEngine(subject.format, {}, request)), {}};
  const npu::GraphTensor& input = network.graph().tensors[network.graph().inputs[0]];
  constexpr std::array<int32_t, 4> kToPlanes = {0, 3, 1, 2};
  const std::vector<float> values =
      input.role == npu::FileRole::kPlainNchw
          ? network.float_input()
          : npu::importing::Permute(network.float_input(), input.shape, kToPlanes);
  foreign.inputs.push_back(Buffer::Copy(
      {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)}));
  return foreign;
}

// Both must compute the same before either is timed. Outputs here have no picture to turn.
double LargestError(Network& network, Foreign& foreign) {
  const auto ours = Value(network.FloatOutputs());
  const auto theirs = foreign.Run();
  double largest = ours.size() == theirs.size() ? 0 : 1;
  for (size_t i = 0; i < ours.size() && largest < 1; ++i) {
    const auto* values = reinterpret_cast<const float*>(theirs[i].bytes.data());
    double error = 0;
    double size = 0;
    for (size_t k = 0; k < ours[i].size() && ours[i].size() * 4 == theirs[i].bytes.size(); ++k) {
      error += std::abs(static_cast<double>(ours[i][k]) - static_cast<double>(values[k]));
      size += std::abs(static_cast<double>(values[k]));
    }
    largest = std::max(largest, size > 0 ? error / size : 1);
  }
  return largest;
}

Case MakeCase(std::string name, const std::function<void()>& run) {
  Case one;
  one.name = std::move(name);
  one.run = [run] { return Timed(run); };
  return one;
}

void RunSubject(const Subject& subject) {
  const framework::EngineState state = framework::ExamineEngine(subject.format);
  if (!state.usable) {
    std::printf("%s: SKIPPED, %s; run %s\n",
                subject.file.c_str(),
                state.detail.c_str(),
                state.mend.c_str());
    return;
  }
  const std::string path = PLUMB_SOURCE_DIR "/tests/testdata/models/" + subject.file;
  const auto network = Value(Network::Load(path, "", subject.shapes));
  Foreign foreign = OpenForeign(subject, path, *network);
  const double error = LargestError(*network, foreign);
  if (!(error <= kLargestError)) {
    Die(DataLossError(subject.file + ": the engine computes something else: rel_l1 " +
                      std::to_string(error)));
  }
  npu::FastExecutor::Options options;
  const npu::InstructionSet best = npu::SupportedInstructionSets().back();
  options.instructions = best;
  options.threads = 1;
  const auto fast = Value(npu::FastExecutor::Create(network->model(), options));
  const auto reference = Value(npu::ReferenceExecutor::Create(network->model(), {}));
  std::vector<Case> cases;
  cases.push_back(MakeCase(foreign.engine->name() + " float", [&] { foreign.Run(); }));
  cases.push_back(MakeCase("ours, float", [&] { Die(network->RunFloat()); }));
  cases.push_back(MakeCase("ours, int8 fast " + std::string(npu::InstructionSetName(best)),
                           [&] { Die(network->RunIntegers(*fast)); }));
  cases.push_back(MakeCase("ours, int8 reference", [&] { Die(network->RunIntegers(*reference)); }));
  RunRounds(cases, kRounds);
  std::printf("%s: %.1f million products, outputs agree to rel_l1 %.1e\n",
              subject.file.c_str(),
              network->Products(),
              error);
  for (const Case& one : cases) {
    std::printf("  %-36s %9.3f ms  %7.2f x\n",
                one.name.c_str(),
                one.median() * 1e3,
                one.median() / cases[0].median());
  }
}

}  // namespace
}  // namespace plumb::bench

int main() {
  for (const auto& subject : plumb::bench::kSubjects) {
    plumb::bench::RunSubject(subject);
  }
  return 0;
}
