// oracle-export float MODEL OUT            the network with built-in operations and dense weights
// oracle-export int8 MODEL RUN OUT         quantised with 8 bits, calibrated on the inputs of RUN
// Both write a TFLite file for the official runtime to run. Exit 2: the network cannot be exported;
// exit 4: it is quantised already.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/npu/import/tflite/tflite.h"
#include "common/npu/quantize/calibration.h"
#include "common/npu/quantize/quantize.h"
#include "tests/oracle/export_tflite.h"
#include "tests/oracle/int8_graph.h"
#include "tests/oracle/oracle_run.h"

namespace plumb::testing {
namespace {

Result<npu::Graph> Import(const std::string& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, ReadFile(path));
  return npu::ImportTflite(file, "network");
}

Result<npu::Graph> Quantise(const npu::Graph& graph, const std::string& run_folder) {
  PLUMB_ASSIGN_OR_RETURN(const OracleRun run, LoadOracleRun(run_folder));
  std::vector<std::vector<float>> sample;
  for (const OracleTensor& input : run.inputs) {
    PLUMB_ASSIGN_OR_RETURN(const std::vector<double> values, RealValues(input.tensor));
    sample.emplace_back(values.begin(), values.end());
  }
  PLUMB_ASSIGN_OR_RETURN(npu::Calibrator calibrator,
                         npu::Calibrator::Create(std::make_shared<const npu::Graph>(graph)));
  PLUMB_RETURN_IF_ERROR(calibrator.Add(sample));
  PLUMB_ASSIGN_OR_RETURN(const npu::FixedModel fixed,
                         npu::QuantizeFromFloat(graph, calibrator.ranges(), {}));
  return Int8GraphOf(graph, fixed);
}

Status Export(const std::vector<std::string>& arguments) {
  PLUMB_ASSIGN_OR_RETURN(npu::Graph graph, Import(arguments[1]));
  if (npu::IsQuantized(graph)) {
    return FailedPreconditionError("the network is quantised already");
  }
  if (arguments[0] == "int8") {
    PLUMB_ASSIGN_OR_RETURN(graph, Quantise(graph, arguments[2]));
  }
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, ExportTflite(graph));
  return WriteFileAtomically(arguments.back(), file.span());
}

}  // namespace
}  // namespace plumb::testing

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool is_float = arguments.size() == 3 && arguments[0] == "float";
  if (!is_float && !(arguments.size() == 4 && arguments[0] == "int8")) {
    std::fprintf(stderr, "usage: oracle-export float MODEL OUT | int8 MODEL RUN OUT\n");
    return 2;
  }
  const plumb::Status exported = plumb::testing::Export(arguments);
  if (!exported.ok()) {
    std::fprintf(stderr, "oracle-export: %s\n", exported.ToString().c_str());
    return exported.code() == plumb::StatusCode::kFailedPrecondition ? 4 : 2;
  }
  return 0;
}
