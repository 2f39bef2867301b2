#include "client/report/tensor_csv.h"

#include <array>

#include "common/base/text.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kColumns = {"name",
                                 "op",
                                 "element_type",
                                 "count",
                                 "verdict",
                                 "cosine",
                                 "rel_l1",
                                 "rel_l2",
                                 "mse",
                                 "rmse",
                                 "sqnr_db",
                                 "max_abs_error",
                                 "max_lsb_error",
                                 "over_tolerance",
                                 "different_elements"};

// Quoted where RFC 4180 wants it.
std::string Cell(const std::string& text) {
  std::string cell =
      !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string::npos ? "'" + text
                                                                                       : text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) {
    return cell;
  }
  std::string quoted = "\"";
  for (const char c : cell) {
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return quoted + "\"";
}

const Json& At(const Json& json, const char* key) {
  static const Json nothing;
  const auto found = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && found != json.end() ? *found : nothing;
}

std::string Value(const Json& json, const char* key) {
  const Json& value = At(json, key);
  if (value.is_null()) {
    return "";
  }
  // A number may begin with '-'.
  return value.is_number() ? value.dump()
                           : Cell(value.is_string() ? value.get<std::string>() : value.dump());
}

std::string Rows(const Json& comparison, const std::string& before) {
  std::string rows;
  for (const Json& tensor : At(comparison, "tensors")) {
    rows += before;
    for (size_t i = 0; i < kColumns.size(); ++i) {
      rows += (i == 0 ? "" : ",") + Value(tensor, kColumns.at(i));
    }
    rows += "\r\n";
  }
  return rows;
}

std::string Header(const std::string& before) {
  std::string header = before;
  for (size_t i = 0; i < kColumns.size(); ++i) {
    header += (i == 0 ? "" : ",") + std::string(kColumns.at(i));
  }
  return header + "\r\n";
}

std::string BatchRows(const Json& document) {
  std::string rows;
  for (const Json& input : At(document, "comparisons")) {
    std::vector<std::string> files;
    for (const Json& file : At(input, "files")) {
      files.push_back(file.is_string() ? file.get<std::string>() : "");
    }
    const std::string before =
        Cell(Join(files, ",")) + "," + Value(input, "board") + "," + Value(input, "run") + ",";
    rows += Rows(At(input, "comparison"), before);
  }
  return rows;
}

}  // namespace

Result<std::string> TensorCsv(std::string_view json) {
  const auto document = Json::parse(json, nullptr, false);
  const std::string schema = Value(document, "schema");
  if (schema == "plumb.batch/1") {
    return Header("input,board,run,") + BatchRows(document);
  }
  if (schema == "plumb.comparison/1" || schema == "plumb.layers/1") {
    return Header("") + Rows(document, "");
  }
  return InvalidArgumentError("no report of a run, a batch or layers");
}

}  // namespace plumb::client
