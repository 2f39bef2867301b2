// ONNX Runtime, loaded while running, as the yardstick. Nothing of the project depends on it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace plumb::bench {

// A float network on one thread that does not spin, all graph optimisations on. Not thread-safe.
class OnnxSession {
 public:
  struct Input {
    std::vector<int64_t> shape;
    std::vector<float> values;
  };

  // `library`: libonnxruntime.so of version 1.17.0. Inputs and outputs of `model` are called
  // input0, output0, … (ExportOnnx). kFailedPrecondition for another version, kInternal with the
  // runtime's words for what it refuses.
  static Result<std::unique_ptr<OnnxSession>> Create(const std::string& library,
                                                     const std::string& model,
                                                     std::vector<Input> inputs,
                                                     size_t outputs);
  OnnxSession(const OnnxSession&) = delete;
  OnnxSession& operator=(const OnnxSession&) = delete;
  ~OnnxSession();

  // Computes the outputs from the inputs given to Create.
  Status Run();

  // Of the last Run, which must have been without error.
  [[nodiscard]] Result<std::vector<float>> Output(size_t index) const;

 private:
  class Impl;
  explicit OnnxSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::bench
