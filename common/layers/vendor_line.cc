#include "common/layers/vendor_line.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "common/base/text.h"

namespace plumb::layers {
namespace {

std::string SixDecimals(const std::optional<double>& value) {
  std::array<char, 400> text{};  // the largest double has 309 digits before the point
  std::snprintf(
      text.data(), text.size(), "%f", value.value_or(std::numeric_limits<double>::quiet_NaN()));
  return text.data();
}

// Takes what stands between here and `key`, trimmed, and goes on behind it.
std::optional<std::string_view> TakeUpTo(std::string_view& text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view before = Trim(text.substr(0, at));
  text.remove_prefix(at + key.size());
  return before;
}

Status TakeNumber(std::string_view text, const char* what, std::optional<double>& number) {
  number = ParseDouble(text);
  if (!number) {
    return InvalidArgumentError(std::string(what) + " is '" + EscapeForDisplay(text) +
                                "', which is no number");
  }
  if (!std::isfinite(*number)) {
    number.reset();
  }
  return OkStatus();
}

Result<VendorLine> ParseLine(std::string_view text) {
  const auto directory = TakeUpTo(text, "OP:");
  const auto op = TakeUpTo(text, "Type:");
  const auto type = TakeUpTo(text, "MSE:");
  const auto mse = TakeUpTo(text, "COS:");
  const auto cosine = TakeUpTo(text, "RMSE:");
  if (!directory || !op || !type || !mse || !cosine) {
    return InvalidArgumentError("it lacks one of OP:, Type:, MSE:, COS: and RMSE:, or their order");
  }
  VendorLine line;
  line.directory = *directory;
  line.op = *op;
  line.type = *type;
  if (!IsSafeName(line.directory)) {
    return InvalidArgumentError("'" + EscapeForDisplay(line.directory) +
                                "' is no usable name of a tensor");
  }
  if ((!line.op.empty() && !IsSafeName(line.op)) ||
      (!line.type.empty() && !IsSafeName(line.type))) {
    return InvalidArgumentError("its OP or Type holds control characters");
  }
  PLUMB_RETURN_IF_ERROR(TakeNumber(*mse, "MSE", line.mse));
  PLUMB_RETURN_IF_ERROR(TakeNumber(*cosine, "COS", line.cosine));
  PLUMB_RETURN_IF_ERROR(TakeNumber(Trim(text), "RMSE", line.relative_l1));
  return line;
}

std::optional<uint32_t> SmallNumber(std::string_view text) {
  const auto number = ParseUint(text);
  return number && *number <= UINT32_MAX ? std::optional(static_cast<uint32_t>(*number))
                                         : std::nullopt;
}

}  // namespace

std::string FormatVendorLine(const VendorLine& line) {
  return line.directory + "\tOP: " + line.op + "  Type: " + line.type +
         "  MSE: " + SixDecimals(line.mse) + "  COS: " + SixDecimals(line.cosine) + "  RMSE:\t" +
         SixDecimals(line.relative_l1);
}

std::optional<VendorDirectory> ParseVendorDirectory(std::string_view directory) {
  constexpr std::string_view kMiddle = ".xx.output";
  const size_t dot = directory.find('.');
  const size_t middle = directory.rfind(kMiddle);
  if (dot == std::string_view::npos || middle == std::string_view::npos || middle < dot + 1) {
    return std::nullopt;
  }
  const auto op_index = SmallNumber(directory.substr(0, dot));
  const auto output = SmallNumber(directory.substr(middle + kMiddle.size()));
  if (!op_index || !output) {
    return std::nullopt;
  }
  return VendorDirectory{
      *op_index, std::string(directory.substr(dot + 1, middle - dot - 1)), *output};
}

Result<std::vector<VendorLine>> ParseVendorLog(std::string_view text) {
  std::vector<VendorLine> lines;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.find("OP:") == std::string_view::npos ||
        line.find("RMSE:") == std::string_view::npos) {
      continue;
    }
    if (lines.size() == kMaxVendorLines) {
      return InvalidArgumentError("the log has more than " + std::to_string(kMaxVendorLines) +
                                  " layers");
    }
    auto parsed = ParseLine(line);
    if (!parsed.ok()) {
      return parsed.status().Annotate("line " + std::to_string(number));
    }
    lines.push_back(*std::move(parsed));
  }
  if (lines.empty()) {
    return InvalidArgumentError("it holds no line with OP: and RMSE:")
        .WithHint(
            "give doAnalyzeRmse_run.log of auto_dump_debug.sh, or what "
            "'plumb layers --format vendor' prints");
  }
  return lines;
}

}  // namespace plumb::layers
