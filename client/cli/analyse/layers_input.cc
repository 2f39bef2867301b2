#include "client/cli/analyse/layers_input.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "client/cli/option/operand.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxMap = uint64_t{64} << 20U;

Result<layers::LayerSet> OpenDump(const std::string& path) {
  PLUMB_ASSIGN_OR_RETURN(const auto source, dump::DumpSource::Open(path));
  PLUMB_ASSIGN_OR_RETURN(const dump::DumpIndex index, dump::IndexDump(source));
  return layers::LayersOfDump(index, path);
}

Result<layers::LayerSet> Open(const std::string& path, analysis::Role role) {
  if (IsDumpFile(path)) {
    auto set = OpenDump(path);
    return set.ok() ? std::move(set)
                    : Result<layers::LayerSet>(
                          set.status().Annotate("'" + EscapeForDisplay(path) + "'"));
  }
  PLUMB_ASSIGN_OR_RETURN(LoadedOperand loaded, LoadOperand(path, role, ""));
  if (!loaded.recording) {
    std::stable_sort(
        loaded.tensors.begin(), loaded.tensors.end(), [](const auto& a, const auto& b) {
          return layers::NaturalLess(a.desc.name, b.desc.name);
        });
  }
  return layers::LayersOfTensors(loaded.tensors, loaded.operand.source);
}

}  // namespace

bool IsDumpFile(const std::string& path) {
  const auto file = InputFile::Open(path);
  if (!file.ok()) {
    return false;
  }
  std::vector<uint8_t> start(static_cast<size_t>(std::min<uint64_t>(file->size(), 64)));
  return file->Read(0, start).ok() && dump::LooksLikeDump(start);
}

Result<layers::LayerSet> OpenLayers(const std::string& path, analysis::Role role) {
  auto set = Open(path, role);
  if (!set.ok()) {
    return set.status().Annotate(analysis::RoleName(role)).WithReason(kReasonUsage);
  }
  return set;
}

Result<layers::FusionMap> FusionMapFor(const std::string& asked,
                                       const std::string& reference,
                                       const std::string& target,
                                       std::string& found) {
  std::vector<std::string> candidates = {asked};
  if (asked.empty()) {
    candidates = {fs::path(target).replace_extension(".map").string(),
                  fs::path(reference).replace_extension(".map").string()};
  }
  for (const std::string& path : candidates) {
    std::error_code error;
    if (asked.empty() && !fs::is_regular_file(path, error)) {
      continue;
    }
    auto text = ReadFile(path, kMaxMap);
    auto map =
        text.ok() ? layers::ParseFusionMap(text->view()) : Result<layers::FusionMap>(text.status());
    if (!map.ok()) {
      return map.status()
          .Annotate((asked.empty() ? "'" : "--map '") + EscapeForDisplay(path) + "'")
          .WithReason(kReasonUsage);
    }
    found = path;
    return map;
  }
  return layers::FusionMap();
}

}  // namespace plumb::client
