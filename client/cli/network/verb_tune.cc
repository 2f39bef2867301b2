// `plumb tune`: the smallest set of tensors to raise to INT16.
#include <numeric>
#include <optional>

#include "client/cli/frame/live.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/network/tune_problem.h"
#include "client/cli/network/tune_report.h"
#include "client/cli/option/input_shape_option.h"
#include "client/cli/option/model_file.h"
#include "client/cli/option/sample_reader.h"
#include "client/cli/option/tolerance_option.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/dump/input_config.h"
#include "common/tune/command_judge.h"
#include "common/tune/replay.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using nlohmann::ordered_json;
constexpr uint64_t kMaxConfig = uint64_t{1} << 20U;

class TuneVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "tune",
        "Find the smallest set of tensors to raise to INT16",
        "Quantises the network to UINT8 and raises inputs of convolutions to INT16 until every\n"
        "output meets the tolerance (cosine >= 0.99 and rel_l1 <= 0.1 unless said otherwise), "
        "with\n"
        "as few as possible: none of those named can be left out. Writes them as the "
        "[CONV_CONFIG]\n"
        "of an input_config.ini. With --command another converter is the judge: the command gets\n"
        "such a file for {ini} and exits with 0 when the result is good enough, with 1 to 127 "
        "when\n"
        "not, with 125 when it cannot tell. Exit 1: not even all of them suffice.",
        "plumb tune --model net.onnx --input picture.png --calibrate pictures/ --out int16.ini"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("--model", model_, "Float model (.tflite, .onnx, .prototxt)")
        ->type_name("M")
        ->required();
    app.add_option(
           "--input", inputs_.input, "What is judged: a picture, npy, a folder or a list of them")
        ->type_name("X")
        ->required();
    app.add_option(
           "--calibrate", inputs_.calibrate, "Samples for the ranges; default: those of --input")
        ->type_name("PATH");
    app.add_option("--command", command_, "Judge by this shell command; {ini} is the configuration")
        ->type_name("CMD");
    app.add_option("--timeout", timeout_, "Of one run of --command; default: 10m")
        ->type_name("TIME");
    app.add_option("--replay",
                   replay_,
                   "Keep what was judged in this file; an interrupted search goes on from it")
        ->type_name("F");
    app.add_option("--max-judgements", max_judgements_, "Give up after so many; default: 1000")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000));
    AddTolerance(app, tolerance_);
    AddInputShapes(app, input_shapes_);
    AddPictureFlags(app, inputs_.flags);
    AddScriptFlags(app, inputs_.script);
    app.add_option("--out", out_, "Where to write the configuration; default: it is printed")
        ->type_name("F.ini");
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const npu::InputShapes shapes, InputShapesFrom(input_shapes_));
    PLUMB_ASSIGN_OR_RETURN(const ModelFile file, LoadModelFile(model_, shapes));
    if (file.graph == nullptr || npu::IsQuantized(*file.graph)) {
      return UsageError("--model: " + model_ + " holds integers already",
                        "give the float model it was made of");
    }
    PLUMB_RETURN_IF_ERROR(ReadConfig());
    PLUMB_ASSIGN_OR_RETURN(analysis::TolerancePolicy tolerance, TolerancesFrom(tolerance_));
    if (tolerance.by_default.demands_equality()) {
      tolerance.by_default.min_cosine = 0.99;
      tolerance.by_default.max_relative_l1 = 0.1;
    }
    inputs_.model = model_;
    PLUMB_ASSIGN_OR_RETURN(const auto reader, SampleReader::Create("--input", inputs_.script));
    script_digest_ = reader.digest();
    PLUMB_ASSIGN_OR_RETURN(judge_, MakeTuneJudge(file.graph, inputs_, tolerance, context));
    PLUMB_RETURN_IF_ERROR(MeasureSensitivities(context));
    PLUMB_ASSIGN_OR_RETURN(tune::MinimalSet found, Search(Problem(file, tolerance), context));
    return Tell(std::move(found), context);
  }

 private:
  Status ReadConfig() {
    if (inputs_.flags.input_config.empty()) {
      return OkStatus();
    }
    PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(inputs_.flags.input_config, kMaxConfig));
    config_text_ = std::string(text.view());
    PLUMB_ASSIGN_OR_RETURN(config_, dump::ParseInputConfig(config_text_));
    return OkStatus();
  }

  Status MeasureSensitivities(VerbContext& context) {
    const auto& candidates = judge_->candidates();
    Progress progress(context.console, "measuring each tensor", candidates.size());
    return judge_->MeasureSensitivities(
        context.cancel, [&](size_t index) { progress.Update(index, candidates[index].name); });
  }

  // What makes another search of it: everything that a judgement depends on.
  [[nodiscard]] std::string Problem(const ModelFile& file,
                                    const analysis::TolerancePolicy& tolerance) const {
    const analysis::Tolerance& limits = tolerance.by_default;
    ordered_json parts = {Sha256Hex(file.bytes.span()),
                          config_text_,
                          command_,
                          inputs_.input,
                          inputs_.calibrate,
                          inputs_.flags.mean,
                          inputs_.flags.std_dev,
                          inputs_.flags.color,
                          tolerance_.file,
                          script_digest_};
    for (const auto& limit :
         {limits.atol, limits.rtol, limits.min_cosine, limits.max_relative_l1}) {
      parts.push_back(limit ? ordered_json(*limit) : ordered_json(nullptr));
    }
    const std::string text = parts.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    return Sha256Hex({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  // The person's configuration with another [CONV_CONFIG].
  [[nodiscard]] Result<std::string> ConfigFor(std::span<const size_t> on) const {
    dump::InputConfig config = config_;
    config.convolution = {};
    for (const size_t index : on) {
      config.convolution.tensors.push_back(judge_->candidates()[index].name);
    }
    return dump::WriteInputConfig(config);
  }

  Result<tune::Judge> MakeJudge(const std::filesystem::path& folder, VerbContext& context) const {
    if (command_.empty()) {
      return judge_->judge(context.cancel);
    }
    const auto timeout = ParseDurationMs(timeout_);
    if (!timeout || *timeout <= 0) {
      return UsageError("--timeout: '" + timeout_ + "' is no time", "write 90s, 10m or 2h");
    }
    tune::CommandJudgeOptions options;
    options.command = command_;
    options.folder = folder;
    options.timeout = std::chrono::milliseconds(*timeout);
    options.write = [this](std::span<const size_t> on,
                           const std::filesystem::path& path) -> Status {
      PLUMB_ASSIGN_OR_RETURN(const std::string text, ConfigFor(on));
      return Write(path, text);
    };
    return tune::MakeCommandJudge(std::move(options), context.cancel);
  }

  Result<tune::MinimalSet> Search(const std::string& problem, VerbContext& context) {
    PLUMB_ASSIGN_OR_RETURN(const TempFolder folder, TempFolder::Create("plumb-tune-"));
    PLUMB_ASSIGN_OR_RETURN(tune::Judge judge, MakeJudge(folder.path(), context));
    std::optional<tune::Replay> replay;
    if (!replay_.empty()) {
      PLUMB_ASSIGN_OR_RETURN(tune::Replay opened,
                             tune::Replay::Open(replay_, problem, judge_->candidates()));
      replay.emplace(std::move(opened));
      if (replay->loaded() > 0) {
        context.console.Say("--replay: " + std::to_string(replay->loaded()) +
                            " judgements are known");
      }
      judge = replay->Wrap(std::move(judge));
    }
    Progress progress(context.console, "judging sets", 0);
    size_t judged = 0;
    const tune::Judge told = [&](std::span<const size_t> on) -> Result<tune::Judgement> {
      progress.Update(judged++, std::to_string(on.size()) + " tensors raised");
      return judge(on);
    };
    tune::MinimalSetOptions options;
    options.max_judgements = max_judgements_;
    return tune::FindMinimalSet(judge_->candidates(), told, options);
  }

  Result<int> Tell(tune::MinimalSet found, VerbContext& context) {
    TuneReport report;
    report.candidates = judge_->candidates();
    const std::vector<size_t> shown = found.impossible ? All() : found.on;
    PLUMB_ASSIGN_OR_RETURN(report.outputs_before, judge_->Outputs({}));
    PLUMB_ASSIGN_OR_RETURN(report.outputs_after, judge_->Outputs(shown));
    PLUMB_ASSIGN_OR_RETURN(report.config, ConfigFor(found.on));
    report.found = std::move(found);
    if (context.json.wanted()) {
      PLUMB_ASSIGN_OR_RETURN(report.layers_before, judge_->Layers({}));
      PLUMB_ASSIGN_OR_RETURN(report.layers_after, judge_->Layers(shown));
      PLUMB_RETURN_IF_ERROR(context.json.Write(TuneJson(report)));
    }
    PrintTune(report, context.console);
    if (report.found.impossible) {
      return kExitMismatch;
    }
    if (out_.empty()) {
      context.console.Say(report.config);
      return kExitMatch;
    }
    PLUMB_RETURN_IF_ERROR(Write(out_, report.config).Annotate("--out"));
    context.console.Say("wrote " + out_);
    return kExitMatch;
  }

  static Status Write(const std::filesystem::path& path, const std::string& text) {
    return WriteFileAtomically(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  [[nodiscard]] std::vector<size_t> All() const {
    std::vector<size_t> all(judge_->candidates().size());
    std::iota(all.begin(), all.end(), size_t{0});
    return all;
  }

  std::string model_;
  TuneInputs inputs_;
  std::string command_;
  std::string timeout_ = "10m";
  std::string replay_;
  size_t max_judgements_ = 1000;
  ToleranceOptions tolerance_;
  std::vector<std::string> input_shapes_;
  std::string out_;
  std::string config_text_;  // of --input-config
  std::string script_digest_;
  dump::InputConfig config_;  // the same, read
  std::unique_ptr<tune::NetworkJudge> judge_;
};

}  // namespace

std::unique_ptr<Verb> MakeTuneVerb() {
  return std::make_unique<TuneVerb>();
}

}  // namespace plumb::client
