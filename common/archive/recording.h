// One leg of a run on disk: recording.json and output_NN.raw in a folder
// (docs/formats/run-archive.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/analysis/evidence.h"
#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/runner/runner.h"
#include "common/tensor/tensor.h"

namespace plumb::archive {

constexpr size_t kMaxRecordedTensors = 4096;

// Who produced a recording, from what.
struct RecordingIdentity {
  std::string source;  // Runner::name()
  std::string model_sha256;
  std::vector<std::string> input_sha256;
  std::string board;  // empty: not a board
};

// What is kept of one output beside its bytes and descriptor, of repetition 0.
struct RecordedOutput {
  std::string sha256;         // of output_NN.raw, padding included
  uint64_t valid_digest = 0;  // as TensorEnd
  uint64_t canary_size = 0;
};

constexpr size_t kMaxRecordedInvokes = 1024;
constexpr size_t kMaxRecordedDiffering = 64;

struct Recording {
  RecordingIdentity identity;
  ModelInfo model;
  uint32_t repetitions = 0;
  std::vector<double> invoke_ms;        // per repetition, the first kMaxRecordedInvokes
  std::vector<RecordedOutput> outputs;  // one per model.outputs
  std::vector<TensorEnd> differing;     // of later repetitions that differ from the first, the
                                        // first kMaxRecordedDiffering
  std::optional<std::vector<uint64_t>> probe_digests;
  bool probe_input_was_zero = false;
};

// A TensorSink that writes a leg. Bytes of repetition 0 go to the files as they come, those of
// later repetitions are only accounted for. One thread writes; committed() and Read() may be called
// from others meanwhile. Without Finish() the folder holds no recording.json and is no recording.
class RecordingWriter : public TensorSink {
 public:
  // `folder` is made; it must not exist or be empty.
  static Result<std::unique_ptr<RecordingWriter>> Create(const std::filesystem::path& folder,
                                                         RecordingIdentity identity);
  ~RecordingWriter() override;

  // `on_commit` is called by the writing thread whenever committed() has grown, before the new
  // bytes are hashed: whoever compares them need not wait for that. Before the first byte.
  void NotifyCommits(std::function<void()> on_commit) { on_commit_ = std::move(on_commit); }

  Status OnModel(const ModelInfo& info) override;
  Status OnProbe(const std::vector<uint64_t>& valid_digests, bool input_was_zero) override;
  Status OnInvoke(const InvokeInfo& info) override;
  // Bytes it has already are passed over; a gap is kInvalidArgument. Answers offset + size.
  Result<uint64_t> OnChunk(uint32_t repetition,
                           uint32_t index,
                           uint64_t offset,
                           const Buffer& bytes) override;
  // kDataLoss when the valid bytes do not have the digest that was told.
  Result<uint64_t> OnTensorEnd(const TensorEnd& end) override;

  // Raw bytes of output `index` that are in the file from its beginning.
  [[nodiscard]] uint64_t committed(uint32_t index) const;
  // Reads bytes below committed(index) again. kOutOfRange beyond.
  Status Read(uint32_t index, uint64_t offset, std::span<uint8_t> out) const;

  // Syncs the files and writes recording.json. kFailedPrecondition when an output is incomplete.
  Status Finish();

 private:
  struct Output;

  RecordingWriter(std::filesystem::path folder, RecordingIdentity identity);

  Status CheckModel(const ModelInfo& info) const;
  Result<Output*> OutputAt(uint32_t index) const;
  Result<uint64_t> TakeLater(Output& output, uint64_t offset, const Buffer& bytes);
  Status EndLaterRepetition(Output& output, const TensorEnd& end);
  Status EndFirstRepetition(Output& output, const TensorEnd& end);

  const std::filesystem::path folder_;
  std::function<void()> on_commit_;
  mutable std::mutex mutex_;  // guards outputs_ against growing and each committed offset
  std::vector<std::unique_ptr<Output>> outputs_;
  Recording recording_;
};

// A leg that was read back, each output a mapping of its file.
struct OpenRecording {
  Recording recording;
  std::vector<Tensor> outputs;
};

// Every count, name, size and digest of recording.json is checked against the files. File names are
// computed from the index, never read; links are refused. kInvalidArgument or kDataLoss says what
// is wrong.
Result<OpenRecording> ReadRecording(const std::filesystem::path& folder);

// What the sink of this run was told of probe and repetitions, for a diagnosis.
analysis::RunEvidence EvidenceOf(const Recording& recording);

constexpr const char* kRecordingFile = "recording.json";
// "output_00.raw", "output_01.raw", …
std::string OutputFileName(size_t index);

}  // namespace plumb::archive
