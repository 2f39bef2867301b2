// What an archive on disk may say: recording.json, report.json, run.json, the tolerance file; the
// texts alone and as folders.
#include <filesystem>
#include <fstream>

#include "common/analysis/report.h"
#include "common/archive/recording.h"
#include "common/archive/recording_json.h"
#include "common/archive/report_json.h"
#include "common/archive/run_folder.h"
#include "common/archive/tolerance_json.h"
#include "common/base/file.h"
#include "tests/fuzz/fuzz.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

const fs::path& Folder() {
  static const TempFolder folder = *TempFolder::Create("plumb-fuzz-");
  return folder.path();
}

void Put(const fs::path& path, std::span<const uint8_t> bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << fuzz::TextOf(bytes);
}

void TryRecording(std::span<const uint8_t> bytes) {
  const auto recording = archive::RecordingFromJson(fuzz::TextOf(bytes));
  if (recording.ok()) {
    const std::string json = archive::RecordingToJson(*recording);
    const auto again = archive::RecordingFromJson(json);
    FUZZ_REQUIRE(again.ok());
    FUZZ_REQUIRE(archive::RecordingToJson(*again) == json);
  }
}

void TryReport(std::span<const uint8_t> bytes) {
  const auto report = archive::ReportFromJson(fuzz::TextOf(bytes));
  if (report.ok()) {
    const std::string json = archive::ReportToJson(*report);
    const auto again = archive::ReportFromJson(json);
    FUZZ_REQUIRE(again.ok());
    FUZZ_REQUIRE(archive::ReportToJson(*again) == json);
  }
}

void TryTolerance(std::span<const uint8_t> bytes) {
  const auto policy = archive::ParseTolerancePolicy(fuzz::TextOf(bytes));
  if (policy.ok()) {
    const auto& limits = policy->by_default;
    FUZZ_REQUIRE(!limits.atol || *limits.atol >= 0);
    FUZZ_REQUIRE(!limits.rtol || *limits.rtol >= 0);
    FUZZ_REQUIRE(!limits.min_cosine || (*limits.min_cosine >= -1 && *limits.min_cosine <= 1));
  }
}

void TryRunFolder(std::span<const uint8_t> bytes) {
  // A NUL ends run.json; what follows is report.json.
  const auto cut = std::find(bytes.begin(), bytes.end(), uint8_t{0});
  const auto size = static_cast<size_t>(cut - bytes.begin());
  Put(Folder() / "run.json", bytes.first(size));
  Put(Folder() / "report.json", bytes.subspan(size < bytes.size() ? size + 1 : size));
  const auto run = archive::ReadRunFolder(Folder());
  FUZZ_REQUIRE(run.ok() || !run.status().message().empty());
}

void TryLegFolder(std::span<const uint8_t> bytes) {
  const auto cut = std::find(bytes.begin(), bytes.end(), uint8_t{0});
  const auto size = static_cast<size_t>(cut - bytes.begin());
  Put(Folder() / archive::kRecordingFile, bytes.first(size));
  Put(Folder() / archive::OutputFileName(0), bytes.subspan(size < bytes.size() ? size + 1 : size));
  const auto leg = archive::ReadRecording(Folder());
  if (leg.ok()) {
    FUZZ_REQUIRE(leg->outputs.size() == leg->recording.model.outputs.size());
    for (const Tensor& output : leg->outputs) {
      FUZZ_REQUIRE(ValidRegionOf(output.desc).ok());
      FUZZ_REQUIRE(output.bytes.size() == output.desc.aligned_size);
    }
  }
}

}  // namespace
}  // namespace plumb

// The first byte chooses the reader.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  fuzz::Input input({data, size});
  constexpr void (*kReaders[])(std::span<const uint8_t>) = {
      TryRecording, TryReport, TryTolerance, TryRunFolder, TryLegFolder};
  kReaders[input.Below(5)](input.Rest());
  return 0;
}
