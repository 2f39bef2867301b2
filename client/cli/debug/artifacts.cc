#include "client/cli/debug/artifacts.h"

#include <algorithm>
#include <utility>

#include "client/cli/debug/documents.h"
#include "client/cli/debug/subcommand.h"
#include "client/cli/option/input_shape_option.h"
#include "common/base/text.h"
#include "common/npu/quantize/quantize.h"

#include <nlohmann/json.hpp>

namespace plumb::client {

using Json = nlohmann::ordered_json;

void Append(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}

Status Artifacts::Load() {
  PLUMB_ASSIGN_OR_RETURN(const npu::InputShapes shapes, InputShapesFrom(request_.shapes));
  auto file = LoadModelFile(request_.model, shapes);
  if (file.ok()) {
    file_ = std::move(*file);
    return OkStatus();
  }
  // `plumb run` runs the vendor's offline models too; nothing else here reads them.
  const bool vendors = std::filesystem::path(request_.model).extension() == ".img";
  return vendors ? OkStatus() : file.status();
}

bool Artifacts::is_fixed() const {
  return file_ && file_->fixed != nullptr && !file_->fixed->chip;
}

Words Artifacts::SampleFlags() const {
  Words flags;
  for (const std::string& shape : request_.shapes) {
    Append(flags, {"--input-shape", shape});
  }
  Append(flags, request_.picture_flags);
  Append(flags, request_.script_flags);
  return flags;
}

Result<Json> Artifacts::Command(Stage& stage, Words words, const std::vector<int>& accepted) const {
  stage.commands.push_back(ShellLine(words));
  Append(words, {"--json", "-"});
  const Finished finished = RunSubcommand(words, options_.cancel);
  Json document = DocumentOf(finished);
  stage.exit_code = finished.exit_code;
  if (std::find(accepted.begin(), accepted.end(), finished.exit_code) == accepted.end()) {
    return FailedPreconditionError(ErrorIn(document, finished.error));
  }
  return document;
}

Result<std::string> Artifacts::FrameworkDump(Stage& stage) const {
  if (!request_.framework_dump.empty()) {
    return request_.framework_dump;
  }
  const std::string out = Path("framework.bin");
  Words words = {"dump", "--stage", "framework", "--model", request_.model};
  Append(words, {"--input", request_.input, "--out", out});
  Append(words, SampleFlags());
  PLUMB_RETURN_IF_ERROR(Command(stage, words).status());
  return out;
}

Result<std::string> Artifacts::FloatDump(Stage& stage) {
  if (float_dump_.empty() && !request_.float_dump.empty()) {
    float_dump_ = request_.float_dump;
  }
  if (float_dump_.empty()) {
    const std::string out = Path("float.bin");
    Words words = {"dump", "--stage", "float", "--model", request_.model};
    Append(words, {"--input", request_.input, "--out", out});
    Append(words, SampleFlags());
    PLUMB_RETURN_IF_ERROR(Command(stage, words).status());
    float_dump_ = out;
  }
  return float_dump_;
}

Result<std::string> Artifacts::FixedModel(Stage& stage) {
  if (fixed_model_.empty()) {
    fixed_model_ = is_fixed() ? request_.model : request_.fixed;
  }
  if (fixed_model_.empty() && network() != nullptr) {
    const std::string out = Path("fixed.plm");
    Words words = {"quantize", "--model", request_.model, "--out", out};
    if (npu::IsQuantized(*network())) {
      Append(words, request_.picture_flags);
    } else {
      Append(words, SampleFlags());
      calibrated_on_input_ = request_.calibrate.empty();
      Append(words, {"--calibrate", calibrated_on_input_ ? request_.input : request_.calibrate});
    }
    PLUMB_RETURN_IF_ERROR(Command(stage, words).status());
    fixed_model_ = out;
  }
  return fixed_model_;
}

Result<std::string> Artifacts::DumpOf(const std::string& model,
                                      const std::string& name,
                                      Stage& stage) const {
  Words words = {"dump", "--model", model, "--input", request_.input, "--out", Path(name)};
  Append(words, request_.script_flags);
  PLUMB_RETURN_IF_ERROR(Command(stage, words).status());
  return Path(name);
}

Result<std::string> Artifacts::FixedDump(Stage& stage) {
  if (fixed_dump_.empty()) {
    PLUMB_ASSIGN_OR_RETURN(const std::string model, FixedModel(stage));
    PLUMB_ASSIGN_OR_RETURN(fixed_dump_, DumpOf(model, "fixed.bin", stage));
  }
  return fixed_dump_;
}

Result<std::string> Artifacts::OfflineModel(Stage& stage) {
  if (offline_.empty()) {
    const bool is_offline = network() == nullptr && !is_fixed();
    offline_ = is_offline ? request_.model : request_.offline;
  }
  if (offline_.empty()) {
    const std::string out = Path("offline.img");
    PLUMB_ASSIGN_OR_RETURN(const std::string fixed, FixedModel(stage));
    Words words = {"compile", "--model", fixed, "--chip", request_.chip, "--out", out};
    if (!request_.input_config.empty()) {
      Append(words, {"--input-config", request_.input_config});
    }
    PLUMB_RETURN_IF_ERROR(Command(stage, words).status());
    offline_ = out;
  }
  return offline_;
}

Result<Words> Artifacts::InputFiles(const std::string& model, Stage& stage) const {
  if (!LoadModelFile(model).ok()) {
    return Split(request_.input, ',');
  }
  Words words = {"input", "make", "--image", request_.input, "--model", model};
  Append(words, {"--out", Path("input.bin")});
  Append(words, request_.script_flags);
  PLUMB_ASSIGN_OR_RETURN(const Json document, Command(stage, words));
  Words files;
  for (const Json& input : document.value("inputs", Json::array())) {
    files.push_back(TextAt(input, {"out"}));
  }
  return files;
}

}  // namespace plumb::client
