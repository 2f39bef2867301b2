// Preprocessing in the person's own Python, as the vendor's tools call it: `image_preprocess(path,
// norm)` of a file given with -n.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/base/buffer.h"
#include "common/base/cancel.h"
#include "common/base/status.h"

namespace plumb::client {

struct PreprocessScriptOptions {
  std::string script;                         // the .py file
  std::string python = "/usr/bin/python3";    // with numpy
  std::chrono::milliseconds timeout{60'000};  // of one picture
  uint64_t max_result = uint64_t{1} << 30U;   // bytes of one array
};

// One Python process for many pictures, in a process group of its own; it is started with the first
// picture and again after it died or was killed. What it prints goes nowhere but into errors.
// Thread-safe: one picture at a time.
class PreprocessScript {
 public:
  explicit PreprocessScript(PreprocessScriptOptions options);
  PreprocessScript(const PreprocessScript&) = delete;
  PreprocessScript& operator=(const PreprocessScript&) = delete;
  // Kills the process with its group.
  ~PreprocessScript();

  // The array that `image_preprocess(path, norm)` returned, as the bytes of an .npy file.
  // kInvalidArgument for a script that cannot be loaded, raises, or returns no array of numbers;
  // kDeadlineExceeded for one that takes too long; kUnavailable for a Python that died, kNotFound
  // for one that is not there. All with the end of what it printed.
  Result<Buffer> Run(const std::string& path, bool norm, const CancelToken& cancel);

 private:
  class Child;
  std::unique_ptr<Child> child_;
};

}  // namespace plumb::client
