// The recorded simulator runs of an earlier batch, as the reference of this one.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/runner/runner.h"

namespace plumb::client {

// Which run of the server holds the reference of which input.
class BatchReferences {
 public:
  // Reads the document plumb.batch/1 that --json wrote.
  // kInvalidArgument for any other file, and for one of another model.
  static Result<BatchReferences> Load(const std::filesystem::path& path,
                                      const std::string& model_sha256);

  // The run with exactly these inputs; kFailedPrecondition with reason wrong_input when the
  // document holds none.
  [[nodiscard]] Result<std::string> RunOf(const std::vector<Artifact>& inputs) const;

 private:
  std::string path_;
  std::map<std::string, std::string> runs_;  // digests, each followed by a blank → run id
};

}  // namespace plumb::client
