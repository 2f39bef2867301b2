#include "client/cli/frame/figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "common/base/portable_math.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

constexpr double kBarDecades = 4;

}  // namespace

std::string SixDecimals(const std::optional<double>& value) {
  if (!value) {
    return "-";
  }
  std::array<char, 400> text{};  // the largest double has 309 digits before the point
  std::snprintf(text.data(), text.size(), "%.6f", *value);
  return text.data();
}

std::string FourDigits(const std::optional<double>& value) {
  if (!value) {
    return "-";
  }
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.4g", *value);
  return text.data();
}

std::string ErrorBar(const std::optional<double>& error, size_t width) {
  std::string bar;
  if (!error) {
    bar.assign(width, '!');
  } else if (*error > 0) {
    const auto full = static_cast<double>(width);
    const double decades = PortableLog10(*error) + kBarDecades;
    const double length = std::clamp(decades / kBarDecades * full, 0.0, full);
    bar.assign(static_cast<size_t>(std::lround(length)), '#');
  }
  return bar;
}

std::string ShortName(const std::string& name, size_t width) {
  std::string shown = EscapeForDisplay(name);
  if (shown.size() <= width) {
    return shown;
  }
  const auto continues = [](char c) { return (static_cast<uint8_t>(c) & 0xC0U) == 0x80U; };
  size_t front = width / 2;
  size_t back = shown.size() - width / 2 + 3;
  while (front > 0 && continues(shown[front])) {
    --front;
  }
  while (back < shown.size() && continues(shown[back])) {
    ++back;
  }
  return shown.substr(0, front) + "..." + shown.substr(back);
}

}  // namespace plumb::client
