#include "common/advice/advise.h"

#include <algorithm>
#include <array>

#include "common/advice/raise.h"
#include "common/analysis/diagnose.h"
#include "common/dump/input_config.h"

namespace plumb::advice {
namespace {

// More of a layer beyond its range than this is no stray element.
constexpr double kBeyond = 0.001;
// Where most of the network is out of bounds and that begins in its first tenth.
constexpr size_t kEarlyPart = 10;

void AddEvidence(Advice& advice, std::string layer, std::string text) {
  if (advice.evidence.size() == kMaxEvidence) {
    ++advice.evidence_left_out;
    return;
  }
  advice.evidence.push_back({std::move(layer), std::move(text)});
}

std::string FragmentOf(const dump::ConvolutionConfig& convolution) {
  dump::InputConfig config;
  config.convolution = convolution;
  auto text = dump::WriteInputConfig(config);
  // A name that a list cannot hold is in the evidence all the same.
  return text.ok() ? *std::move(text) : "";
}

bool IsBad(const LayerFacts& layer) {
  return layer.bad;
}

using Rule = std::optional<Advice> (*)(const NetworkFacts&);

std::optional<Advice> NanRule(const NetworkFacts& facts) {
  Advice advice;
  advice.rule = "nan";
  advice.what =
      "One side has NaN or Inf where the other has a number. Everything behind the first such "
      "layer "
      "is its consequence: mend it before anything else. Look for a division by zero, a logarithm "
      "or "
      "root of what is not positive, an overflow of 16-bit floats, and weights that are NaN.";
  for (const LayerFacts& layer : facts.layers) {
    if (layer.nonfinite) {
      AddEvidence(advice, layer.name, layer.op + " has NaN or Inf on one side alone");
    }
  }
  return advice.evidence.empty() ? std::nullopt : std::optional(advice);
}

// What a wrong mean, standard deviation, colour order or layout of the input does to a tensor.
bool LooksLikePreprocessing(const std::string& cause) {
  constexpr std::array<std::string_view, 8> kCauses = {"constant_offset",
                                                       "scaled",
                                                       "scaled_and_offset",
                                                       "zero_point_128",
                                                       "channel_order",
                                                       "layout",
                                                       "out_of_calibration",
                                                       "saturation"};
  return std::find(kCauses.begin(), kCauses.end(), cause) != kCauses.end();
}

std::optional<Advice> PreprocessingRule(const NetworkFacts& facts) {
  const auto first = std::find_if(facts.layers.begin(), facts.layers.end(), IsBad);
  if (first == facts.layers.end()) {
    return std::nullopt;
  }
  const auto place = static_cast<size_t>(first - facts.layers.begin());
  const auto bad = std::count_if(facts.layers.begin(), facts.layers.end(), IsBad);
  const bool most = 2 * static_cast<size_t>(bad) > facts.layers.size() &&
                    place * kEarlyPart < facts.layers.size();
  if (place != 0 && !most && !facts.early_crossing) {
    return std::nullopt;
  }
  Advice advice;
  advice.rule = "preprocessing";
  advice.section = "2.1.1";
  advice.what =
      std::string(place == 0 ? "The first layer is already wrong"
                             : "The network is out of bounds from near its start") +
      ": rule out the input before the network. The same mean and std in input_config.ini and in "
      "the "
      "preprocessing script, the normalisation only where norm is True (the float stage), the "
      "training and input formats (RGB, BGR), the layout.";
  advice.commands = {
      "plumb input check --image PICTURE -n PREPROCESS.py --input-config input_config.ini",
      "plumb input explain PC.bin BOARD.bin --model MODEL.img --image PICTURE"};
  AddEvidence(advice,
              first->name,
              "layer " + std::to_string(place) + " of " + std::to_string(facts.layers.size()) +
                  " is the first out of bounds, " + FiguresOf(*first) + "; so are " +
                  std::to_string(bad) + " in all");
  for (const diagnosis::Finding& finding : first->findings) {
    if (LooksLikePreprocessing(finding.cause)) {
      AddEvidence(advice, first->name, finding.cause + ": " + finding.evidence);
    }
  }
  return advice;
}

std::optional<Advice> CoverageRule(const NetworkFacts& facts) {
  if (facts.missing_in_target.empty() || facts.target_is_float) {
    return std::nullopt;
  }
  Advice advice;
  advice.rule = "coverage";
  advice.section = "2.1.3";
  advice.what =
      "Layers are missing where the fixed network's operators were fused. Set disableDomainFuseOps "
      "in "
      "DebugConfig.txt, make the fixed model again (it has no effect on one that exists) and dump "
      "it "
      "again; or give a fusion map.";
  advice.commands = {"plumb layers REFERENCE TARGET --map FUSION.map"};
  AddEvidence(
      advice, "", std::to_string(facts.missing_in_target.size()) + " missing in the target");
  for (const std::string& name : facts.missing_in_target) {
    AddEvidence(advice, name, "missing in the target");
  }
  return advice;
}

std::string BeyondText(const LayerFacts& layer) {
  return std::to_string(layer.beyond_range) + " of " + std::to_string(layer.count) +
         " elements of the reference (" + Brief(layer.reference_min.value_or(0)) + " to " +
         Brief(layer.reference_max.value_or(0)) + ") lie beyond " + Brief(layer.range->low) +
         " to " + Brief(layer.range->high);
}

std::optional<Advice> RecalibrateRule(const NetworkFacts& facts) {
  Advice advice;
  advice.rule = "recalibrate";
  advice.what =
      "Values are cut because calibration saw none as large. Calibrate with samples that cover "
      "this "
      "input; a method that cuts tails on purpose (percentile, KL) may cut too many.";
  advice.commands = {
      "plumb quantize --model MODEL --calibrate SAMPLES --method minmax --out FIXED"};
  for (const LayerFacts& layer : facts.layers) {
    const bool beyond =
        layer.range && layer.count > 0 &&
        static_cast<double>(layer.beyond_range) >= kBeyond * static_cast<double>(layer.count);
    const auto cut = std::find_if(
        layer.findings.begin(), layer.findings.end(), [](const diagnosis::Finding& finding) {
          return finding.cause == "out_of_calibration" || finding.cause == "saturation";
        });
    if (layer.bad && cut != layer.findings.end()) {
      AddEvidence(advice, layer.name, cut->cause + ": " + cut->evidence);
    } else if (layer.bad && beyond) {
      AddEvidence(advice, layer.name, BeyondText(layer));
    }
  }
  return advice.evidence.empty() ? std::nullopt : std::optional(advice);
}

// Behind a layer that is wrong already, what is found is its consequence.
std::optional<Advice> InsideRule(const NetworkFacts& facts) {
  for (size_t i = 0; i < facts.layers.size(); ++i) {
    const LayerFacts& layer = facts.layers[i];
    if (!layer.bad || layer.findings.empty() || (i > 0 && facts.layers[i - 1].bad)) {
      continue;
    }
    const diagnosis::Finding& finding = layer.findings.front();
    Advice advice;
    advice.rule = "inside_tensor";
    advice.what = std::string(analysis::AdviceFor(finding.cause));
    AddEvidence(advice, layer.name, finding.cause + ": " + finding.evidence);
    return advice;
  }
  return std::nullopt;
}

bool KnowsBits(const LayerFacts& layer) {
  return layer.range || layer.type.find("INT") != std::string::npos;
}

bool IsBadInEightBits(const LayerFacts& layer) {
  return layer.bad && HasEightBits(layer);
}

std::optional<Advice> AllInt16Rule(const NetworkFacts& facts) {
  const auto first = std::find_if(facts.layers.begin(), facts.layers.end(), IsBadInEightBits);
  if (facts.target_is_float || first == facts.layers.end()) {
    return std::nullopt;
  }
  Advice advice;
  advice.rule = "all_int16";
  advice.section = "2.1.2";
  advice.what =
      "Once with all convolutions in INT16: where that is good, 8 bits are what is missing, and "
      "the "
      "next rules say which tensors need more; where it is not, look at the input and the "
      "operators "
      "instead. It acts when the float model is made: convert again from the original model.";
  advice.commands = {
      "plumb quantize --model MODEL --calibrate SAMPLES --input-config input_config.ini --out "
      "FIXED"};
  dump::ConvolutionConfig convolution;
  convolution.input_format = "ALL_INT16";
  advice.ini = FragmentOf(convolution);
  const auto bad = std::count_if(facts.layers.begin(), facts.layers.end(), IsBadInEightBits);
  AddEvidence(
      advice,
      first->name,
      std::to_string(bad) + " layers out of bounds " +
          (KnowsBits(*first) ? "are of 8 bits" : "may be of 8 bits, their type does not say") +
          ", the first: " + first->op + " " + first->type + ", " + FiguresOf(*first));
  return advice;
}

std::optional<Advice> NotPrecisionRule(const NetworkFacts& facts) {
  const auto first = std::find_if(facts.layers.begin(), facts.layers.end(), IsBad);
  const bool eight = std::any_of(facts.layers.begin(), facts.layers.end(), HasEightBits);
  if (facts.target_is_float || first == facts.layers.end() || eight) {
    return std::nullopt;
  }
  Advice advice;
  advice.rule = "not_precision";
  advice.section = "2.1.2";
  advice.what =
      "Every layer has 16 bits and some are out of bounds nevertheless: more bits will not help. "
      "Look "
      "at the preprocessing, the calibration and how the first layer out of bounds is computed.";
  AddEvidence(advice, first->name, first->op + " " + first->type + ", " + FiguresOf(*first));
  return advice;
}

std::optional<Advice> RaiseRule(const NetworkFacts& facts) {
  if (facts.target_is_float ||
      std::none_of(facts.layers.begin(), facts.layers.end(), IsBadInEightBits)) {
    return std::nullopt;
  }
  size_t left_out = 0;
  const std::vector<Raised> raised = TensorsToRaise(facts, left_out);
  if (raised.empty()) {
    return std::nullopt;
  }
  Advice advice;
  advice.rule = "raise_tensors";
  advice.section = "2.1.6";
  advice.what =
      "Give these tensors INT16, the first few first: only what a convolution reads can be raised, "
      "so "
      "for another operator those of the convolutions before and behind it. plumb tune finds the "
      "smallest set that is enough.";
  dump::ConvolutionConfig convolution;
  for (const Raised& tensor : raised) {
    convolution.tensors.push_back(tensor.tensor);
    AddEvidence(advice, tensor.tensor, tensor.why);
  }
  if (raised.front().assumed) {
    advice.what +=
        " The dump does not say what operations read; the layer before in the order of execution "
        "was "
        "taken: check branches in the model.";
  }
  advice.ini = FragmentOf(convolution);
  if (advice.ini.empty()) {
    advice.what +=
        " There is no fragment: names with , ; or quotes cannot be in a list of the file.";
  }
  advice.evidence_left_out += left_out;
  advice.commands = {"plumb tune --model MODEL --input X --calibrate SAMPLES"};
  return advice;
}

std::optional<Advice> TrainRule(const NetworkFacts& facts) {
  const auto bad = std::count_if(facts.layers.begin(), facts.layers.end(), IsBad);
  if (facts.curve != layers::CurveClass::kOscillation || bad == 0 || facts.target_is_float) {
    return std::nullopt;
  }
  Advice advice;
  advice.rule = "train";
  advice.section = "2.1.4";
  advice.what =
      "The errors swing from layer to layer without one culprit: train the quantisation with the "
      "vendor's torch_calibrator.py (level Q2, needs a GPU) and compare again, or use "
      "sim_optimizer.py, which raises tensors to INT16 and may cost speed.";
  AddEvidence(advice,
              "",
              std::to_string(bad) + " of " + std::to_string(facts.layers.size()) +
                  " layers are out of bounds, the curve is an oscillation");
  return advice;
}

}  // namespace

std::vector<Advice> Advise(const NetworkFacts& facts) {
  constexpr std::array<Rule, 9> kRules = {NanRule,
                                          PreprocessingRule,
                                          CoverageRule,
                                          RecalibrateRule,
                                          InsideRule,
                                          AllInt16Rule,
                                          NotPrecisionRule,
                                          RaiseRule,
                                          TrainRule};
  std::vector<Advice> all;
  for (const Rule rule : kRules) {
    if (std::optional<Advice> advice = rule(facts)) {
      all.push_back(*std::move(advice));
    }
  }
  return all;
}

}  // namespace plumb::advice
