#include "common/npu/import/onnx_resize.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "common/base/text.h"

namespace plumb::npu::onnx {
namespace {

constexpr int64_t kMaxSide = 1 << 16;

struct Modes {
  std::string mode, coordinates, rounding;
};

Modes ReadModes(const NodeView& node) {
  constexpr int64_t kCoordinatesExist = 11;
  const bool legacy = node.op() == "Upsample" || node.opset() < kCoordinatesExist;
  Modes modes{node.Text("mode", "nearest"),
              node.Text("coordinate_transformation_mode", "half_pixel"),
              node.Text("nearest_mode", "round_prefer_floor")};
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
    // The places follow from the scale, those of the graph from the sizes.
    if (static_cast<double>(dims.at(i)) != size) {
      return UnimplementedError("scales " + std::to_string(input[i]) + " by " +
                                std::to_string(request.scales[i]) + ", which is no whole number");
    }
  }
  if (dims[0] != input[0] || dims[1] != input[1] || std::min(dims[2], dims[3]) < 1 ||
      std::max(dims[2], dims[3]) > kMaxSide) {
    return UnimplementedError("resizes another axis than height and width, or beyond 65536");
  }
  return Shape::Create(dims);
}

struct Axis {
  int64_t input, output;
};

// The real place of output position `i`, as ONNX's coordinate_transformation_mode says.
double PlaceOf(const Axis& axis, int64_t i, std::string_view coordinates) {
  const auto in = static_cast<double>(axis.input);
  const auto out = static_cast<double>(axis.output);
  const auto x = static_cast<double>(i);
  if (coordinates == "align_corners") {
    return axis.output == 1 ? 0 : x * (in - 1) / (out - 1);
  }
  if (coordinates == "asymmetric") {
    return x * in / out;
  }
  if (coordinates == "pytorch_half_pixel" && axis.output == 1) {
    return 0;
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

Status Refuse(const Modes& modes) {
  return UnimplementedError("resizes with mode '" + EscapeForDisplay(modes.mode) + "', '" +
                            EscapeForDisplay(modes.coordinates) + "', '" +
                            EscapeForDisplay(modes.rounding) + "' at these sizes")
      .WithHint(
          "supported: linear with half_pixel, asymmetric or align_corners; nearest where it "
          "takes the places of one of these");
}

bool IsKnownCoordinates(std::string_view coordinates) {
  return coordinates == "half_pixel" || coordinates == "pytorch_half_pixel" ||
         coordinates == "asymmetric" || coordinates == "align_corners";
}

Result<ResizePlan> PlanNearest(const Modes& modes, const Axis& rows, const Axis& columns) {
  constexpr ResizeAttributes kChoices[] = {{false, false}, {false, true}, {true, false}};
  for (const ResizeAttributes& choice : kChoices) {
    if (Agrees(rows, modes, choice) && Agrees(columns, modes, choice)) {
      return ResizePlan{OpKind::kResizeNearest, choice, {}};
    }
  }
  return Refuse(modes);
}

Result<ResizePlan> PlanLinear(const Modes& modes, const Axis& rows, const Axis& columns) {
  const bool special =
      modes.coordinates == "pytorch_half_pixel" || modes.coordinates == "align_corners";
  if (special && std::min(rows.output, columns.output) == 1) {
    return Refuse(modes);
  }
  ResizeAttributes attributes;
  attributes.align_corners = modes.coordinates == "align_corners";
  attributes.half_pixel_centers =
      modes.coordinates == "half_pixel" || modes.coordinates == "pytorch_half_pixel";
  return ResizePlan{OpKind::kResizeBilinear, attributes, {}};
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
  const Axis rows{input[2], output[2]};
  const Axis columns{input[3], output[3]};
  const bool nearest = modes.mode == "nearest";
  if ((!nearest && modes.mode != "linear") || !IsKnownCoordinates(modes.coordinates)) {
    return Refuse(modes);
  }
  PLUMB_ASSIGN_OR_RETURN(
      ResizePlan plan,
      nearest ? PlanNearest(modes, rows, columns) : PlanLinear(modes, rows, columns));
  plan.output = output;
  return plan;
}

}  // namespace plumb::npu::onnx
