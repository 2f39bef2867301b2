#include "client/cli/run/run_preparer.h"

#include <utility>

#include "client/cli/frame/usage.h"
#include "common/base/ids.h"
#include "common/base/sha256.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

Result<Artifact> UploadMade(const RunPreparer& preparer,
                            size_t index,
                            const std::string& file,
                            const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                         preparer.script->Make(index, file, cancel));
  const std::filesystem::path path = *preparer.scratch / (RandomId() + ".bin");
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(path, bytes));
  auto artifact = preparer.port->EnsureArtifact(path, cancel);
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  return artifact;
}

}  // namespace

Status RunPreparer::Prepare(const std::vector<std::string>& files,
                            const CancelToken& cancel,
                            RunRequest* request,
                            std::vector<std::string>* sources) const {
  sources->clear();
  for (size_t i = 0; i < files.size(); ++i) {
    const auto artifact = script == nullptr ? port->EnsureArtifact(files[i], cancel)
                                            : UploadMade(*this, i, files[i], cancel);
    PLUMB_RETURN_IF_ERROR(artifact.status());
    if (script == nullptr) {
      sources->push_back(artifact->sha256);
    } else {
      PLUMB_ASSIGN_OR_RETURN(std::string digest, Sha256HexOfFile(files[i]));
      sources->push_back(std::move(digest));
    }
    request->inputs.push_back(*artifact);
    request->input_names.push_back(std::filesystem::path(files[i]).filename().string());
  }
  if (references) {
    PLUMB_ASSIGN_OR_RETURN(request->reference_run, references->RunOf(request->inputs));
  }
  return OkStatus();
}

Status CheckRawInput(const std::string& file, const std::string& model) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer start, MapFile(file));
  const std::string_view bytes = start.Slice(0, 8).view();
  if (bytes.starts_with("\x89PNG") || bytes.starts_with("\xFF\xD8\xFF")) {
    return UsageError("--input: '" + EscapeForDisplay(file) + "' is a picture, not raw bytes",
                      "name the preprocessing script with -n preprocess.py, or make the input "
                      "with: plumb input make --image " +
                          file + " --model " + model + " --out input.bin");
  }
  return OkStatus();
}

}  // namespace plumb::client
