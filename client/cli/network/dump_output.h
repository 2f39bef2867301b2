// The file that `plumb dump` writes, laid out alike for all stages, and what it counts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/frame/live.h"
#include "client/cli/frame/verb.h"
#include "common/dump/dump_file.h"

namespace plumb::client {

struct DumpCounts {
  uint64_t layers = 0;
  uint64_t constants = 0;               // weights and shape arithmetic
  std::vector<std::string> unreadable;  // "name: why": tensors the engine could not show
};

// Not thread-safe. The file appears on Commit().
class DumpOutput {
 public:
  // `expected`: how many layers, for the progress; 0 when it is not known.
  static Result<DumpOutput> Create(const std::string& path,
                                   bool is_float,
                                   uint64_t expected,
                                   VerbContext& context);

  // Writes one tensor and counts it. `turn`: it has four dimensions as an NCHW framework has them;
  // it is written turned 0,2,3,1, shape and values. Fails with cancel's status.
  Status Add(const dump::DumpEntry& entry, std::span<const float> values, bool turn);
  void NoteUnreadable(const std::string& name, const std::string& why);

  Status Commit() { return writer_.Commit(); }

  [[nodiscard]] const DumpCounts& counts() const { return counts_; }

 private:
  DumpOutput(dump::DumpWriter writer, uint64_t expected, VerbContext& context);

  dump::DumpWriter writer_;
  VerbContext* context_;
  std::unique_ptr<Progress> progress_;
  DumpCounts counts_;
};

// [N, C, H, W] to [N, H, W, C] and back: the values of a tensor of that shape.
std::vector<float> NchwToNhwc(std::span<const float> values, const Shape& nchw);
std::vector<float> NhwcToNchw(std::span<const float> values, const Shape& nhwc);

}  // namespace plumb::client
