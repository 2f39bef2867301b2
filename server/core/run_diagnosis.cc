#include "server/core/run_diagnosis.h"

#include <system_error>
#include <utility>

#include "common/analysis/adopted_scale.h"
#include "common/archive/recording.h"
#include "common/base/text.h"

namespace plumb::server {
namespace {

// Removes the folder when it goes out of scope.
class Scratch {
 public:
  explicit Scratch(std::filesystem::path path) : path_(std::move(path)) {}

  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

 private:
  std::filesystem::path path_;
};

std::string PositionText(const TensorDesc& desc, uint64_t element) {
  const auto position = desc.shape.Unravel(element);
  std::vector<std::string> parts;
  for (size_t axis = 0; axis < desc.shape.rank(); ++axis) {
    parts.push_back(std::to_string(position.at(axis)));
  }
  return "[" + Join(parts, ", ") + "]";
}

// Says where the first repeated difference is: the analysis knows digests only.
void AddPositions(const LegRecorder& target, std::vector<analysis::Diagnosis>* diagnoses) {
  const auto model = target.model();
  for (const RepeatDifference& difference : target.differences()) {
    const TensorDesc& desc = model->outputs[difference.index];
    for (analysis::Diagnosis& diagnosis : *diagnoses) {
      if (diagnosis.cause == "not_repeatable" &&
          (diagnosis.tensor == desc.name || diagnosis.tensor.empty())) {
        diagnosis.evidence += "; '" + EscapeForDisplay(desc.name) + "' first differs at element " +
                              PositionText(desc, difference.element) + " of repetition " +
                              std::to_string(difference.repetition + 1);
      }
    }
  }
}

}  // namespace

Result<std::vector<analysis::Diagnosis>> RunDiagnosis::Find(const CancelToken& cancel) const {
  PLUMB_ASSIGN_OR_RETURN(archive::OpenRecording reference_leg,
                         archive::ReadRecording(reference_folder));
  PLUMB_ASSIGN_OR_RETURN(archive::OpenRecording target_leg, archive::ReadRecording(target_folder));
  analysis::DiagnosisRequest request;
  for (size_t i = 0; i < pairs.size(); ++i) {
    request.pairs.push_back({reference_leg.outputs.at(pairs[i].reference),
                             target_leg.outputs.at(pairs[i].target),
                             reports.at(i)});
    analysis::AdoptScale(request.pairs.back().reference.desc, request.pairs.back().target.desc);
  }
  request.evidence = target->evidence();
  request.cancel = cancel;
  if (resimulator.make) {
    request.resimulate = [&](const std::string& profile) { return Simulate(profile, cancel); };
    request.rounding_profiles = resimulator.rounding_profiles;
  }
  std::vector<analysis::Diagnosis> diagnoses = analysis::Diagnose(request);
  AddPositions(*target, &diagnoses);
  return diagnoses;
}

Result<std::vector<Tensor>> RunDiagnosis::Simulate(const std::string& rounding_profile,
                                                   const CancelToken& cancel) const {
  const Scratch scratch(scratch_folder);
  PLUMB_ASSIGN_OR_RETURN(const auto writer, archive::RecordingWriter::Create(scratch_folder, {}));
  RunSpec again = spec;
  again.repetitions = 1;
  again.probe = false;
  again.rounding_profile = rounding_profile;
  PLUMB_RETURN_IF_ERROR(resimulator.make()->Run(again, *writer, cancel));
  PLUMB_RETURN_IF_ERROR(writer->Finish());
  PLUMB_ASSIGN_OR_RETURN(archive::OpenRecording recording, archive::ReadRecording(scratch_folder));
  std::vector<Tensor> outputs;
  for (const OutputPair& pair : pairs) {
    if (pair.reference >= recording.outputs.size()) {
      return InternalError("the simulator gives other outputs under another rounding profile");
    }
    // The mapping outlives the file.
    outputs.push_back(recording.outputs[pair.reference]);
  }
  return outputs;
}

}  // namespace plumb::server
