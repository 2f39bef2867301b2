// What one run of an external simulator produced: descriptors, and bytes in files or in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/base/buffer.h"
#include "common/base/cancel.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/unique_fd.h"
#include "common/runner/runner.h"

namespace plumb::server {

// One output: a file, or memory where `file` is not valid.
struct ProducedOutput {
  UniqueFd file;
  Buffer bytes;

  // kDataLoss when the file is shorter than that.
  [[nodiscard]] Result<Buffer> Read(uint64_t offset, uint64_t size) const;
};

// Movable. `folder` keeps the files as long as they are wanted.
struct Produced {
  std::shared_ptr<TempFolder> folder;
  ModelInfo model;  // `inputs` may be empty: not told
  std::vector<ProducedOutput> outputs;
  double invoke_ms = 0;
};

// What to compute, once.
struct Job {
  std::filesystem::path model;
  std::vector<std::filesystem::path> inputs;
};

// Computes outputs by running another program. Thread-safe.
class Computation {
 public:
  Computation() = default;
  Computation(const Computation&) = delete;
  Computation& operator=(const Computation&) = delete;
  virtual ~Computation() = default;

  // Errors have a reason: one of the simulator_… words, or model_refused, input_refused,
  // out_of_memory, invoke_failed as a Runner has them. Cancel's status on cancellation.
  virtual Result<Produced> Compute(const Job& job, const CancelToken& cancel) = 0;
};

// The tensor folder (docs/formats/tensor-folder.md) that `program` wrote into `result`. An error in
// it becomes a status; no tensors.json is simulator_no_output, a broken one simulator_bad_output.
Result<Produced> ReadResult(const std::filesystem::path& result, const std::string& program);

}  // namespace plumb::server
