// Whether the application on the board feeds what the PC does, judged before the network runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/analysis/report.h"
#include "common/base/buffer.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/rpc/messages.h"
#include "common/runner/runner.h"

namespace plumb::server {

// Compares the pieces as they come with the run's own inputs and keeps them as
// `<folder>/input<index>.bin`. Memory: a mapping of one input. Not thread-safe.
class InputCheck {
 public:
  // `expected`: the run's inputs with the paths of their files. Makes `folder`.
  static Result<InputCheck> Create(std::vector<Artifact> expected, std::filesystem::path folder);

  // The most bytes to take of each input.
  [[nodiscard]] std::vector<uint64_t> Limits() const;

  // Pieces in the order of rpc::UploadTracker. With the last one kFailedPrecondition and reason
  // wrong_input when anything differs; other errors are of the disk.
  Status Take(const rpc::InputChunk& piece);

  // All inputs came and something differs.
  [[nodiscard]] bool differs() const { return done() && !findings_.empty(); }

  // Cause wrong_input, one for each input that differs, in order.
  [[nodiscard]] std::vector<analysis::Diagnosis> Diagnoses() const;

  // Removes what was kept, for when it is what the run's own inputs are.
  void Forget() const;

 private:
  // What one input was found to be.
  struct Finding {
    size_t index = 0;
    uint64_t size = 0;       // captured bytes
    uint64_t different = 0;  // of those that both have
    std::optional<uint64_t> first;
    uint8_t expected = 0;  // at `first`
    uint8_t captured = 0;
  };

  InputCheck(std::vector<Artifact> expected, std::filesystem::path folder);

  [[nodiscard]] bool done() const { return next_ == expected_.size(); }

  Status Begin(const rpc::InputChunk& piece);
  void Compare(const rpc::InputChunk& piece);
  Status End();
  [[nodiscard]] std::string Describe(const Finding& finding) const;

  std::vector<Artifact> expected_;
  std::filesystem::path folder_;
  size_t next_ = 0;                 // the input under way
  std::optional<AtomicFile> file_;  // likewise
  Buffer bytes_;                    // the PC's
  Finding finding_;
  std::vector<Finding> findings_;
};

// Where a run keeps what the application fed.
std::filesystem::path CapturedFolder(const std::filesystem::path& run);
// The file of input `index` in the folder of a finished run; kNotFound when none was kept.
Result<std::filesystem::path> FindCaptured(const std::filesystem::path& run, size_t index);

}  // namespace plumb::server
