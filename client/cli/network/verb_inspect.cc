// `plumb inspect`: what a file is.
#include <array>
#include <cmath>
#include <cstdio>

#include "client/cli/frame/table.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/network/inspection.h"
#include "client/cli/option/input_shape_option.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

// JSON has no infinities; null stands for a number that does not exist.
Json FiniteOrNull(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json();
}

std::string ToJson(const std::string& path, const Inspection& inspection) {
  Json facts = Json::array();
  for (const auto& [key, value] : inspection.facts) {
    facts.push_back({{"key", key}, {"value", value}});
  }
  Json tensors = Json::array();
  for (const InspectedTensor& tensor : inspection.tensors) {
    tensors.push_back({{"role", tensor.role},
                       {"name", tensor.name},
                       {"op", tensor.op},
                       {"element_type", tensor.element_type},
                       {"bits", tensor.bits},
                       {"shape", tensor.shape},
                       {"scale", FiniteOrNull(tensor.scale)},
                       {"zero_point", OrNull(tensor.zero_point)},
                       {"min", FiniteOrNull(tensor.low)},
                       {"max", FiniteOrNull(tensor.high)},
                       {"nan", tensor.nan_count}});
  }
  return Json({{"schema", "plumb.inspect/1"},
               {"exit_code", kExitMatch},
               {"error", nullptr},
               {"file", path},
               {"kind", inspection.kind},
               {"facts", std::move(facts)},
               {"tensors", std::move(tensors)}})
      .dump(2, ' ', false, Json::error_handler_t::replace);
}

template <class T>
std::string Shown(const std::optional<T>& value) {
  return value ? ShortestDouble(static_cast<double>(*value)) : "";
}

// Six digits are enough to compare ranges by eye; --json has them all.
std::string Brief(const std::optional<double>& value) {
  if (!value) {
    return "";
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", *value);
  return text.data();
}

void PrintTensors(const Inspection& inspection, Console& console) {
  Table table({{"role"},
               {"name"},
               {"op"},
               {"type"},
               {"bits", Align::kRight},
               {"shape"},
               {"scale", Align::kRight},
               {"zero", Align::kRight},
               {"min", Align::kRight},
               {"max", Align::kRight}});
  size_t hidden = 0;
  for (const InspectedTensor& tensor : inspection.tensors) {
    if (tensor.role == "constant" && !console.verbose()) {
      ++hidden;
      continue;
    }
    const std::string nan =
        tensor.nan_count == 0 ? "" : " (+" + std::to_string(tensor.nan_count) + " NaN)";
    table.AddRow({{tensor.role, Style::kDim},
                  {tensor.name, Style::kAccent},
                  {tensor.op},
                  {tensor.element_type},
                  {tensor.bits == 0 ? "" : std::to_string(tensor.bits)},
                  {tensor.shape},
                  {Brief(tensor.scale)},
                  {Shown(tensor.zero_point)},
                  {Brief(tensor.low)},
                  {Brief(tensor.high) + nan}});
  }
  table.PrintTo(console);
  if (hidden > 0) {
    console.Say(std::to_string(hidden) + " constants are shown with --verbose");
  }
}

class InspectVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "inspect",
        "Say what a model, dump, run, picture or raw file is",
        "Knows TFLite, ONNX, fixed and offline models, DumpDebug files, npy, run folders of the\n"
        "archive and pictures by their content; anything else is shown as raw numbers. For\n"
        "the integers of a model min and max are what they can express.",
        "plumb inspect face_fixed.plm"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("FILE", path_, "File, or folder of a run")->required();
    AddInputShapes(app, input_shapes_);
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const npu::InputShapes shapes, InputShapesFrom(input_shapes_));
    const auto inspection = InspectPath(path_, shapes);
    if (!inspection.ok()) {
      return UsageError(EscapeForDisplay(path_) + ": " + inspection.status().message(),
                        inspection.status().hint());
    }
    context.console.Conclude({{path_, Style::kBold}, {": " + inspection->kind}});
    for (const auto& [key, value] : inspection->facts) {
      context.console.Say({{"  " + key + "  ", Style::kDim}, {value}});
    }
    if (!inspection->tensors.empty()) {
      PrintTensors(*inspection, context.console);
    }
    PLUMB_RETURN_IF_ERROR(context.json.Write(ToJson(path_, *inspection)));
    return kExitMatch;
  }

 private:
  std::string path_;
  std::vector<std::string> input_shapes_;
};

}  // namespace

std::unique_ptr<Verb> MakeInspectVerb() {
  return std::make_unique<InspectVerb>();
}

}  // namespace plumb::client
