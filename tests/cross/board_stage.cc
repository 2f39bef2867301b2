#include <utility>

#include "common/analysis/diagnose.h"
#include "common/analysis/outcome.h"
#include "common/analysis/pair_comparator.h"
#include "common/archive/recording.h"
#include "common/archive/report_json.h"
#include "common/archive/run_folder.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/npu/model/rounding.h"
#include "common/ring/process_runner.h"
#include "tests/cross/network.h"
#include "tests/support/program.h"

namespace plumb::cross {
namespace {

using analysis::Role;

const std::string kBinaries = PLUMB_BINARY_DIR;

// How long an Invoke took is the one thing about a run that no two runs share.
class Timeless : public TensorSink {
 public:
  explicit Timeless(TensorSink& sink) : sink_(sink) {}

  Status OnModel(const ModelInfo& info) override { return sink_.OnModel(info); }

  Status OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) override {
    return sink_.OnProbe(valid_digests, input_was_zero);
  }

  Status OnInvoke(const InvokeInfo& info) override { return sink_.OnInvoke({info.repetition, 0}); }

  Result<uint64_t> OnChunk(uint32_t repetition,
                           uint32_t index,
                           uint64_t offset,
                           const Buffer& bytes) override {
    return sink_.OnChunk(repetition, index, offset, bytes);
  }

  Result<uint64_t> OnTensorEnd(const TensorEnd& end) override { return sink_.OnTensorEnd(end); }

 private:
  TensorSink& sink_;
};

// An emulated CPU takes its time.
ProcessRunnerOptions Patient(std::string name, std::vector<std::string> argv) {
  ProcessRunnerOptions options;
  options.name = std::move(name);
  options.argv = std::move(argv);
  options.start_timeout = std::chrono::minutes(2);
  options.load_timeout = std::chrono::minutes(5);
  options.progress_timeout = std::chrono::minutes(2);
  return options;
}

ProcessRunnerOptions Simulator() {
  return Patient("builtin", test::ProgramArgv(kBinaries + "/bin/plumb-simulator"));
}

ProcessRunnerOptions Board(const npu::FixedModel& model, const std::string& fault) {
  auto argv = test::ProgramArgv(kBinaries + "/bin/plumb-runner");
  argv.insert(argv.end(),
              {"--mi-library",
               kBinaries + "/lib/libmi_ipu_virtual.so",
               "--sdk",
               "virtual IPU " + std::string(FamilyName(model.chip->family))});
  ProcessRunnerOptions options = Patient("virtual board", std::move(argv));
  options.extra_environment = {
      {"PLUMB_VIRTUAL_FAMILY", std::string(FamilyName(model.chip->family))},
      {"PLUMB_VIRTUAL_FAULT", fault},
      {"PLUMB_VIRTUAL_SEED", "2026"}};
  return options;
}

Result<Artifact> ArtifactOf(const std::filesystem::path& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path));
  return Artifact{path, Sha256Hex(bytes.span()), bytes.size()};
}

Result<RunSpec> SpecOf(const Compiled& compiled) {
  RunSpec spec;
  PLUMB_ASSIGN_OR_RETURN(spec.model, ArtifactOf(compiled.image));
  for (const auto& input : compiled.inputs) {
    spec.inputs.emplace_back();
    PLUMB_ASSIGN_OR_RETURN(spec.inputs.back(), ArtifactOf(input));
  }
  spec.repetitions = 2;
  spec.probe = true;
  spec.invoke_timeout = std::chrono::minutes(10);
  return spec;
}

Result<archive::OpenRecording> Record(const ProcessRunnerOptions& options,
                                      const RunSpec& spec,
                                      const std::filesystem::path& folder) {
  archive::RecordingIdentity identity;
  identity.source = options.name;
  identity.model_sha256 = spec.model.sha256;
  for (const Artifact& input : spec.inputs) {
    identity.input_sha256.push_back(input.sha256);
  }
  PLUMB_ASSIGN_OR_RETURN(const auto writer,
                         archive::RecordingWriter::Create(folder, std::move(identity)));
  Timeless timeless(*writer);
  PLUMB_RETURN_IF_ERROR(ProcessRunner(options).Run(spec, timeless, {}).Annotate(options.name));
  PLUMB_RETURN_IF_ERROR(writer->Finish());
  return archive::ReadRecording(folder);
}

Status AddTensors(const std::vector<Tensor>& references,
                  const std::vector<Tensor>& targets,
                  analysis::DiagnosisRequest& request,
                  analysis::ComparisonReport& report) {
  for (size_t i = 0; i < targets.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(analysis::TensorReport tensor,
                           analysis::CompareTensors(references.at(i), targets[i], {}));
    tensor.index = static_cast<uint32_t>(i);
    report.tensors.push_back(tensor);
    request.pairs.push_back({references[i], targets[i], std::move(tensor)});
    ++report.coverage.matched;
  }
  return OkStatus();
}

// A run as the server stores it; gives the target's outputs.
Result<std::vector<Tensor>> StoreRun(const Compiled& compiled,
                                     const std::string& fault,
                                     const std::filesystem::path& path) {
  PLUMB_ASSIGN_OR_RETURN(auto folder, archive::RunFolderWriter::Create(path));
  PLUMB_ASSIGN_OR_RETURN(const RunSpec spec, SpecOf(compiled));
  PLUMB_ASSIGN_OR_RETURN(const auto reference,
                         Record(Simulator(), spec, folder.LegFolder(Role::kReference)));
  PLUMB_ASSIGN_OR_RETURN(
      const auto target,
      Record(Board(*compiled.model, fault), spec, folder.LegFolder(Role::kTarget)));
  analysis::ComparisonReport report;
  report.reference.source = reference.recording.identity.source;
  report.target.source = target.recording.identity.source;
  report.identity.model_sha256 = spec.model.sha256;
  report.identity.sdk = target.recording.model.sdk;
  analysis::DiagnosisRequest request;
  request.evidence = archive::EvidenceOf(target.recording);
  PLUMB_RETURN_IF_ERROR(AddTensors(reference.outputs, target.outputs, request, report));
  report.diagnosis = analysis::Diagnose(request);
  analysis::DecideOutcome({}, report);
  PLUMB_RETURN_IF_ERROR(folder.Commit({"1", path.filename().string(), 0, 0}, report));
  const int expected = fault.empty() ? analysis::kExitMatch : analysis::kExitMismatch;
  if (report.exit_code != expected) {
    return InternalError(path.string() + " ended with exit code " +
                         std::to_string(report.exit_code));
  }
  return target.outputs;
}

// What quantisation costs: every metric has a value here.
Status CompareWithFloat(const Network& network,
                        const Compiled& compiled,
                        const std::vector<Tensor>& board) {
  std::vector<Tensor> real;
  for (size_t i = 0; i < compiled.real_outputs.size(); ++i) {
    const std::vector<float>& values = compiled.real_outputs[i];
    Tensor tensor;
    PLUMB_ASSIGN_OR_RETURN(
        tensor.desc,
        MakeContiguousDesc(board.at(i).desc.name, ElementType::kFloat32, board[i].desc.shape));
    tensor.bytes = Buffer::Copy(
        {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)});
    real.push_back(std::move(tensor));
  }
  analysis::ComparisonReport report;
  analysis::DiagnosisRequest request;
  PLUMB_RETURN_IF_ERROR(AddTensors(real, board, request, report));
  report.diagnosis = analysis::Diagnose(request);
  analysis::DecideOutcome({}, report);
  return WriteFileAtomically(network.out / "float_report.json", archive::ReportToJson(report));
}

}  // namespace

Status RunBoard(const Network& network, const Compiled& compiled) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<Tensor> outputs,
                         StoreRun(compiled, "", network.out / "run"));
  PLUMB_RETURN_IF_ERROR(StoreRun(compiled, "rounding", network.out / "run_rounding").status());
  return network.quantized ? OkStatus() : CompareWithFloat(network, compiled, outputs);
}

}  // namespace plumb::cross
