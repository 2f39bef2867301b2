// oracle-compare NAME MODEL RUN: one network's rows of the table that tools/oracle/compare-all
// prints. Exit 1: our arithmetic disagrees. Exit 2: the network could not be compared.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "common/base/file.h"
#include "common/npu/import/tflite/tflite.h"
#include "common/npu/quantize/quantize.h"
#include "tests/oracle/agreement.h"
#include "tests/oracle/layers_alone.h"

namespace plumb::testing {
namespace {

using analysis::TensorReport;

constexpr double kMaxRelativeL2 = 1e-5;

// Integers must be the oracle's; real values within kMaxRelativeL2 of them.
bool Agrees(const TensorReport& report) {
  if (report.element_type != ElementType::kFloat32) {
    return report.different_elements == 0;
  }
  const uint64_t nonfinite =
      report.nan_reference + report.nan_target + report.inf_reference + report.inf_target;
  return nonfinite == 0 && report.relative_l2.value_or(1) <= kMaxRelativeL2;
}

bool AllAgree(const std::vector<TensorReport>& reports) {
  return std::all_of(reports.begin(), reports.end(), Agrees);
}

std::string Scientific(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", value);
  return text;
}

std::string Figure(const TensorReport& report) {
  if (report.element_type == ElementType::kFloat32) {
    return report.relative_l2 ? Scientific(*report.relative_l2) : "no rel_l2";
  }
  std::string text =
      std::to_string(report.different_elements) + " of " + std::to_string(report.count);
  if (report.different_elements > 0) {
    text += " (up to " + std::to_string(static_cast<int>(report.max_abs_error.value_or(0))) + ")";
  }
  return text;
}

std::string OutputsText(const std::vector<TensorReport>& outputs) {
  std::string text;
  for (const TensorReport& output : outputs) {
    text += (text.empty() ? "" : "; ") + Figure(output);
  }
  return text;
}

std::string LayersText(const std::vector<TensorReport>& layers, const OracleRun& oracle) {
  const auto agreeing = std::count_if(layers.begin(), layers.end(), Agrees);
  std::string text = std::to_string(agreeing) + " of " + std::to_string(layers.size());
  if (!oracle.hidden.empty()) {
    text += " (" + std::to_string(oracle.hidden.size()) + " hidden)";
  }
  const auto first = std::find_if_not(layers.begin(), layers.end(), Agrees);
  if (first != layers.end()) {
    text += "; first: " + first->op + " `" + first->name.substr(0, 32) + "` " + Figure(*first);
  }
  return text;
}

std::string WorstText(const std::vector<TensorReport>& alone) {
  const auto worst = std::max_element(alone.begin(), alone.end(), [](const auto& a, const auto& b) {
    return a.relative_l2.value_or(0) < b.relative_l2.value_or(0);
  });
  if (worst == alone.end()) {
    return "none";
  }
  return worst->relative_l2.value_or(1) == 0 ? "0" : worst->op + " " + Figure(*worst);
}

struct Row {
  std::string name;
  std::string arithmetic;
  std::string verdict;
  std::string outputs;
  std::string layers;
  std::string alone;
};

void Print(const Row& row) {
  std::printf("| %s | %s | %s | %s | %s | %s |\n",
              row.name.c_str(),
              row.arithmetic.c_str(),
              row.verdict.c_str(),
              row.outputs.c_str(),
              row.layers.c_str(),
              row.alone.c_str());
}

Result<bool> CompareFloatNetwork(const std::string& name,
                                 const std::shared_ptr<const npu::Graph>& graph,
                                 const OracleRun& oracle) {
  PLUMB_ASSIGN_OR_RETURN(const Agreement agreement, CompareFloat(graph, oracle));
  PLUMB_ASSIGN_OR_RETURN(const auto alone, CompareFloatLayersAlone(*graph, oracle));
  const bool outputs_agree = AllAgree(agreement.outputs);
  const bool layers_agree = !alone.empty() && AllAgree(alone);
  Print({name,
         "float",
         outputs_agree ? "yes" : (layers_agree ? "each layer alone" : "NO"),
         OutputsText(agreement.outputs),
         LayersText(agreement.layers, oracle),
         WorstText(alone)});
  return outputs_agree || layers_agree;
}

// TFLite's int8 HARD_SWISH works on 16-bit fractions; ours is a table of the rounded function.
bool AgreesAlone(const IntegerLayer& layer) {
  return layer.rule != Rule::kNone || (layer.op == "HARD_SWISH" && layer.largest <= 1);
}

// "half_even 85; half_away PRELU 23", the layers that fit no rule with their figures.
std::string RulesText(const std::vector<IntegerLayer>& layers) {
  std::map<Rule, std::map<std::string, int>> kinds;
  std::map<std::string, uint64_t> others;
  for (const IntegerLayer& layer : layers) {
    ++kinds[layer.rule][layer.rule == Rule::kHalfEven ? "" : layer.op + " "];
    if (layer.rule == Rule::kNone) {
      others[layer.op + " "] = std::max(others[layer.op + " "], layer.largest);
    }
  }
  std::string text;
  for (const auto& [rule, ops] : kinds) {
    text += (text.empty() ? "" : "; ") + RuleName(rule);
    for (const auto& [op, count] : ops) {
      text += " " + op + std::to_string(count);
      if (rule == Rule::kNone) {
        text += " (up to " + std::to_string(others[op]) + ")";
      }
    }
  }
  return text;
}

// Both kernel sets give the same bits (common_npu_kernels_test); a network shows it once more.
Result<bool> KernelSetsAgree(const std::shared_ptr<const npu::FixedModel>& model,
                             const OracleRun& oracle,
                             const Agreement& reference) {
  PLUMB_ASSIGN_OR_RETURN(const Agreement fast, CompareIntegers(model, KernelSet::kFast, oracle));
  bool same = fast.outputs.size() == reference.outputs.size();
  for (size_t i = 0; same && i < fast.outputs.size(); ++i) {
    same = fast.outputs[i].different_elements == reference.outputs[i].different_elements;
  }
  return same;
}

Result<bool> CompareIntegerNetwork(const std::string& name,
                                   const npu::Graph& graph,
                                   const OracleRun& oracle) {
  PLUMB_ASSIGN_OR_RETURN(npu::FixedModel fixed, npu::FixedFromQuantizedGraph(graph));
  const auto model = std::make_shared<const npu::FixedModel>(std::move(fixed));
  PLUMB_ASSIGN_OR_RETURN(const Agreement agreement,
                         CompareIntegers(model, KernelSet::kReference, oracle));
  PLUMB_ASSIGN_OR_RETURN(const bool sets_agree, KernelSetsAgree(model, oracle, agreement));
  PLUMB_ASSIGN_OR_RETURN(const auto alone, CompareIntegerLayersAlone(*model, oracle));
  const bool outputs_agree = AllAgree(agreement.outputs);
  const bool layers_agree = !alone.empty() && std::all_of(alone.begin(), alone.end(), AgreesAlone);
  const bool agree = sets_agree && (outputs_agree || layers_agree);
  Print({name,
         "int8",
         !agree ? "NO" : (outputs_agree ? "yes" : "each layer alone"),
         OutputsText(agreement.outputs),
         LayersText(agreement.layers, oracle),
         RulesText(alone)});
  return agree;
}

Result<bool> CompareNetwork(const std::string& name,
                            const std::string& model,
                            const std::string& folder) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, ReadFile(model));
  PLUMB_ASSIGN_OR_RETURN(npu::Graph graph, npu::ImportTflite(file, name));
  PLUMB_ASSIGN_OR_RETURN(const OracleRun oracle, LoadOracleRun(folder));
  return npu::IsQuantized(graph)
             ? CompareIntegerNetwork(name, graph, oracle)
             : CompareFloatNetwork(
                   name, std::make_shared<const npu::Graph>(std::move(graph)), oracle);
}

int Main(const std::string& name, const std::string& model, const std::string& folder) {
  const Result<bool> agrees = CompareNetwork(name, model, folder);
  if (!agrees.ok()) {
    Print({name, "", "not compared", agrees.status().message(), "", ""});
    return 2;
  }
  return agrees.value() ? 0 : 1;
}

}  // namespace
}  // namespace plumb::testing

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: oracle-compare NAME MODEL RUN_FOLDER\n");
    return 2;
  }
  return plumb::testing::Main(argv[1], argv[2], argv[3]);
}
