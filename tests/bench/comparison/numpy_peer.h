// numpy float64 as a baseline: one python process, asked through a pipe, with its own clock.
#pragma once

#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/base/subprocess.h"
#include "common/base/unique_fd.h"

namespace plumb::bench {

struct NumpyAnswer {
  double seconds = 0;
  double mse = 0;
  double cosine = 0;
};

class NumpyPeer {
 public:
  // Both files hold float32 values. kNotFound when /usr/bin/python3 has no numpy (package
  // python3-numpy).
  static Result<std::unique_ptr<NumpyPeer>> Start(const std::string& reference_file,
                                                  const std::string& target_file);

  // `what`: "all" or "three" (cosine, mse, rmse).
  Result<NumpyAnswer> Measure(const std::string& what);

  [[nodiscard]] const std::string& version() const { return version_; }

 private:
  NumpyPeer(Subprocess process, UniqueFd to, UniqueFd from);

  Result<std::string> ReadLine();

  Subprocess process_;
  UniqueFd to_;
  UniqueFd from_;
  std::string version_;
};

}  // namespace plumb::bench
