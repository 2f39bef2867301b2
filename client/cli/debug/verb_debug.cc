// `plumb debug`: the SOP's stages, one after the other, until the first that breaks.
#include <filesystem>
#include <optional>

#include "client/cli/debug/walk.h"
#include "client/cli/frame/live.h"
#include "client/cli/frame/options.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/input_shape_option.h"
#include "client/cli/option/picture_rule.h"
#include "client/cli/option/script_input.h"
#include "common/base/file.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

Style StyleOf(StageState state) {
  switch (state) {
    case StageState::kHolds:
      return Style::kGood;
    case StageState::kBreaks:
    case StageState::kFailed:
      return Style::kBad;
    default:
      return Style::kDim;
  }
}

void AddValue(Words& words, const std::string& flag, const std::string& value) {
  if (!value.empty()) {
    words.insert(words.end(), {flag, value});
  }
}

class DebugVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "debug",
        "Walk the stages from framework to board and stop at the first that breaks",
        "Does what the vendor's accuracy SOP tells to do, in its order: checks the preprocessing\n"
        "script, then compares framework with float, float with fixed, fixed with offline and\n"
        "offline with the board, all on one input. Each command is shown, so that it can be\n"
        "repeated alone. What is not given is made: the fixed model by quantising on\n"
        "--calibrate, the offline model for --chip; without a board the virtual IPU stands in.\n"
        "Dumps of the vendor's tools take the place of ours with --framework-dump, --float-dump\n"
        "and --fixed-dump.\n"
        "Exit codes: 0 all hold, 1 a stage breaks, 2 usage, else that of the command that failed.",
        "plumb debug --model net.onnx --input cat.png --calibrate pictures/ -n preprocess.py"};
  }

  void Declare(CLI::App& app) override;
  Result<int> Run(VerbContext& context) override;

 private:
  [[nodiscard]] Status Prepare();
  [[nodiscard]] std::string ToJson(const std::vector<Stage>& stages, int exit_code) const;
  static void Show(const Stage& stage, Console& console);
  void Conclude(const std::vector<Stage>& stages, Console& console) const;

  DebugRequest request_;
  PictureFlags pictures_;
  ScriptFlags script_;
  std::optional<Family> chip_;
  std::string virtual_;
  std::string server_;
  Words board_;
  std::string tolerance_;
  std::string work_;
};

void DebugVerb::Declare(CLI::App& app) {
  app.add_option("--model", request_.model, "Float network, fixed model or offline model")
      ->type_name("M")
      ->required();
  app.add_option("--input", request_.input, "Picture, npy or raw file; several inputs: a,b")
      ->type_name("X")
      ->required();
  app.add_option("--calibrate",
                 request_.calibrate,
                 "Samples to quantise on: a picture, a folder or a list; default: the input")
      ->type_name("PATH");
  app.add_option("--fixed", request_.fixed, "Fixed model, instead of quantising")->type_name("F");
  app.add_option("--offline", request_.offline, "Offline model, instead of compiling")
      ->type_name("F.img");
  app.add_option("--framework-dump", request_.framework_dump, "DumpDebug file of the framework")
      ->type_name("F");
  app.add_option("--float-dump", request_.float_dump, "DumpDebug file of the float network")
      ->type_name("F");
  app.add_option("--fixed-dump", request_.fixed_dump, "DumpDebug file of the fixed network")
      ->type_name("F");
  AddFamily(app, "--chip", chip_, "Chip family to compile for (default S6)");
  auto* of_virtual =
      app.add_option("--virtual", virtual_, "Virtual board: FAMILY[,fault=F]")->type_name("SPEC");
  auto* server = app.add_option("--server", server_, "Server whose board runs the model")
                     ->type_name("ADDR")
                     ->excludes(of_virtual);
  app.add_option("--board", board_, "A board's name, or tags that must all fit")
      ->type_name("NAME|TAG")
      ->needs(server);
  app.add_option("--tolerance", tolerance_, "Limits of float against fixed, as 'plumb layers'")
      ->type_name("FILE");
  AddInputShapes(app, request_.shapes);
  AddPictureFlags(app, pictures_);
  AddScriptFlags(app, script_);
  app.add_flag("--keep-going", request_.keep_going, "Look at the later stages too");
  app.add_option("--work", work_, "Keep dumps and models in this folder; default: thrown away")
      ->type_name("DIR");
}

Status DebugVerb::Prepare() {
  AddValue(request_.picture_flags, "--color", pictures_.color);
  AddValue(request_.picture_flags, "--mean", pictures_.mean);
  AddValue(request_.picture_flags, "--std", pictures_.std_dev);
  AddValue(request_.picture_flags, "--input-config", pictures_.input_config);
  request_.input_config = pictures_.input_config;
  if (!script_.scripts.empty()) {
    const ScriptFlags usual;
    request_.script_flags = {"--preprocess", script_.scripts};
    AddValue(
        request_.script_flags, "--python", script_.python == usual.python ? "" : script_.python);
    AddValue(
        request_.script_flags,
        "--preprocess-timeout",
        script_.timeout_ms == usual.timeout_ms ? "" : std::to_string(script_.timeout_ms) + "ms");
  }
  AddValue(request_.tolerance_flags, "--tolerance", tolerance_);
  request_.chip = FamilyName(chip_.value_or(Family::kS6));
  if (!server_.empty()) {
    request_.board_flags = {"--server", server_};
    for (const std::string& board : board_) {
      AddValue(request_.board_flags, "--board", board);
    }
  } else {
    request_.board_flags = {"--local", "--virtual", virtual_.empty() ? request_.chip : virtual_};
    request_.is_virtual = true;
  }
  std::error_code error;
  if (!work_.empty() && !std::filesystem::is_directory(work_, error) &&
      !std::filesystem::create_directories(work_, error)) {
    return UsageError(
        "--work: cannot make the folder " + EscapeForDisplay(work_) + ": " + error.message(),
        "name a folder that can be written");
  }
  return OkStatus();
}

void DebugVerb::Show(const Stage& stage, Console& console) {
  std::string name = stage.name;
  name.resize(20, ' ');
  std::string state(StageStateName(stage.state));
  console.Say({{name, Style::kBold},
               {state, StyleOf(stage.state)},
               {stage.found.empty() ? "" : ": " + stage.found}});
  for (const std::string& command : stage.commands) {
    console.Say({{"    $ " + command, Style::kDim}});
  }
}

void DebugVerb::Conclude(const std::vector<Stage>& stages, Console& console) const {
  for (const Stage& stage : stages) {
    if (stage.state != StageState::kBreaks && stage.state != StageState::kFailed) {
      continue;
    }
    if (!stage.next.empty()) {
      console.Say("\nwhat to try, in this order (SOP " + stage.section + ")");
    }
    for (size_t i = 0; i < stage.next.size(); ++i) {
      console.Say("  " + std::to_string(i + 1) + "  " + stage.next[i]);
    }
    if (work_.empty()) {
      console.Say("\nthe files were thrown away; --work DIR keeps them");
    }
    const bool breaks = stage.state == StageState::kBreaks;
    console.Conclude({{"verdict: ", Style::kBold},
                      {breaks ? "mismatch" : "not compared", Style::kBad},
                      {" (" + stage.name +
                       (breaks ? " is the first stage that breaks)" : " could not be judged)")}});
    return;
  }
  console.Conclude({{"verdict: ", Style::kBold},
                    {"match", Style::kGood},
                    {" (every stage that could be judged holds)"}});
}

std::string DebugVerb::ToJson(const std::vector<Stage>& stages, int exit_code) const {
  Json list = Json::array();
  Json first = nullptr;
  for (const Stage& stage : stages) {
    if (first.is_null() && stage.state == StageState::kBreaks) {
      first = stage.name;
    }
    list.push_back({{"name", stage.name},
                    {"sop", stage.section},
                    {"state", StageStateName(stage.state)},
                    {"found", stage.found},
                    {"commands", stage.commands},
                    {"next", stage.next},
                    {"exit_code", stage.exit_code}});
  }
  return Json({{"schema", "plumb.debug/1"},
               {"verdict",
                exit_code == kExitMatch      ? "match"
                : exit_code == kExitMismatch ? "mismatch"
                                             : "not_compared"},
               {"exit_code", exit_code},
               {"error", nullptr},
               {"first_broken", first},
               {"work", work_},
               {"stages", list}})
      .dump(2, ' ', false, Json::error_handler_t::replace);
}

Result<int> DebugVerb::Run(VerbContext& context) {
  PLUMB_RETURN_IF_ERROR(Prepare());
  std::optional<TempFolder> scratch;
  WalkOptions options;
  options.folder = work_;
  if (work_.empty()) {
    PLUMB_ASSIGN_OR_RETURN(TempFolder made, TempFolder::Create("plumb-debug-"));
    scratch.emplace(std::move(made));
    options.folder = scratch->path();
  }
  options.cancel = context.cancel;
  std::optional<Progress> progress;
  uint64_t looked_at = 0;
  options.begin = [&](const std::string& stage) {
    progress.emplace(context.console, "stage", 5);
    progress->Update(looked_at++, stage);
  };
  options.end = [&](const Stage& stage) {
    progress.reset();
    Show(stage, context.console);
  };
  PLUMB_ASSIGN_OR_RETURN(const std::vector<Stage> stages, WalkStages(request_, options));
  int exit_code = kExitMatch;
  for (const Stage& stage : stages) {
    if (stage.state == StageState::kFailed) {
      exit_code = stage.exit_code == kExitMatch ? kExitInternal : stage.exit_code;
    } else if (stage.state == StageState::kBreaks && exit_code == kExitMatch) {
      exit_code = kExitMismatch;
    }
  }
  PLUMB_RETURN_IF_ERROR(context.json.Write(ToJson(stages, exit_code)));
  Conclude(stages, context.console);
  return exit_code;
}

}  // namespace

std::unique_ptr<Verb> MakeDebugVerb() {
  return std::make_unique<DebugVerb>();
}

}  // namespace plumb::client
