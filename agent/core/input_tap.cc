#include "agent/core/input_tap.h"

#include <utility>

#include "agent/core/captured_input.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::agent {
namespace {

Result<Buffer> ReadPiece(const CapturedInput& file, uint64_t offset) {
  PLUMB_ASSIGN_OR_RETURN(Buffer bytes, file.Read(offset, rpc::kChunkSize));
  // Before the last piece is sent: with it the server makes up its mind.
  if (offset + bytes.size() == file.size()) {
    PLUMB_RETURN_IF_ERROR(file.CheckUnchanged());
  }
  return bytes;
}

Status SendFile(const CapturedInput& file,
                uint32_t index,
                Uploader& uploader,
                const CancelToken& cancel) {
  for (uint64_t offset = 0; offset < file.size();) {
    PLUMB_RETURN_IF_ERROR(cancel.status());
    auto bytes = ReadPiece(file, offset);
    if (!bytes.ok()) {
      return bytes.status().WithReason(kReasonNoCapture);
    }
    const size_t size = bytes->size();
    PLUMB_RETURN_IF_ERROR(uploader.OnInput({index, file.size(), offset, *std::move(bytes)}));
    offset += size;
  }
  return OkStatus();
}

}  // namespace

Status InputTap::Send(const rpc::RunCommand& command,
                      Uploader& uploader,
                      const CancelToken& cancel) const {
  for (size_t i = 0; i < command.inputs.size(); ++i) {
    auto path = CapturedInputPath(paths, i);
    if (!path.ok()) {
      return path.status().WithReason(kReasonNoCapture);
    }
    auto file = CapturedInput::Open(*path, {rpc::MaxCapturedSize(command.inputs[i].size), max_age});
    if (!file.ok()) {
      return file.status().WithReason(kReasonNoCapture);
    }
    PLUMB_RETURN_IF_ERROR(SendFile(*file, static_cast<uint32_t>(i), uploader, cancel));
  }
  return OkStatus();
}

}  // namespace plumb::agent
