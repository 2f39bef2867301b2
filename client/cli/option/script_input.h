// What a preprocessing script returns, as the bytes of a model's input buffer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/lib/preprocess_script.h"
#include "common/base/status.h"
#include "common/npu/model/model.h"
#include "common/tensor/tensor.h"

namespace CLI {
class App;
}

namespace plumb::client {

struct ScriptFlags {
  std::string scripts;  // one .py, or one per input of the model, separated by commas
  std::string python = "/usr/bin/python3";
  int64_t timeout_ms = 60'000;
};

// Adds -n/--preprocess, --python and --preprocess-timeout.
void AddScriptFlags(CLI::App& app, ScriptFlags& flags);

// The bytes for input `index` of `model` (an offline model; null: not one of ours, then the array's
// bytes go as they are). Picture formats take uint8 pixels [H,W,C], [1,H,W,C] or, gray, [H,W] of
// the input's size in the order the model was trained with; RAWDATA takes real numbers, as many as
// the input has elements. kInvalidArgument says what was returned and what is wanted.
Result<std::vector<uint8_t>> EncodeScriptArray(const Tensor& array,
                                               const npu::FixedModel* model,
                                               size_t index);

// Thread-safe.
class ScriptInputs {
 public:
  // `model` may be null. A usage error for a script that is not there.
  static Result<std::unique_ptr<ScriptInputs>> Create(const ScriptFlags& flags,
                                                      std::shared_ptr<const npu::FixedModel> model);

  // Calls the script of input `index` with `path` and norm False, as offline models want it.
  Result<std::vector<uint8_t>> Make(size_t index,
                                    const std::string& path,
                                    const CancelToken& cancel);

  // What the script returned, with `norm` as the stage asks; errors name the file.
  Result<Tensor> Array(size_t index,
                       const std::string& path,
                       const CancelToken& cancel,
                       bool norm = false);

  // SHA-256 of the scripts' files, in order; another script makes another input.
  [[nodiscard]] const std::string& digest() const { return digest_; }

 private:
  ScriptInputs() = default;

  std::shared_ptr<const npu::FixedModel> model_;
  std::vector<std::unique_ptr<PreprocessScript>> scripts_;
  std::string digest_;
};

}  // namespace plumb::client
