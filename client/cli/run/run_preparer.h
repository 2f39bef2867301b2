// From the files of one execution to the inputs of a run: preprocessed where a script is given,
// uploaded, with their reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/option/script_input.h"
#include "client/lib/batch_reference.h"
#include "client/lib/server_port.h"
#include "common/base/file.h"

namespace plumb::client {

struct RunPreparer {
  ServerPort* port = nullptr;
  ScriptInputs* script = nullptr;                  // null: the files are the inputs' bytes
  std::optional<BatchReferences> references;       // of an earlier batch
  const std::filesystem::path* scratch = nullptr;  // a folder; needed with a script

  // Puts inputs and names (and the reference's run) into `request`; `sources` gets the SHA-256 of
  // the files themselves. Thread-safe.
  Status Prepare(const std::vector<std::string>& files,
                 const CancelToken& cancel,
                 RunRequest* request,
                 std::vector<std::string>* sources) const;
};

// A usage error for a picture where raw bytes are expected, and for a file that cannot be read.
Status CheckRawInput(const std::string& file, const std::string& model);

}  // namespace plumb::client
