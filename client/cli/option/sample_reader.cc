#include "client/cli/option/sample_reader.h"

#include <utility>

#include "client/cli/frame/usage.h"
#include "client/cli/option/script_array.h"
#include "common/base/text.h"

namespace plumb::client {

Result<SampleReader> SampleReader::Create(std::string flag, const ScriptFlags& flags) {
  SampleReader reader;
  reader.flag_ = std::move(flag);
  if (!flags.scripts.empty()) {
    PLUMB_ASSIGN_OR_RETURN(reader.scripts_, ScriptInputs::Create(flags, nullptr));
  }
  return reader;
}

Status SampleReader::Named(const Status& status) const {
  return UsageError(flag_ + ": " + status.message(), status.hint());
}

Result<SampleValue> SampleReader::FromFile(const std::string& path,
                                           const SampleInput& input) const {
  auto sample = ReadSample(path, input);
  return sample.ok() ? std::move(sample) : Result<SampleValue>(Named(sample.status()));
}

Result<std::vector<float>> SampleReader::Real(const std::string& path,
                                              size_t index,
                                              const SampleInput& input,
                                              const CancelToken& cancel) const {
  if (!has_script()) {
    PLUMB_ASSIGN_OR_RETURN(const SampleValue sample, FromFile(path, input));
    return RealInput(sample, input);
  }
  PLUMB_ASSIGN_OR_RETURN(const Tensor array, scripts_->Array(index, path, cancel, true));
  auto real = RealArray(array, input);
  return real.ok() ? std::move(real)
                   : Result<std::vector<float>>(
                         real.status().Annotate("'" + EscapeForDisplay(path) + "'"));
}

Result<SampleValue> SampleReader::Stored(const std::string& path,
                                         size_t index,
                                         const SampleInput& input,
                                         const CancelToken& cancel) const {
  if (!has_script()) {
    return FromFile(path, input);
  }
  PLUMB_ASSIGN_OR_RETURN(const Tensor array, scripts_->Array(index, path, cancel, false));
  auto sample = SampleOfArray(array, input);
  return sample.ok()
             ? std::move(sample)
             : Result<SampleValue>(sample.status().Annotate("'" + EscapeForDisplay(path) + "'"));
}

std::string SampleReader::digest() const {
  return scripts_ != nullptr ? scripts_->digest() : "";
}

}  // namespace plumb::client
