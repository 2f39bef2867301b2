#include "client/cli/option/input_shape_option.h"

#include "client/cli/frame/usage.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

constexpr int64_t kMaxDimension = (int64_t{1} << 31U) - 1;

Status Malformed(const std::string& value) {
  return UsageError(
      "--input-shape is " + EscapeForDisplay(value),
      "write the shape as the ONNX file orders it, with the input's name where there are "
      "several: --input-shape x=1x3x48x192 or 1,3,48,192");
}

}  // namespace

void AddInputShapes(CLI::App& app, std::vector<std::string>& values) {
  app.add_option(
         "--input-shape",
         values,
         "Shape of an ONNX model's input where the file leaves it open, in the file's order "
         "of axes; once for each such input. The name may be left out where there is one input")
      ->type_name("[NAME=]1x3xHxW")
      ->allow_extra_args(false);
}

Result<npu::InputShapes> InputShapesFrom(const std::vector<std::string>& values) {
  npu::InputShapes shapes;
  for (const std::string& value : values) {
    const size_t parting = value.rfind('=');
    if (parting == 0) {
      return Malformed(value);
    }
    const std::string name = parting == std::string::npos ? "" : value.substr(0, parting);
    const std::string shape = parting == std::string::npos ? value : value.substr(parting + 1);
    std::vector<int64_t> dims;
    for (const std::string& part : Split(shape, shape.find(',') == std::string::npos ? 'x' : ',')) {
      const std::optional<int64_t> dim = ParseInt(part);
      if (!dim || *dim < 1 || *dim > kMaxDimension) {
        return Malformed(value);
      }
      dims.push_back(*dim);
    }
    if (!shapes.emplace(name, std::move(dims)).second) {
      return UsageError(name.empty() ? "--input-shape without a name is given twice"
                                     : "--input-shape names '" + EscapeForDisplay(name) + "' twice",
                        "give each input one shape");
    }
  }
  return shapes;
}

}  // namespace plumb::client
