// Samples of a network as files say them, or as the person's own script makes them of the files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/cli/option/samples.h"
#include "client/cli/option/script_input.h"
#include "common/base/cancel.h"
#include "common/base/status.h"

namespace plumb::client {

// Thread-safe, as ScriptInputs is.
class SampleReader {
 public:
  // Without a script files are read as they are. `flag` names the option of the files in errors. A
  // usage error for a script that is not there.
  static Result<SampleReader> Create(std::string flag, const ScriptFlags& flags);

  // A script makes the arrays, so that no picture rule is needed to read them.
  [[nodiscard]] bool has_script() const { return scripts_ != nullptr; }

  // The real numbers that input `index` of a float network is fed; the script is called with norm
  // True.
  Result<std::vector<float>> Real(const std::string& path,
                                  size_t index,
                                  const SampleInput& input,
                                  const CancelToken& cancel) const;

  // What a fixed model takes: pixels or real numbers; the script is called with norm False.
  Result<SampleValue> Stored(const std::string& path,
                             size_t index,
                             const SampleInput& input,
                             const CancelToken& cancel) const;

  // SHA-256 of the scripts' files; empty without one.
  [[nodiscard]] std::string digest() const;

 private:
  Result<SampleValue> FromFile(const std::string& path, const SampleInput& input) const;
  [[nodiscard]] Status Named(const Status& status) const;

  std::string flag_;
  std::shared_ptr<ScriptInputs> scripts_;
};

}  // namespace plumb::client
