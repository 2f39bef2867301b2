// The line that the vendor's auto_dump_debug.sh writes for each layer, and back:
//   DIRECTORY \t "OP: %s  Type: %s  MSE: %f  COS: %f  RMSE:" \t "%f"
// where RMSE is Σ|t − r| / Σ|r|, called rel_l1 everywhere else. Text that was copied out of a
// document has single spaces in place of tabs and double ones; that is read too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::layers {

struct VendorLine {
  std::string directory;  // "47.relu_6.tmp_0.xx.output0"
  std::string op;
  std::string type;
  // Empty where the vendor's tool printed nan.
  std::optional<double> mse;
  std::optional<double> cosine;
  std::optional<double> relative_l1;

  friend bool operator==(const VendorLine&, const VendorLine&) = default;
};

// Without an end of line. Empty numbers are "nan".
std::string FormatVendorLine(const VendorLine& line);

// The parts of a directory: 47, "relu_6.tmp_0", 0. Empty when it is not built like one.
struct VendorDirectory {
  uint32_t op_index = 0;
  std::string name;
  uint32_t output_index = 0;
};

std::optional<VendorDirectory> ParseVendorDirectory(std::string_view directory);

constexpr size_t kMaxVendorLines = 200'000;

// Every line that holds "OP:" and "RMSE:" must be one of the vendor's; others (what the script says
// besides) are passed over. kInvalidArgument names the line; none at all is an error too.
Result<std::vector<VendorLine>> ParseVendorLog(std::string_view text);

}  // namespace plumb::layers
