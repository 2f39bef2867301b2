#include "common/npu/import/onnx/window.h"

#include <algorithm>
#include <array>

namespace plumb::npu::onnx {
namespace {

constexpr int64_t kMaxWindow = 1 << 16;

// The attribute's `count` values within [least, 65536], or as many times `otherwise`.
Result<std::vector<int32_t>> Numbers(const NodeView& node,
                                     std::string_view name,
                                     size_t count,
                                     int32_t otherwise) {
  const std::vector<int64_t> values = node.Integers(name);
  if (values.empty()) {
    return std::vector<int32_t>(count, otherwise);
  }
  if (values.size() != count) {
    return UnimplementedError("has " + std::to_string(values.size()) + " " + std::string(name) +
                              " instead of " + std::to_string(count) +
                              ": only two spatial axes are supported");
  }
  std::vector<int32_t> numbers;
  for (const int64_t value : values) {
    if (value < otherwise || value > kMaxWindow) {
      return InvalidArgumentError("has " + std::string(name) + " of " + std::to_string(value));
    }
    numbers.push_back(static_cast<int32_t>(value));
  }
  return numbers;
}

struct AxisWindow {
  int64_t input, kernel, stride, dilation;
};

AxisWindow Rows(const Shape& input, const WindowAttributes& w) {
  return {input[2], w.kernel_height, w.stride_height, w.dilation_height};
}

AxisWindow Columns(const Shape& input, const WindowAttributes& w) {
  return {input[3], w.kernel_width, w.stride_width, w.dilation_width};
}

struct Split {
  int32_t before = 0;
  int32_t after = 0;
};

Split SplitPadding(int64_t total, bool upper) {
  const auto whole = static_cast<int32_t>(std::clamp<int64_t>(total, 0, kMaxWindow));
  const int32_t smaller = whole / 2;
  return upper ? Split{smaller, whole - smaller} : Split{whole - smaller, smaller};
}

// SAME: the output is ceil(input / stride).
Split SamePadding(const AxisWindow& axis, bool upper) {
  const int64_t output = (axis.input + axis.stride - 1) / axis.stride;
  return SplitPadding(
      (output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 - axis.input, upper);
}

int32_t CeilPadding(const AxisWindow& axis, const Split& pads) {
  const int64_t room =
      axis.input + pads.before + pads.after - (axis.kernel - 1) * axis.dilation - 1;
  const int64_t missing = room < 0 ? 0 : (axis.stride - room % axis.stride) % axis.stride;
  const int64_t last_start = room + missing;
  // A window that would begin in the padding behind the data is not one.
  const bool inside = last_start < axis.input + pads.before;
  return static_cast<int32_t>(pads.after + (inside ? missing : 0));
}

void SetPaddings(const Split& rows, const Split& columns, WindowAttributes& window) {
  window.pad_top = rows.before;
  window.pad_bottom = rows.after;
  window.pad_left = columns.before;
  window.pad_right = columns.after;
}

// One axis of a transposed convolution's output.
struct Growth {
  int64_t full;  // without cropping
  int64_t extra;
  Split crop;
};

Result<int64_t> OutputOf(const Growth& axis) {
  const int64_t size = axis.full - axis.crop.before - axis.crop.after + axis.extra;
  if (size < 1) {
    return InvalidArgumentError("crops all of its output");
  }
  return size;
}

}  // namespace

Result<WindowAttributes> ReadWindow(const NodeView& node,
                                    int64_t kernel_height,
                                    int64_t kernel_width) {
  PLUMB_ASSIGN_OR_RETURN(const auto strides, Numbers(node, "strides", 2, 1));
  PLUMB_ASSIGN_OR_RETURN(const auto dilations, Numbers(node, "dilations", 2, 1));
  PLUMB_ASSIGN_OR_RETURN(const auto pads, Numbers(node, "pads", 4, 0));
  WindowAttributes window;
  PLUMB_ASSIGN_OR_RETURN(window.kernel_height, Narrow(kernel_height));
  PLUMB_ASSIGN_OR_RETURN(window.kernel_width, Narrow(kernel_width));
  if (std::min(kernel_height, kernel_width) < 1 ||
      std::max(kernel_height, kernel_width) > kMaxWindow) {
    return InvalidArgumentError("has a kernel that is empty or larger than 65536");
  }
  window.stride_height = strides[0];
  window.stride_width = strides[1];
  window.dilation_height = dilations[0];
  window.dilation_width = dilations[1];
  SetPaddings({pads[0], pads[2]}, {pads[1], pads[3]}, window);
  return window;
}

Status ApplyAutoPad(const NodeView& node, const Shape& input, WindowAttributes& window) {
  const std::string mode = node.Text("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty()) {
    return OkStatus();
  }
  if (mode == "VALID") {
    SetPaddings({}, {}, window);
    return OkStatus();
  }
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") {
    return InvalidArgumentError("has an auto_pad that ONNX does not know");
  }
  const bool upper = mode == "SAME_UPPER";
  SetPaddings(
      SamePadding(Rows(input, window), upper), SamePadding(Columns(input, window), upper), window);
  return OkStatus();
}

void ApplyCeilMode(const Shape& input, WindowAttributes& window) {
  window.pad_bottom = CeilPadding(Rows(input, window), {window.pad_top, window.pad_bottom});
  window.pad_right = CeilPadding(Columns(input, window), {window.pad_left, window.pad_right});
}

Result<Shape> ReadTransposedOutput(const NodeView& node,
                                   const Shape& input,
                                   int64_t channels,
                                   WindowAttributes& window) {
  PLUMB_ASSIGN_OR_RETURN(const auto extra, Numbers(node, "output_padding", 2, 0));
  PLUMB_ASSIGN_OR_RETURN(const auto asked, Numbers(node, "output_shape", 2, 0));
  const std::string mode = node.Text("auto_pad", "NOTSET");
  const AxisWindow rows = Rows(input, window);
  const AxisWindow columns = Columns(input, window);
  if (asked[0] > 0 || asked[1] > 0) {
    // What is more than asked for is cropped, the larger half behind unless the mode says so.
    const bool upper = mode != "SAME_UPPER";
    const auto too_much = [](const AxisWindow& axis, int64_t more, int64_t size) {
      return (axis.input - 1) * axis.stride + axis.kernel + more - size;
    };
    const int64_t above = too_much(rows, extra[0], asked[0]);
    const int64_t beside = too_much(columns, extra[1], asked[1]);
    if (above < 0 || beside < 0) {
      return UnimplementedError("has an output_shape larger than its windows reach");
    }
    SetPaddings(SplitPadding(above, !upper), SplitPadding(beside, !upper), window);
  } else if (mode == "VALID") {
    SetPaddings({}, {}, window);
  } else if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    const bool upper = mode == "SAME_UPPER";
    SetPaddings(SplitPadding(rows.kernel - rows.stride + extra[0], upper),
                SplitPadding(columns.kernel - columns.stride + extra[1], upper),
                window);
  }
  PLUMB_ASSIGN_OR_RETURN(const int64_t height,
                         OutputOf({(rows.input - 1) * rows.stride + rows.kernel,
                                   extra[0],
                                   {window.pad_top, window.pad_bottom}}));
  PLUMB_ASSIGN_OR_RETURN(const int64_t width,
                         OutputOf({(columns.input - 1) * columns.stride + columns.kernel,
                                   extra[1],
                                   {window.pad_left, window.pad_right}}));
  return Shape::Create(std::array{input[0], height, width, channels});
}

}  // namespace plumb::npu::onnx
