#include "client/cli/bundle/bundle_plan.h"

#include <algorithm>
#include <optional>

#include "client/cli/debug/documents.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

std::string NameOf(const Json& row) {
  return TextAt(row, {"name"});
}

const Json* RowOf(const Json& rows, const std::string& name) {
  if (name.empty()) {
    return nullptr;
  }
  const auto found = std::find_if(rows.begin(), rows.end(), [&name](const Json& row) {
    return NameOf(row) == name || TextAt(row, {"reference_name"}) == name ||
           TextAt(row, {"vendor_name"}) == name;
  });
  return found == rows.end() ? nullptr : &*found;
}

std::optional<std::string> Worst(const Json& rows) {
  const Json* worst = nullptr;
  double largest = 0;
  for (const Json& row : rows) {
    const auto error = row.find("rel_l1");
    if (TextAt(row, {"verdict"}) != "match" && error != row.end() && error->is_number() &&
        error->get<double>() > largest) {
      largest = error->get<double>();
      worst = &row;
    }
  }
  return worst == nullptr ? std::nullopt : std::optional(NameOf(*worst));
}

// The tensors that `name` is computed of, constants left out.
std::vector<std::string> InputsOf(const npu::FixedModel& model, const std::string& name) {
  std::vector<std::string> names;
  for (const npu::FixedOp& op : model.ops) {
    if (model.tensors.at(op.output).name != name) {
      continue;
    }
    for (const uint32_t input : op.inputs) {
      names.push_back(model.tensors.at(input).name);
    }
  }
  return names;
}

void AddRow(const Json& row, CulpritLayers& layers) {
  layers.target.insert(NameOf(row));
  layers.reference.insert(TextAt(row, {"reference_name"}));
}

// The culprits' rows, each once, in order: the first out of bounds, the worst, those asked for.
std::vector<const Json*> CulpritRows(const Json& layers,
                                     const Json& rows,
                                     const std::vector<std::string>& asked,
                                     std::vector<std::string>& unknown) {
  std::vector<const Json*> found;
  const auto add = [&found](const Json* row) {
    if (row != nullptr && std::find(found.begin(), found.end(), row) == found.end()) {
      found.push_back(row);
    }
  };
  add(RowOf(rows, TextAt(layers, {"first_divergence", "name"})));
  add(RowOf(rows, Worst(rows).value_or("")));
  for (const std::string& name : asked) {
    const Json* row = RowOf(rows, name);
    add(row);
    if (row == nullptr) {
      unknown.push_back(name);
    }
  }
  return found;
}

void AddInputs(const Json& rows,
               const std::string& name,
               const npu::FixedModel& model,
               CulpritLayers& found) {
  for (const std::string& input : InputsOf(model, name)) {
    const Json* row = RowOf(rows, input);
    found.target.insert(input);
    found.reference.insert(row != nullptr ? TextAt(*row, {"reference_name"}) : input);
  }
}

}  // namespace

CulpritLayers FindCulprits(const Json& layers,
                           const std::vector<std::string>& asked,
                           const npu::FixedModel* model,
                           std::vector<std::string>& unknown) {
  const Json rows = layers.value("tensors", Json::array());
  CulpritLayers found;
  for (const Json* row : CulpritRows(layers, rows, asked, unknown)) {
    found.culprits.push_back(NameOf(*row));
    AddRow(*row, found);
    if (model != nullptr) {
      AddInputs(rows, NameOf(*row), *model, found);
    } else if (row != &rows.front()) {
      found.inputs_guessed = true;
      AddRow(*(row - 1), found);
    }
  }
  return found;
}

}  // namespace plumb::client
