// `plumb bundle`: what the vendor's support asks for (SOP 2.1.7), in one archive.
#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "client/cli/bundle/bundle_plan.h"
#include "client/cli/debug/documents.h"
#include "client/cli/debug/subcommand.h"
#include "client/cli/frame/command_line.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/model_file.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/bundle/bundle_writer.h"
#include "common/bundle/dump_excerpt.h"
#include "common/dump/dump_index.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

constexpr size_t kMaxRunFiles = 10'000;

std::string System() {
  utsname name{};
  return ::uname(&name) == 0 ? std::string(name.sysname) + " " + name.machine : "unknown";
}

// "F" of F.tar.zst and of F.tar: what it unpacks into.
std::string FolderOf(const std::string& out) {
  fs::path name = fs::path(out).filename();
  while (name.extension() == ".zst" || name.extension() == ".tar" || name.extension() == ".tzst") {
    name = name.stem();
  }
  return name.string();
}

class BundleVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "bundle",
        "Pack what the vendor's support asks for into one archive",
        "Of two dumps: the comparison of every layer (table, vendor's lines, CSV, JSON, page),\n"
        "the culprit's inputs and outputs on both sides, the quantisation table of --fixed,\n"
        "input_config.ini, input and models, and a manifest with versions, commands and hashes.\n"
        "The culprit is the first layer out of bounds and the worst; --layer adds others,\n"
        "--all-layers takes the whole dumps. Of a recorded run: its report and both legs. "
        "Unpacked\n"
        "on another machine the layers are compared again with 'plumb layers'. Without models:\n"
        "--no-model.",
        "plumb bundle float.bin fixed.bin --fixed net_fixed.plm --out ticket.tar.zst"};
  }

  void Declare(CLI::App& app) override;
  Result<int> Run(VerbContext& context) override;

 private:
  [[nodiscard]] Status Check() const;
  Status Report(const fs::path& folder, const CancelToken& cancel);
  Status AddExcerpts(const fs::path& folder, BundleWriter& bundle);
  Status AddExcerpt(const std::string& path,
                    const std::set<std::string>& names,
                    const std::string& name,
                    const fs::path& folder,
                    BundleWriter& bundle);
  Status AddRun(BundleWriter& bundle);
  Status AddTable(const fs::path& folder, const CancelToken& cancel, BundleWriter& bundle);
  Status AddGiven(BundleWriter& bundle);
  Status AddModel(const std::string& path, BundleWriter& bundle);
  [[nodiscard]] Json Manifest(const BundleWriter& bundle) const;
  [[nodiscard]] std::string Readme() const;

  [[nodiscard]] bool is_run() const { return target_.empty(); }

  std::string reference_;
  std::string target_;
  std::string map_;
  std::string fixed_;
  Words models_;
  std::string input_config_;
  Words inputs_;
  Words layers_;
  bool all_layers_ = false;
  bool no_model_ = false;
  std::string out_;

  std::optional<Json> report_;  // of the layers, or of the run
  CulpritLayers culprits_;      // where not all layers go in
  Words commands_;
  Words left_out_;
};

void BundleVerb::Declare(CLI::App& app) {
  app.add_option("REFERENCE", reference_, "Dump of the float network, or the folder of a run")
      ->required();
  app.add_option("TARGET", target_, "Dump of the fixed network; none for a run");
  app.add_option("--map", map_, "Fusion map; default: F.map beside a dump F.bin")
      ->type_name("FILE");
  app.add_option(
         "--fixed", fixed_, "Fixed model: its quantisation table, and which layer feeds which")
      ->type_name("F");
  app.add_option("--model", models_, "Float or offline model to put in")->type_name("M");
  app.add_option("--input-config", input_config_, "The converter's configuration")
      ->type_name("INI");
  app.add_option("--input", inputs_, "Picture or bytes that were fed")->type_name("X");
  app.add_option("--layer", layers_, "Put this layer and its inputs in too")->type_name("NAME");
  app.add_flag("--all-layers", all_layers_, "Put both dumps in whole");
  app.add_flag("--no-model", no_model_, "Leave every model out");
  app.add_option("--out", out_, "Where to write the archive")->type_name("F.tar.zst")->required();
}

Status BundleVerb::Check() const {
  if (FolderOf(out_).empty()) {
    return UsageError("--out: '" + out_ + "' is no name for an archive",
                      "write e.g. ticket.tar.zst");
  }
  std::error_code error;
  if (is_run() && !fs::exists(fs::path(reference_) / "run.json", error)) {
    return UsageError(
        EscapeForDisplay(reference_) + " is no folder of a recorded run, and TARGET is missing",
        "give two dumps, or the folder of a run of 'plumb run --data'");
  }
  if (is_run() && (!layers_.empty() || all_layers_ || !map_.empty())) {
    return UsageError("--layer, --all-layers and --map are for two dumps",
                      "a run goes in whole: leave them out");
  }
  for (const std::string& path : {fixed_, input_config_}) {
    if (!path.empty() && !fs::is_regular_file(path, error)) {
      return UsageError("there is no file " + EscapeForDisplay(path), "check the path");
    }
  }
  return OkStatus();
}

// What `plumb layers` says, in all its forms.
Status BundleVerb::Report(const fs::path& folder, const CancelToken& cancel) {
  Words words = {"layers", reference_, target_};
  if (!map_.empty()) {
    words.insert(words.end(), {"--map", map_});
  }
  commands_.push_back(ShellLine(words));
  Words table = words;
  table.insert(table.end(),
               {"--json",
                (folder / "layers.json").string(),
                "--csv",
                (folder / "layers.csv").string(),
                "--html",
                (folder / "layers.html").string()});
  const Finished finished = RunSubcommand(table, cancel);
  const bool compared = finished.exit_code == kExitMatch || finished.exit_code == kExitMismatch ||
                        finished.exit_code == kExitCoverage;
  PLUMB_ASSIGN_OR_RETURN(const Buffer json, ReadFile(folder / "layers.json"));
  report_ = Json::parse(json.view(), nullptr, false);
  if (!compared || report_->is_discarded()) {
    return UsageError(ErrorIn(report_->is_discarded() ? Json() : *report_, finished.error),
                      "try it alone: " + commands_.back());
  }
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(folder / "layers.txt", finished.out));
  words.insert(words.end(), {"--format", "vendor"});
  return WriteFileAtomically(folder / "layers-vendor.txt", RunSubcommand(words, cancel).out);
}

Status BundleVerb::AddExcerpt(const std::string& path,
                              const std::set<std::string>& names,
                              const std::string& name,
                              const fs::path& folder,
                              BundleWriter& bundle) {
  if (all_layers_) {
    return bundle.AddFile(name, path);
  }
  PLUMB_ASSIGN_OR_RETURN(const dump::DumpSource source, dump::DumpSource::Open(path));
  const auto index = dump::IndexDump(source);
  if (!index.ok()) {
    left_out_.push_back(name + ": " + path + " is no DumpDebug file");
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const uint64_t copied, WriteDumpExcerpt(*index, names, folder / name));
  return copied > 0 ? bundle.AddFile(name, folder / name) : OkStatus();
}

Status BundleVerb::AddExcerpts(const fs::path& folder, BundleWriter& bundle) {
  std::shared_ptr<const npu::FixedModel> model;
  if (!fixed_.empty()) {
    PLUMB_ASSIGN_OR_RETURN(model, LoadFixedModel(fixed_));
  }
  Words unknown;
  culprits_ = FindCulprits(*report_, layers_, model.get(), unknown);
  if (!unknown.empty()) {
    return UsageError("--layer: no layer is called '" + EscapeForDisplay(unknown.front()) + "'",
                      "the names are in: " + commands_.front());
  }
  PLUMB_RETURN_IF_ERROR(
      AddExcerpt(reference_, culprits_.reference, "reference.bin", folder, bundle));
  PLUMB_RETURN_IF_ERROR(AddExcerpt(target_, culprits_.target, "target.bin", folder, bundle));
  const std::string map = TextAt(*report_, {"map"});
  return map.empty() ? OkStatus() : bundle.AddFile("target.map", map);
}

// The folder as it is; links and what else a run does not have are refused.
Status BundleVerb::AddRun(BundleWriter& bundle) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(reference_, error), end; at != end;
       at.increment(error)) {
    if (error || files.size() > kMaxRunFiles) {
      return UsageError(EscapeForDisplay(reference_) + " cannot be read as a run's folder",
                        "give the folder that holds run.json");
    }
    if (at->is_symlink() || (!at->is_directory() && !at->is_regular_file())) {
      return UsageError(EscapeForDisplay(at->path().string()) + " is no plain file",
                        "give the folder that holds run.json");
    }
    if (at->is_regular_file()) {
      files.push_back(at->path());
    }
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    PLUMB_RETURN_IF_ERROR(
        bundle.AddFile("run/" + fs::relative(file, reference_).generic_string(), file));
  }
  PLUMB_ASSIGN_OR_RETURN(const Buffer json, ReadFile(fs::path(reference_) / "report.json"));
  report_ = Json::parse(json.view(), nullptr, false);
  return report_->is_discarded()
             ? UsageError("the run's report.json is no JSON", "is the run whole?")
             : OkStatus();
}

Status BundleVerb::AddTable(const fs::path& folder,
                            const CancelToken& cancel,
                            BundleWriter& bundle) {
  if (fixed_.empty()) {
    left_out_.emplace_back("quantisation.json: no --fixed was given");
    return OkStatus();
  }
  const fs::path out = folder / "quantisation.json";
  const Words words = {"quant-params", "--model", fixed_, "--out", out.string(), "--json", "-"};
  const Finished finished = RunSubcommand(words, cancel);
  if (finished.exit_code != kExitMatch) {
    return UsageError("--fixed: " + ErrorIn(DocumentOf(finished), finished.error),
                      "give the model of 'plumb quantize'");
  }
  return bundle.AddFile("quantisation.json", out);
}

Status BundleVerb::AddModel(const std::string& path, BundleWriter& bundle) {
  const std::string name = "model/" + fs::path(path).filename().string();
  if (no_model_) {
    left_out_.push_back(name + ": --no-model");
    return OkStatus();
  }
  return bundle.AddFile(name, path).Annotate(path);
}

Status BundleVerb::AddGiven(BundleWriter& bundle) {
  if (!input_config_.empty()) {
    PLUMB_RETURN_IF_ERROR(bundle.AddFile("input_config.ini", input_config_));
  }
  for (const std::string& input : inputs_) {
    PLUMB_RETURN_IF_ERROR(
        bundle.AddFile("input/" + fs::path(input).filename().string(), input).Annotate(input));
  }
  if (!fixed_.empty()) {
    PLUMB_RETURN_IF_ERROR(AddModel(fixed_, bundle));
  }
  for (const std::string& model : models_) {
    PLUMB_RETURN_IF_ERROR(AddModel(model, bundle));
  }
  return OkStatus();
}

Json BundleVerb::Manifest(const BundleWriter& bundle) const {
  Json files = Json::array();
  for (const BundledFile& file : bundle.files()) {
    files.push_back({{"name", file.name}, {"bytes", file.size}, {"sha256", file.sha256}});
  }
  const auto part = [this](const char* key) {
    return report_->contains(key) ? (*report_)[key] : Json(nullptr);
  };
  return {{"schema", "plumb.bundle/1"},
          {"exit_code", kExitMatch},
          {"error", nullptr},
          {"plumb", Version()},
          {"system", System()},
          {"verdict", part("verdict")},
          {"reference", part("reference")},
          {"target", part("target")},
          {"identity", part("identity")},
          {"commands", commands_},
          {"culprits", culprits_.culprits},
          {"inputs_guessed", culprits_.inputs_guessed},
          {"left_out", left_out_},
          {"files", files}};
}

std::string BundleVerb::Readme() const {
  std::string text = "Written by plumb " + std::string(Version()) + ".\n\n";
  if (is_run()) {
    return text +
           "run/            a run on a board and in the simulator: report.json and the outputs of "
           "both\n"
           "manifest.json   versions and hashes of every file\n\n"
           "Compare again:  plumb compare run run\n";
  }
  text +=
      "layers.txt         every layer compared; also as .json, .csv, as a page (.html) and in the\n"
      "layers-vendor.txt  vendor's own lines\n"
      "reference.bin      the culprits' inputs and outputs in float (DumpDebug)\n"
      "target.bin         the same in fixed point, dequantised\n"
      "quantisation.json  every tensor's range and width\n"
      "manifest.json      versions, commands and hashes of every file, and what was left out\n\n"
      "Compare again:     plumb layers reference.bin target.bin --min-coverage 0\n";
  if (!culprits_.culprits.empty()) {
    text += "\nculprits: " + Join(culprits_.culprits, ", ") + "\n";
  }
  return text;
}

Result<int> BundleVerb::Run(VerbContext& context) {
  PLUMB_RETURN_IF_ERROR(Check());
  PLUMB_ASSIGN_OR_RETURN(const TempFolder folder, TempFolder::Create("plumb-bundle-"));
  PLUMB_ASSIGN_OR_RETURN(BundleWriter bundle, BundleWriter::Create(out_, FolderOf(out_)));
  if (is_run()) {
    PLUMB_RETURN_IF_ERROR(AddRun(bundle));
  } else {
    PLUMB_RETURN_IF_ERROR(Report(folder.path(), context.cancel));
    for (const char* name :
         {"layers.txt", "layers-vendor.txt", "layers.csv", "layers.html", "layers.json"}) {
      PLUMB_RETURN_IF_ERROR(bundle.AddFile(name, folder.path() / name));
    }
    PLUMB_RETURN_IF_ERROR(AddExcerpts(folder.path(), bundle));
    PLUMB_RETURN_IF_ERROR(AddTable(folder.path(), context.cancel, bundle));
  }
  PLUMB_RETURN_IF_ERROR(AddGiven(bundle));
  PLUMB_RETURN_IF_ERROR(bundle.AddText("README.txt", Readme()));
  PLUMB_RETURN_IF_ERROR(context.cancel.status());
  const Json manifest = Manifest(bundle);
  const std::string text = manifest.dump(2, ' ', false, Json::error_handler_t::replace);
  PLUMB_RETURN_IF_ERROR(bundle.AddText("manifest.json", text + "\n"));
  PLUMB_RETURN_IF_ERROR(bundle.Commit());
  PLUMB_RETURN_IF_ERROR(context.json.Write(text));
  for (const BundledFile& file : bundle.files()) {
    context.console.Say("  " + FolderOf(out_) + "/" + file.name + "  " + HumanBytes(file.size));
  }
  for (const std::string& what : left_out_) {
    context.console.Say({{"left out  " + what, Style::kWarning}});
  }
  if (culprits_.inputs_guessed) {
    context.console.Warn("without --fixed the layer before each culprit was taken for its input");
  }
  PLUMB_ASSIGN_OR_RETURN(const uint64_t size, FileSize(out_));
  context.console.Conclude({{"wrote " + out_ + ": " + std::to_string(bundle.files().size()) +
                             " files, " + HumanBytes(size)}});
  return kExitMatch;
}

}  // namespace

std::unique_ptr<Verb> MakeBundleVerb() {
  return std::make_unique<BundleVerb>();
}

}  // namespace plumb::client
