// What the stages of a walk compare: dumps and models, given by the person or made on demand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/debug/walk.h"
#include "client/cli/option/model_file.h"

#include <nlohmann/json_fwd.hpp>

namespace plumb::client {

using Words = std::vector<std::string>;

void Append(Words& words, const Words& more);

// Makes each artifact once and notes in the stage which commands made it. An error is a command
// that did not end as it should; `stage.exit_code` is its exit code.
class Artifacts {
 public:
  // Both must outlive it.
  Artifacts(const DebugRequest& request, const WalkOptions& options)
      : request_(request),
        options_(options) {}

  // Reads the model; a vendor's own offline model is not read but taken for one by its name.
  Status Load();

  // One command of the stage; `accepted` are the exit codes that it may end with.
  Result<nlohmann::ordered_json> Command(Stage& stage,
                                         Words words,
                                         const std::vector<int>& accepted = {kExitMatch}) const;

  // Paths of what is needed.
  Result<std::string> FrameworkDump(Stage& stage) const;
  Result<std::string> FloatDump(Stage& stage);
  Result<std::string> FixedModel(Stage& stage);
  Result<std::string> FixedDump(Stage& stage);
  Result<std::string> OfflineModel(Stage& stage);
  // Of a fixed or offline model of ours.
  Result<std::string> DumpOf(const std::string& model, const std::string& name, Stage& stage) const;
  // The bytes of the offline model's input buffers, a file for each.
  Result<Words> InputFiles(const std::string& model, Stage& stage) const;

  // The float network, or nullptr.
  [[nodiscard]] const npu::Graph* network() const { return file_ ? file_->graph.get() : nullptr; }

  // The model that was named holds fixed-point integers and is not compiled for a chip.
  [[nodiscard]] bool is_fixed() const;

  // The fixed model was quantised here, without samples of its own.
  [[nodiscard]] bool calibrated_on_input() const { return calibrated_on_input_; }

  // What each verb needs to make the same input of the same file.
  [[nodiscard]] Words SampleFlags() const;

  [[nodiscard]] std::string Path(const std::string& name) const {
    return (options_.folder / name).string();
  }

 private:
  const DebugRequest& request_;
  const WalkOptions& options_;
  std::optional<ModelFile> file_;  // empty: the vendor's own offline model
  std::string float_dump_;
  std::string fixed_model_;
  std::string fixed_dump_;
  std::string offline_;
  bool calibrated_on_input_ = false;
};

}  // namespace plumb::client
