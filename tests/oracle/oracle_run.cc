#include "tests/oracle/oracle_run.h"

#include "common/base/file.h"
#include "common/tensor/npy.h"

#include <nlohmann/json.hpp>

namespace plumb::testing {
namespace {

constexpr size_t kMaxFileSize = size_t{1} << 28;

Result<OracleTensor> LoadTensor(const std::filesystem::path& folder, const nlohmann::json& entry) {
  OracleTensor loaded;
  loaded.name = entry.value("name", "");
  loaded.index = entry.value("tensor", int64_t{-1});
  loaded.sha256 = entry.value("sha256", "");
  if (!loaded.sha256.empty()) {
    return loaded;
  }
  const std::string file = entry.value("file", "");
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(folder / file, kMaxFileSize));
  PLUMB_ASSIGN_OR_RETURN(loaded.tensor, ParseNpy(loaded.name, bytes));
  return loaded;
}

Result<std::vector<OracleTensor>> LoadTensors(const std::filesystem::path& folder,
                                              const nlohmann::json& entries) {
  std::vector<OracleTensor> tensors;
  for (const nlohmann::json& entry : entries) {
    if (!entry.contains("error")) {
      PLUMB_ASSIGN_OR_RETURN(OracleTensor tensor, LoadTensor(folder, entry));
      tensors.push_back(std::move(tensor));
    }
  }
  return tensors;
}

}  // namespace

Result<OracleRun> LoadOracleRun(const std::filesystem::path& folder) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(folder / "index.json", kMaxFileSize));
  const nlohmann::json index =
      nlohmann::json::parse(text.span().begin(), text.span().end(), nullptr, false);
  if (!index.is_object()) {
    return InvalidArgumentError((folder / "index.json").string() + " is not a JSON object");
  }
  OracleRun run;
  const nlohmann::json none = nlohmann::json::array();
  PLUMB_ASSIGN_OR_RETURN(run.inputs, LoadTensors(folder, index.value("inputs", none)));
  PLUMB_ASSIGN_OR_RETURN(run.outputs, LoadTensors(folder, index.value("outputs", none)));
  PLUMB_ASSIGN_OR_RETURN(run.layers, LoadTensors(folder, index.value("layers", none)));
  for (const nlohmann::json& entry : index.value("layers", none)) {
    if (entry.contains("error")) {
      run.hidden.push_back({entry.value("name", ""), entry.value("error", "")});
    }
  }
  return run;
}

}  // namespace plumb::testing
