#include "agent/runner/prog_dla/prog_dla.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "agent/runner/prog_dla/format.h"
#include "agent/runner/prog_dla/input_file.h"
#include "agent/runner/prog_dla/options.h"
#include "agent/runner/prog_dla/output_folder.h"
#include "agent/runner/prog_dla/tensor_view.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {
namespace {

using ring::ErrorKind;
using ring::Outcome;

constexpr const char* kFolder = "output";

std::string BaseName(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool IsFolder(const std::string& path) {
  struct stat info {};

  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool IsFile(const std::string& path) {
  struct stat info {};

  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// By name.
std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  dirent** entries = nullptr;
  const int count = scandir(folder.c_str(), &entries, nullptr, alphasort);
  for (int i = 0; i < count; ++i) {
    const std::string path = Format("%s/%s", folder.c_str(), entries[i]->d_name);
    if (IsFile(path)) {
      files.push_back(path);
    }
    std::free(entries[i]);  // NOLINT(cppcoreguidelines-no-malloc): scandir's
  }
  std::free(entries);  // NOLINT(cppcoreguidelines-no-malloc): scandir's
  return files;
}

class ProgDlaJob {
 public:
  ProgDlaJob(const ProgDlaOptions& options, std::FILE* out)
      : options_(options),
        out_(out),
        engine_(MakeMiEngine(options.engine)) {}

  Outcome Run() {
    Outcome outcome = engine_->Load({options_.model, ""}, &model_);
    if (outcome.ok) {
      PrintModel();
      outcome = CheckOutputs();
    }
    if (outcome.ok) {
      outcome = EmptyFolder(kFolder);
    }
    return outcome.ok ? RunAll() : outcome;
  }

 private:
  // One run; or one for each file of a folder.
  Outcome RunAll() {
    if (options_.images.size() != 1 || !IsFolder(options_.images[0])) {
      return RunOne(options_.images);
    }
    const std::vector<std::string> files = FilesIn(options_.images[0]);
    Outcome outcome;
    if (files.empty()) {
      outcome = ring::Failure(ErrorKind::kInputRefused,
                              Format("'%s' holds no files", options_.images[0].c_str()),
                              "check -i");
    }
    for (size_t i = 0; outcome.ok && i < files.size(); ++i) {
      outcome = RunOne({files[i]});
    }
    return outcome;
  }

  void Print(const char* role, const ring::TensorRecord& record) const {
    std::string shape;
    for (uint32_t axis = 0; axis < std::min(record.rank, ring::kMaxRank); ++axis) {
      shape += Format("%u ", record.dims[axis]);
    }
    std::fprintf(out_,
                 "%s: name: %s, dtype: %s, shape: [%s], size: %llu, layout: %s, "
                 "quantization: (%g, %lld)\n",
                 role,
                 TensorName(record, role).c_str(),
                 MiFormatName(record.mi_format),
                 shape.c_str(),
                 static_cast<unsigned long long>(record.aligned_size),
                 record.layout == 1 ? "NCHW" : "NHWC",
                 static_cast<double>(record.scale),
                 static_cast<long long>(record.zero_point));
  }

  void PrintModel() const {
    std::fprintf(out_, "model: %s, %s\n", options_.model.c_str(), model_.sdk.c_str());
    for (const ring::TensorRecord& record : model_.inputs) {
      Print("input", record);
    }
    for (const ring::TensorRecord& record : model_.outputs) {
      Print("output", record);
    }
  }

  // Before anything is run: what the library reports is not believed.
  Outcome CheckOutputs() {
    for (const ring::TensorRecord& record : model_.outputs) {
      rows_.emplace_back();
      std::string complaint;
      if (!FindRows(record, &rows_.back(), &complaint)) {
        return ring::Failure(
            ErrorKind::kModelRefused,
            Format("output '%s' %s", TensorName(record, "output").c_str(), complaint.c_str()),
            "try another --abi; plumb run shows such outputs");
      }
    }
    return {};
  }

  Outcome FillInputs(const std::vector<std::string>& files) {
    if (files.size() != model_.inputs.size() ||
        (options_.formats.size() != 1 && options_.formats.size() != files.size())) {
      return ring::Failure(ErrorKind::kInputRefused,
                           Format("the model has %zu inputs; -i names %zu files and the formats "
                                  "are %zu",
                                  model_.inputs.size(),
                                  files.size(),
                                  options_.formats.size()),
                           "give -i a file for each input, with commas between, and one format "
                           "for all or one each");
    }
    for (uint32_t i = 0; i < files.size(); ++i) {
      const std::string& format = options_.formats[options_.formats.size() == 1 ? 0 : i];
      Outcome filled = FillInput(files[i], format, model_.inputs[i], engine_->InputData(i));
      if (!filled.ok) {
        return filled;
      }
    }
    return {};
  }

  Outcome RunOne(const std::vector<std::string>& files) {
    double invoke_ms = 0;
    for (int n = 0; n < options_.number; ++n) {
      // Anew each time: some libraries destroy the input during Invoke.
      Outcome outcome = FillInputs(files);
      ring::Invoked invoked;
      std::memset(&invoked, 0, sizeof invoked);
      if (outcome.ok) {
        outcome = engine_->Invoke(&invoked);
      }
      if (!outcome.ok) {
        return outcome;
      }
      invoke_ms = static_cast<double>(invoked.duration_ns) / 1e6;
      std::fprintf(out_, "invoke time: %f ms\n", invoke_ms);
    }
    return WriteResults(files[0], invoke_ms);
  }

  Outcome WriteResults(const std::string& input, double invoke_ms) {
    const std::string name = Format("%s/%s_%s_%s",
                                    kFolder,
                                    options_.category.c_str(),
                                    BaseName(options_.model).c_str(),
                                    BaseName(input).c_str());
    std::string text;
    OutputXor all;
    for (uint32_t i = 0; i < model_.outputs.size(); ++i) {
      AppendText(model_.outputs[i], rows_[i], engine_->OutputData(i), &text);
      all.Add(rows_[i], engine_->OutputData(i));
    }
    Outcome outcome = WriteTensors(name + ".tensors", engine_.get(), model_, invoke_ms);
    if (outcome.ok) {
      outcome = WriteWhole(name + ".txt", text.data(), text.size());
    }
    if (outcome.ok) {
      std::fprintf(out_, "All outputs XOR = 0x%08x\n", all.value());
      std::fprintf(out_, "%s.txt\n", name.c_str());
    }
    return outcome;
  }

  const ProgDlaOptions& options_;
  std::FILE* out_;
  std::unique_ptr<ring::Engine> engine_;
  ring::Description model_;
  std::vector<TensorRows> rows_;
};

int ExitCodeOf(const Outcome& outcome) {
  return outcome.ok ? 0 : (outcome.kind == ErrorKind::kUsage ? 3 : 4);
}

}  // namespace

int ProgDla(int argc, char** argv, std::FILE* out) {
  ProgDlaOptions options;
  std::string complaint;
  if (!ParseProgDla(argc, argv, &options, &complaint)) {
    std::fprintf(stderr, "prog_dla_simulator: %s; see --help\n", complaint.c_str());
    return 2;
  }
  if (options.help) {
    std::fputs(kProgDlaHelp, out);
    return 0;
  }
  const Outcome outcome = ProgDlaJob(options, out).Run();
  if (!outcome.ok) {
    std::fprintf(stderr, "prog_dla_simulator: %s\n", outcome.message.c_str());
    if (!outcome.hint.empty()) {
      std::fprintf(stderr, "  %s\n", outcome.hint.c_str());
    }
  }
  return ExitCodeOf(outcome);
}

}  // namespace mi
}  // namespace plumb
