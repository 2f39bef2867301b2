#include "server/simulator/external/produced.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <utility>

#include "common/archive/tensor_folder.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

struct Kind {
  std::string_view word;
  StatusCode code;
  std::string_view reason;
};

constexpr std::array<Kind, 6> kKinds = {{
    {"model_refused", StatusCode::kFailedPrecondition, kReasonModelRefused},
    {"input_refused", StatusCode::kInvalidArgument, kReasonInputRefused},
    {"out_of_memory", StatusCode::kResourceExhausted, kReasonOutOfMemory},
    {"invoke_failed", StatusCode::kAborted, kReasonInvokeFailed},
    {"python", StatusCode::kFailedPrecondition, kReasonSimulatorPython},
    {"bad_output", StatusCode::kDataLoss, kReasonSimulatorBadOutput},
}};

Status FromWriter(const archive::WritersError& error, const std::string& program) {
  Kind found{error.kind, StatusCode::kAborted, kReasonSimulatorFailed};
  for (const Kind& kind : kKinds) {
    found = kind.word == error.kind ? kind : found;
  }
  Status status(found.code, program + ": " + EscapeForDisplay(error.message));
  status = std::move(status).WithReason(found.reason);
  return error.hint.empty() ? status : std::move(status).WithHint(EscapeForDisplay(error.hint));
}

}  // namespace

Result<Buffer> ProducedOutput::Read(uint64_t offset, uint64_t size) const {
  if (!file.valid()) {
    return bytes.Slice(static_cast<size_t>(offset), static_cast<size_t>(size));
  }
  std::vector<uint8_t> piece(static_cast<size_t>(size));
  PLUMB_RETURN_IF_ERROR(ReadAt(file.get(), offset, piece));
  return Buffer::FromVector(std::move(piece));
}

Result<Produced> ReadResult(const std::filesystem::path& result, const std::string& program) {
  if (!archive::IsTensorFolder(result)) {
    return FailedPreconditionError(program +
                                   " ended well, but wrote no tensors.json into its "
                                   "result folder")
        .WithReason(kReasonSimulatorNoOutput)
        .WithHint("it must write a tensor folder there (docs/formats/tensor-folder.md)");
  }
  auto read = archive::ReadTensorFolder(result);
  if (!read.ok()) {
    return read.status()
        .Annotate(program)
        .WithReason(kReasonSimulatorBadOutput)
        .WithHint("docs/formats/tensor-folder.md says what must be in it");
  }
  if (!read->error.kind.empty()) {
    return FromWriter(read->error, program);
  }
  Produced produced;
  for (size_t i = 0; i < read->outputs.size(); ++i) {
    const auto path = result / archive::OutputFileName(i);
    ProducedOutput output;
    output.file = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!output.file.valid()) {
      return ErrnoError(errno, "cannot read '" + EscapeForDisplay(path.string()) + "'")
          .WithReason(kReasonSimulatorBadOutput);
    }
    produced.outputs.push_back(std::move(output));
  }
  produced.model.inputs = std::move(read->inputs);
  produced.model.outputs = std::move(read->outputs);
  produced.model.sdk = read->sdk.empty() ? program : EscapeForDisplay(read->sdk);
  const bool timed = !read->invoke_ms.empty() && std::isfinite(read->invoke_ms.front());
  produced.invoke_ms = timed ? read->invoke_ms.front() : 0;
  return produced;
}

}  // namespace plumb::server
