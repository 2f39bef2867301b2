#include "server/core/input_check.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

constexpr const char* kAdvice =
    "The network was not run: what differs is made before it, by the preprocessing of the "
    "application on the board. Have its bytes with --captured DIR, then: plumb input explain "
    "PC.bin "
    "DIR/input0.bin --image PICTURE --model MODEL";

std::string CapturedName(size_t index) {
  return "input" + std::to_string(index) + ".bin";
}

}  // namespace

std::filesystem::path CapturedFolder(const std::filesystem::path& run) {
  return run / "captured";
}

Result<std::filesystem::path> FindCaptured(const std::filesystem::path& run, size_t index) {
  auto path = CapturedFolder(run) / CapturedName(index);
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return NotFoundError("the run has kept no captured input " + std::to_string(index))
        .WithHint("only one with --check-input whose input was another than the PC's does");
  }
  return path;
}

InputCheck::InputCheck(std::vector<Artifact> expected, std::filesystem::path folder)
    : expected_(std::move(expected)),
      folder_(std::move(folder)) {}

Result<InputCheck> InputCheck::Create(std::vector<Artifact> expected,
                                      std::filesystem::path folder) {
  PLUMB_RETURN_IF_ERROR(MakeFolders(folder));
  return InputCheck(std::move(expected), std::move(folder));
}

std::vector<uint64_t> InputCheck::Limits() const {
  std::vector<uint64_t> limits;
  limits.reserve(expected_.size());
  for (const Artifact& input : expected_) {
    limits.push_back(rpc::MaxCapturedSize(input.size));
  }
  return limits;
}

Status InputCheck::Take(const rpc::InputChunk& piece) {
  if (done()) {
    return InternalError("a captured input after the last one");
  }
  if (piece.offset == 0) {
    PLUMB_RETURN_IF_ERROR(Begin(piece));
  }
  PLUMB_RETURN_IF_ERROR(file_->Append(piece.bytes.span()));
  Compare(piece);
  return piece.last() ? End() : OkStatus();
}

Status InputCheck::Begin(const rpc::InputChunk& piece) {
  PLUMB_ASSIGN_OR_RETURN(bytes_, MapFile(expected_[next_].path));
  PLUMB_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(folder_ / CapturedName(next_)));
  file_.emplace(std::move(file));
  finding_ = {};
  finding_.index = next_;
  finding_.size = piece.total_size;
  return OkStatus();
}

void InputCheck::Compare(const rpc::InputChunk& piece) {
  if (piece.offset >= bytes_.size()) {
    return;
  }
  const auto expected = bytes_.span().subspan(static_cast<size_t>(piece.offset));
  const auto captured = piece.bytes.span();
  const size_t count = std::min(expected.size(), captured.size());
  uint64_t different = 0;
  for (size_t i = 0; i < count; ++i) {
    different += expected[i] != captured[i] ? 1 : 0;
  }
  if (different > 0 && !finding_.first) {
    const auto* at = std::mismatch(captured.data(), captured.data() + count, expected.data()).first;
    const auto place = static_cast<size_t>(at - captured.data());
    finding_.first = piece.offset + place;
    finding_.expected = expected[place];
    finding_.captured = captured[place];
  }
  finding_.different += different;
}

Status InputCheck::End() {
  PLUMB_RETURN_IF_ERROR(file_->Commit());
  file_.reset();
  if (finding_.different > 0 || finding_.size != expected_[next_].size) {
    findings_.push_back(finding_);
  }
  ++next_;
  if (!differs()) {
    return OkStatus();
  }
  return FailedPreconditionError("wrong input, the network is not run: " +
                                 Describe(findings_.front()))
      .WithReason(kReasonWrongInput);
}

std::string InputCheck::Describe(const Finding& finding) const {
  const uint64_t wanted = expected_[finding.index].size;
  std::string text = "the application on the board feeds another input " +
                     std::to_string(finding.index) + " than the PC: ";
  if (finding.size != wanted) {
    text += std::to_string(finding.size) + " bytes instead of " + std::to_string(wanted);
    if (!finding.first) {
      return text + ", as far as both go the same ones";
    }
    text += ", and of those that both have ";
  }
  text += std::to_string(finding.different) +
          (finding.size == wanted ? " of " + std::to_string(wanted) + " bytes differ" : " differ");
  return text + ", the first at byte " + std::to_string(*finding.first) + ": " +
         std::to_string(finding.captured) + " where the PC has " + std::to_string(finding.expected);
}

std::vector<analysis::Diagnosis> InputCheck::Diagnoses() const {
  std::vector<analysis::Diagnosis> diagnoses;
  diagnoses.reserve(findings_.size());
  for (const Finding& finding : findings_) {
    diagnoses.push_back({std::string(kReasonWrongInput), "", Describe(finding), 1, kAdvice});
  }
  return diagnoses;
}

void InputCheck::Forget() const {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace plumb::server
