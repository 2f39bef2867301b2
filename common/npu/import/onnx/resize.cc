#include "common/npu/import/onnx/resize.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "common/base/text.h"

namespace plumb::npu::onnx {
namespace {

constexpr int64_t kMaxSide = 1 << 16;

struct Modes {
  std::string mode, coordinates, rounding;
  double cubic = -0.75;
  bool exclude_outside = false;
};

Modes ReadModes(const NodeView& node) {
  constexpr int64_t kCoordinatesExist = 11;
  const bool legacy = node.op() == "Upsample" || node.opset() < kCoordinatesExist;
  Modes modes{node.Text("mode", "nearest"),
              node.Text("coordinate_transformation_mode", "half_pixel"),
              node.Text("nearest_mode", "round_prefer_floor"),
              static_cast<double>(node.Real("cubic_coeff_a", -0.75F)),
              node.Integer("exclude_outside", 0) != 0};
  if (legacy) {
    modes.coordinates = "asymmetric";
    modes.rounding = "floor";
  }
  return modes;
}

// Operand numbers of scales and sizes, and the scales where they stand.
struct Request {
  std::vector<float> scales;
  std::vector<int64_t> sizes;
};

Result<Request> ReadRequest(const NodeView& node) {
  constexpr int64_t kRoiExists = 11;
  Request request;
  if (node.op() == "Upsample" && !node.Has(1)) {
    const Attribute* const scales = node.Find("scales");
    request.scales = scales != nullptr ? scales->reals : std::vector<float>();
    return request;
  }
  const size_t place = node.opset() >= kRoiExists && node.op() == "Resize" ? 2 : 1;
  if (node.Has(place)) {
    PLUMB_ASSIGN_OR_RETURN(request.scales, node.KnownFloats(place));
  }
  if (request.scales.empty() && node.Has(place + 1)) {
    PLUMB_ASSIGN_OR_RETURN(request.sizes, node.KnownIntegers(place + 1));
  }
  return request;
}

Result<Shape> OutputShape(const Request& request, const Shape& input) {
  std::array<int64_t, 4> dims{};
  const bool by_scale = !request.scales.empty();
  if ((by_scale ? request.scales.size() : request.sizes.size()) != dims.size()) {
    return UnimplementedError("does not give four scales or four sizes");
  }
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!by_scale) {
      dims.at(i) = request.sizes[i];
      continue;
    }
    const double size = static_cast<double>(input[i]) * static_cast<double>(request.scales[i]);
    dims.at(i) = size >= 1 && size <= static_cast<double>(kMaxSide)
                     ? static_cast<int64_t>(std::floor(size))
                     : 0;
  }
  if (dims[0] != input[0] || dims[1] != input[1] || std::min(dims[2], dims[3]) < 1 ||
      std::max(dims[2], dims[3]) > kMaxSide) {
    return UnimplementedError("resizes another axis than height and width, or beyond 65536");
  }
  return Shape::Create(dims);
}

struct Axis {
  int64_t input, output;
  double scale;   // of the places
  bool is_whole;  // the scale is output / input
};

// The places follow from the scale where it is given.
Axis AxisOf(const Request& request, const Shape& input, const Shape& output, size_t axis) {
  const double ratio = static_cast<double>(output[axis]) / static_cast<double>(input[axis]);
  const double scale = request.scales.empty() ? ratio : static_cast<double>(request.scales[axis]);
  const bool whole = scale * static_cast<double>(input[axis]) == static_cast<double>(output[axis]);
  return {input[axis], output[axis], scale, whole || request.scales.empty()};
}

// The real place of output position `i`, as ONNX's coordinate_transformation_mode says.
double PlaceOf(const Axis& axis, int64_t i, std::string_view coordinates) {
  const auto in = static_cast<double>(axis.input);
  const auto out = axis.is_whole ? static_cast<double>(axis.output) : in * axis.scale;
  const auto x = static_cast<double>(i);
  if (coordinates == "align_corners") {
    return out == 1 ? 0 : x * (in - 1) / (out - 1);
  }
  if (coordinates == "asymmetric") {
    return x * in / out;
  }
  if (coordinates == "pytorch_half_pixel" && axis.output == 1) {
    return 0;
  }
  if (coordinates == "tf_half_pixel_for_nn") {
    return (x + 0.5) * in / out;
  }
  return (x + 0.5) * in / out - 0.5;
}

double Rounded(double place, std::string_view rounding) {
  if (rounding == "floor") {
    return std::floor(place);
  }
  if (rounding == "ceil") {
    return std::ceil(place);
  }
  return rounding == "round_prefer_ceil" ? std::floor(place + 0.5) : std::ceil(place - 0.5);
}

// Where the graph's RESIZE_NEAREST_NEIGHBOR takes position `i` from: computed in float.
int64_t GraphPlace(const Axis& axis, int64_t i, const ResizeAttributes& resize) {
  const bool aligned = resize.align_corners && axis.output > 1;
  const float ratio = aligned
                          ? static_cast<float>(axis.input - 1) / static_cast<float>(axis.output - 1)
                          : static_cast<float>(axis.input) / static_cast<float>(axis.output);
  const float shift = resize.half_pixel_centers ? 0.5F : 0.0F;
  const float place = (static_cast<float>(i) + shift) * ratio;
  const float chosen = resize.align_corners ? std::round(place) : std::floor(place);
  return std::clamp<int64_t>(static_cast<int64_t>(chosen), 0, axis.input - 1);
}

bool Agrees(const Axis& axis, const Modes& modes, const ResizeAttributes& resize) {
  for (int64_t i = 0; i < axis.output; ++i) {
    const double place = Rounded(PlaceOf(axis, i, modes.coordinates), modes.rounding);
    const auto index = std::clamp<int64_t>(static_cast<int64_t>(place), 0, axis.input - 1);
    if (index != GraphPlace(axis, i, resize)) {
      return false;
    }
  }
  return true;
}

bool IsKnownCoordinates(std::string_view coordinates) {
  return coordinates == "half_pixel" || coordinates == "pytorch_half_pixel" ||
         coordinates == "asymmetric" || coordinates == "align_corners" ||
         coordinates == "tf_half_pixel_for_nn";
}

bool TakesNearest(const Modes& modes, const Axis& rows, const Axis& columns, ResizePlan& plan) {
  constexpr ResizeAttributes kChoices[] = {{false, false}, {false, true}, {true, false}};
  for (const ResizeAttributes& choice : kChoices) {
    if (Agrees(rows, modes, choice) && Agrees(columns, modes, choice)) {
      plan.attributes = choice;
      return true;
    }
  }
  return false;
}

bool TakesLinear(const Modes& modes, const Axis& rows, const Axis& columns, ResizePlan& plan) {
  const bool special =
      modes.coordinates == "pytorch_half_pixel" || modes.coordinates == "align_corners";
  if (modes.mode != "linear" || !rows.is_whole || !columns.is_whole ||
      (special && std::min(rows.output, columns.output) == 1)) {
    return false;
  }
  plan.kind = OpKind::kResizeBilinear;
  plan.attributes.align_corners = modes.coordinates == "align_corners";
  plan.attributes.half_pixel_centers =
      modes.coordinates == "half_pixel" || modes.coordinates == "pytorch_half_pixel";
  return true;
}

// The shares of the neighbours −1 … 2 of a place that lies `share` behind neighbour 0.
std::array<double, 4> SharesOf(const Modes& modes, double share) {
  if (modes.mode == "linear") {
    return {0, 1 - share, share, 0};
  }
  const double a = modes.cubic;
  const auto inner = [a](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto outer = [a](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return {outer(1 + share), inner(share), inner(1 - share), outer(2 - share)};
}

// Adds one row of the matrix.
void AddShares(const Axis& axis, double place, const Modes& modes, std::span<float> row) {
  if (modes.mode == "nearest") {
    const auto index = static_cast<int64_t>(Rounded(place, modes.rounding));
    row[static_cast<size_t>(std::clamp<int64_t>(index, 0, axis.input - 1))] = 1;
    return;
  }
  const double below = std::floor(place);
  std::array<double, 4> shares = SharesOf(modes, place - below);
  const auto first = static_cast<int64_t>(below) - 1;
  double kept = 0;
  for (int64_t i = 0; i < 4; ++i) {
    const bool outside = first + i < 0 || first + i >= axis.input;
    shares.at(static_cast<size_t>(i)) *= outside && modes.exclude_outside ? 0 : 1;
    kept += shares.at(static_cast<size_t>(i));
  }
  for (int64_t i = 0; i < 4; ++i) {
    const auto from = static_cast<size_t>(std::clamp<int64_t>(first + i, 0, axis.input - 1));
    row[from] += static_cast<float>(shares.at(static_cast<size_t>(i)) / kept);
  }
}

Result<std::vector<float>> MatrixOf(const Axis& axis, const Modes& modes) {
  constexpr int64_t kMost = int64_t{1} << 24U;
  if (axis.input * axis.output > kMost) {
    return UnimplementedError("resizes " + std::to_string(axis.input) + " to " +
                              std::to_string(axis.output) + " in a way that takes a matrix");
  }
  const auto width = static_cast<size_t>(axis.input);
  std::vector<float> matrix(width * static_cast<size_t>(axis.output), 0.0F);
  for (int64_t i = 0; i < axis.output; ++i) {
    AddShares(axis,
              PlaceOf(axis, i, modes.coordinates),
              modes,
              std::span(matrix).subspan(static_cast<size_t>(i) * width, width));
  }
  return matrix;
}

}  // namespace

Result<ResizePlan> PlanResize(const NodeView& node, const Shape& input) {
  if (input.rank() != 4 || !node.Integers("axes").empty() || node.Integer("antialias", 0) != 0 ||
      node.Text("keep_aspect_ratio_policy", "stretch") != "stretch") {
    return UnimplementedError(
        "resizes no picture, some axes only, with antialias or keeping the "
        "aspect ratio");
  }
  const Modes modes = ReadModes(node);
  PLUMB_ASSIGN_OR_RETURN(const Request request, ReadRequest(node));
  PLUMB_ASSIGN_OR_RETURN(const Shape output, OutputShape(request, input));
  const Axis rows = AxisOf(request, input, output, 2);
  const Axis columns = AxisOf(request, input, output, 3);
  const bool nearest = modes.mode == "nearest";
  if ((!nearest && modes.mode != "linear" && modes.mode != "cubic") ||
      !IsKnownCoordinates(modes.coordinates)) {
    return UnimplementedError("resizes with mode '" + EscapeForDisplay(modes.mode) + "', '" +
                              EscapeForDisplay(modes.coordinates) + "'")
        .WithHint(
            "supported: nearest, linear and cubic with half_pixel, pytorch_half_pixel, "
            "asymmetric or align_corners");
  }
  ResizePlan plan;
  plan.output = output;
  const bool taken =
      nearest ? TakesNearest(modes, rows, columns, plan) : TakesLinear(modes, rows, columns, plan);
  if (!taken) {
    PLUMB_ASSIGN_OR_RETURN(plan.rows, MatrixOf(rows, modes));
    PLUMB_ASSIGN_OR_RETURN(plan.columns, MatrixOf(columns, modes));
  }
  return plan;
}

}  // namespace plumb::npu::onnx
