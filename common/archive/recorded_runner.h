// A run saved today, compared tomorrow: a Runner that replays a recorded leg.
#pragma once

#include <filesystem>
#include <string>

#include "common/archive/recording.h"
#include "common/runner/runner.h"

namespace plumb::archive {

// Replays model, probe, invokes and outputs of a leg. Thread: as Runner. A RunSpec whose model or
// inputs have other SHA-256 than the recording's is refused with reason wrong_model or wrong_input
// (an empty sha256 on either side is not checked).
class RecordedRunner : public Runner {
 public:
  // `path`: a leg's folder, a run folder, whose reference leg is taken, or a tensor folder.
  static Result<std::unique_ptr<RecordedRunner>> Open(const std::filesystem::path& path);

  // OK when the recording says that it is of this model and of these inputs, by SHA-256. Stricter
  // than Run: what the recording does not say, or leaves out, is refused as well.
  [[nodiscard]] Status DemandSame(const RunSpec& spec) const;

  [[nodiscard]] std::string name() const override;
  Status Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) override;

  [[nodiscard]] const OpenRecording& recording() const { return recording_; }

 private:
  RecordedRunner(std::filesystem::path folder, OpenRecording recording);

  std::filesystem::path folder_;
  OpenRecording recording_;
};

}  // namespace plumb::archive
