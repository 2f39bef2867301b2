#include "server/simulator/external/sgs_text.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "common/base/text.h"
#include "common/dump/simulator_text.h"
#include "common/runner/failure.h"
#include "common/runner/limits.h"
#include "server/simulator/external/child_job.h"

namespace plumb::server {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kHelpLimit{60};
constexpr size_t kMaxTexts = 64;
constexpr const char* kName = "simulator.py";

std::string Quoted(const fs::path& path) {
  return "'" + EscapeForDisplay(path.string()) + "'";
}

std::string JoinPaths(const std::vector<fs::path>& paths) {
  std::vector<std::string> texts;
  texts.reserve(paths.size());
  for (const fs::path& path : paths) {
    texts.push_back(path.string());
  }
  return Join(texts, ",");
}

// One picture by its path; several as a list of one line, as simulator.py wants it.
Result<std::string> ImageArgument(const SgsOptions& options, const fs::path& work) {
  if (options.images.size() == 1) {
    return options.images.front().string();
  }
  for (const fs::path& image : options.images) {
    if (image.string().find_first_of(",\n") != std::string::npos) {
      return InvalidArgumentError(Quoted(image) + " has a comma in its name")
          .WithReason(kReasonUsage)
          .WithHint("simulator.py separates several inputs by commas: rename the file");
    }
  }
  const fs::path list = work / "inputs.txt";
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(list, JoinPaths(options.images) + "\n"));
  return list.string();
}

Result<ChildJob> PlanRun(const SgsTools& tools,
                         SgsOptions::OptionSet option_set,
                         const fs::path& model,
                         const fs::path& work) {
  ChildJob job;
  job.name = kName;
  PLUMB_ASSIGN_OR_RETURN(const std::string image, ImageArgument(tools.options, work));
  job.argv = {tools.python,
              tools.sdk.simulator.string(),
              "-i",
              image,
              "-m",
              model.string(),
              "-t",
              "Offline"};
  if (option_set == SgsOptions::OptionSet::kOld) {
    job.argv.insert(job.argv.end(), {"-c", "Unknown"});
  }
  if (!tools.options.preprocess.empty()) {
    job.argv.insert(job.argv.end(), {"-n", JoinPaths(tools.options.preprocess)});
  }
  job.argv.emplace_back("--dump_rawdata");
  const auto& extra = tools.options.extra_arguments;
  job.argv.insert(job.argv.end(), extra.begin(), extra.end());
  job.environment = tools.environment;
  job.working_folder = work;
  job.time_limit = tools.time_limit;
  return job;
}

std::vector<fs::path> TextsIn(const fs::path& folder) {
  std::vector<fs::path> texts;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  while (!error && entries != fs::directory_iterator() && texts.size() < kMaxTexts) {
    if (entries->path().extension() == ".txt") {
      texts.push_back(entries->path());
    }
    entries.increment(error);
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

// The one text of this run: at its end simulator.py moves ./output to ./log/output.
Result<fs::path> FindText(const SgsTools& tools, const fs::path& work, const ChildEnd& end) {
  std::vector<fs::path> texts = TextsIn(work / "log" / "output");
  const std::vector<fs::path> unmoved = TextsIn(work / "output");
  texts.insert(texts.end(), unmoved.begin(), unmoved.end());
  if (texts.empty()) {
    return FailedPreconditionError(std::string(kName) +
                                   " ended well, but wrote no text into ./output" +
                                   LastWords(end.words))
        .WithReason(kReasonSimulatorNoOutput)
        .WithHint(
            "run it by hand as docs/simulators.md shows; some versions need -c or "
            "--input_config: --sdk-extra '…'");
  }
  const auto& images = tools.options.images;
  const std::string ending = "_" + images.front().filename().string() + ".txt";
  const bool ours = texts.size() == 1 &&
                    (images.size() > 1 || texts.front().filename().string().ends_with(ending));
  if (!ours) {
    return AbortedError("the output folder holds files of another run: " + JoinPaths(texts))
        .WithReason(kReasonSimulatorShared)
        .WithHint(
            "this run had a folder of its own, so the simulator or its configuration writes "
            "to a fixed place; let it write to the working folder");
  }
  return texts.front();
}

Result<std::vector<fs::path>> FindDumps(const std::vector<fs::path>& images, const fs::path& work) {
  std::vector<fs::path> dumps;
  for (size_t i = 0; i < images.size(); ++i) {
    const std::string ending = images.size() == 1 ? "" : "_input" + std::to_string(i);
    const fs::path dump = work / (images[i].filename().string() + ending + ".bin");
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(dump, error))) {
      return FailedPreconditionError(std::string(kName) + " wrote no dump " +
                                     Quoted(dump.filename()))
          .WithReason(kReasonSimulatorNoOutput)
          .WithHint(
              "this version may not know --dump_rawdata; make the input with `plumb input "
              "make` and give it with --input");
    }
    dumps.push_back(dump);
  }
  return dumps;
}

Result<std::vector<Tensor>> ReadText(const fs::path& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(path, kMaxModelOutputBytes));
  auto tensors = dump::ParseSimulatorText(text.view());
  if (!tensors.ok()) {
    return tensors.status()
        .Annotate(std::string(kName) + ", " + Quoted(path.filename()))
        .WithReason(kReasonSimulatorBadOutput);
  }
  return tensors;
}

}  // namespace

Produced SgsTextRun::ToProduced(const SgsTools& tools) const {
  Produced produced;
  produced.folder = folder;
  produced.invoke_ms = simulator_ms;
  produced.model.sdk =
      "SGS SDK " + EscapeForDisplay(tools.sdk.folder.filename().string()) + " (simulator.py, text)";
  produced.model.text_decimals = dump::kTextDecimals;
  for (const Tensor& tensor : outputs) {
    produced.model.outputs.push_back(tensor.desc);
    produced.outputs.emplace_back().bytes = tensor.bytes;
  }
  return produced;
}

Result<SgsOptions::OptionSet> DetectOptionSet(const SgsTools& tools, const CancelToken& cancel) {
  if (tools.options.option_set != SgsOptions::OptionSet::kAuto) {
    return tools.options.option_set;
  }
  PLUMB_ASSIGN_OR_RETURN(const TempFolder folder, TempFolder::Create("plumb-sgs-help-"));
  ChildJob job;
  job.name = std::string(kName) + " --help";
  job.argv = {tools.python, tools.sdk.simulator.string(), "--help"};
  job.environment = tools.environment;
  job.working_folder = folder.path();
  job.time_limit = kHelpLimit;
  PLUMB_ASSIGN_OR_RETURN(const ChildEnd end, RunChild(job, cancel));
  if (!end.exit.clean()) {
    return ChildFailure(job, end);
  }
  const bool is_new = end.words.find("--input_config") != std::string::npos;
  return is_new ? SgsOptions::OptionSet::kNew : SgsOptions::OptionSet::kOld;
}

Result<SgsTextRun> RunSgsText(const SgsTools& tools,
                              SgsOptions::OptionSet option_set,
                              const fs::path& model,
                              const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(TempFolder temporary, TempFolder::Create("plumb-sgs-"));
  SgsTextRun run;
  run.folder = std::make_shared<TempFolder>(std::move(temporary));
  const fs::path& work = run.folder->path();
  PLUMB_ASSIGN_OR_RETURN(const ChildJob job, PlanRun(tools, option_set, model, work));
  const auto start = std::chrono::steady_clock::now();
  PLUMB_ASSIGN_OR_RETURN(const ChildEnd end, RunChild(job, cancel));
  run.simulator_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (!end.exit.clean()) {
    return ChildFailure(job, end);
  }
  PLUMB_ASSIGN_OR_RETURN(const fs::path text, FindText(tools, work, end));
  PLUMB_ASSIGN_OR_RETURN(run.outputs, ReadText(text));
  PLUMB_ASSIGN_OR_RETURN(run.dumps, FindDumps(tools.options.images, work));
  return run;
}

Status CheckSameInput(const SgsTextRun& run, const std::vector<fs::path>& inputs) {
  bool same = run.dumps.size() == inputs.size();
  std::string sizes;
  for (size_t i = 0; same && i < inputs.size(); ++i) {
    PLUMB_ASSIGN_OR_RETURN(const Buffer dump, ReadFile(run.dumps[i], kMaxModelTensorBytes));
    PLUMB_ASSIGN_OR_RETURN(const Buffer input, ReadFile(inputs[i], kMaxModelTensorBytes));
    same = dump.view() == input.view();
    sizes = "input " + std::to_string(i) + ": simulator.py dumped " + std::to_string(dump.size()) +
            " bytes, --input has " + std::to_string(input.size());
  }
  if (same) {
    return OkStatus();
  }
  return FailedPreconditionError("simulator.py computed another input than the board gets (" +
                                 (sizes.empty() ? std::string("another number of inputs") : sizes) +
                                 ")")
      .WithReason(kReasonWrongInput)
      .WithHint("leave --input out: the dump of simulator.py itself then goes to the board");
}

}  // namespace plumb::server
