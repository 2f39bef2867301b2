#include "client/cli/run/run_inputs.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "client/cli/frame/usage.h"
#include "client/lib/batch.h"
#include "common/base/file.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

namespace fs = std::filesystem;

using Samples = std::vector<std::vector<std::string>>;

constexpr uint64_t kMaxListSize = uint64_t{64} << 20U;
constexpr std::array<std::string_view, 2> kRaw = {".bin", ".raw"};
constexpr std::array<std::string_view, 7> kPictures = {
    ".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".webp"};
constexpr std::array<std::string_view, 2> kLists = {".txt", ".list"};

template <size_t N>
bool HasExtension(const std::string& path, const std::array<std::string_view, N>& extensions) {
  const std::string extension = ToLower(fs::path(path).extension().string());
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool IsFolder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool IsList(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && HasExtension(path, kLists);
}

bool IsPattern(const std::string& value) {
  return !Exists(value) && value.find_first_of("*?[") != std::string::npos;
}

Status TooMany() {
  return UsageError("--input: these are more than " + std::to_string(kMaxBatchInputs) + " inputs",
                    "give them in several commands");
}

Status NoSuchInput(const std::string& path) {
  return UsageError("--input: there is no file '" + EscapeForDisplay(path) + "'",
                    "name a file, a folder, a list (.txt), or a pattern in quotes");
}

// Which files of a folder are inputs: what the SDK dumps, or what a script takes.
std::vector<std::string> InputsAmong(const std::vector<std::string>& files, bool script) {
  const auto among = [&files](auto wanted) {
    std::vector<std::string> found;
    std::copy_if(files.begin(), files.end(), std::back_inserter(found), wanted);
    return found;
  };
  if (script) {
    auto pictures = among([](const auto& file) { return HasExtension(file, kPictures); });
    if (!pictures.empty()) {
      return pictures;
    }
    return among([](const auto& file) {
      return HasExtension(file, kRaw) || fs::path(file).extension() == ".npy";
    });
  }
  return among([](const auto& file) { return HasExtension(file, kRaw); });
}

Result<std::vector<std::string>> FilesOf(const std::string& folder, bool script, size_t* others) {
  std::vector<std::string> files;
  std::error_code error;
  bool pictures = false;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    if (entry.is_regular_file(ignored)) {
      files.push_back(entry.path().string());
      pictures = pictures || HasExtension(files.back(), kPictures);
    }
    if (files.size() > 2 * kMaxBatchInputs) {
      return TooMany();
    }
  }
  if (error) {
    return UsageError(
        "--input: the folder '" + EscapeForDisplay(folder) + "' cannot be read: " + error.message(),
        "check its permissions");
  }
  std::vector<std::string> inputs = InputsAmong(files, script);
  if (inputs.empty()) {
    return UsageError("--input: the folder '" + EscapeForDisplay(folder) + "' holds no " +
                          (script ? "picture, .npy, .bin or .raw file" : ".bin or .raw file"),
                      pictures && !script
                          ? "for pictures name the preprocessing script with -n preprocess.py"
                          : "the files are what simulator.py --dump_rawdata or 'plumb input "
                            "make' write");
  }
  *others += files.size() - inputs.size();
  std::sort(inputs.begin(), inputs.end());
  return inputs;
}

Result<std::vector<std::string>> FilesOfPattern(const std::string& pattern) {
  glob_t found{};
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any other thread; no user names are expanded
  const int code = ::glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<std::string> files;
  for (size_t i = 0; code == 0 && i < found.gl_pathc; ++i) {
    files.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  if (files.empty()) {
    return UsageError("--input: nothing fits the pattern '" + EscapeForDisplay(pattern) + "'",
                      "check it with: ls " + pattern);
  }
  return files;
}

// As written, or else beside the list (or in the folder named before it).
std::string FoundFrom(const fs::path& folder, std::string_view written) {
  const fs::path path(written);
  return path.is_absolute() || Exists(path.string()) ? path.string() : (folder / path).string();
}

std::vector<std::string> FilesOfLine(const fs::path& folder, std::string_view line) {
  std::vector<std::string> files;
  const bool commas = line.find(',') != std::string_view::npos;
  if (!commas &&
      (line.find_first_of(" \t") == std::string_view::npos || Exists(FoundFrom(folder, line)))) {
    return {FoundFrom(folder, line)};
  }
  std::string parts(line);
  if (!commas) {
    std::replace(parts.begin(), parts.end(), '\t', ' ');
  }
  for (const std::string& part : Split(parts, commas ? ',' : ' ')) {
    if (commas || !Trim(part).empty()) {
      files.push_back(FoundFrom(folder, Trim(part)));
    }
  }
  return files;
}

Status CheckLine(const std::vector<std::string>& files, size_t wanted, const std::string& where) {
  if (files.size() != wanted) {
    return UsageError(where + " names " + std::to_string(files.size()) + " files, wanted are " +
                          std::to_string(wanted),
                      "write one line for each execution: a file for each input of the model, "
                      "with commas or blanks between them");
  }
  const auto missing = std::find_if_not(files.begin(), files.end(), Exists);
  return missing == files.end()
             ? OkStatus()
             : UsageError(where + ": there is no file '" + EscapeForDisplay(*missing) + "'",
                          "paths are relative to the working folder, or else to the list");
}

Result<Samples> SamplesOfList(const fs::path& folder,
                              const std::string& list,
                              std::optional<size_t> count) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(list, kMaxListSize));
  Samples samples;
  size_t number = 0;
  for (const std::string& raw : Split(text.view(), '\n')) {
    ++number;
    const std::string_view line = Trim(raw);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    std::vector<std::string> files = FilesOfLine(folder, line);
    const size_t wanted = count.value_or(samples.empty() ? files.size() : samples[0].size());
    PLUMB_RETURN_IF_ERROR(CheckLine(
        files, wanted, "--input: " + EscapeForDisplay(list) + " line " + std::to_string(number)));
    samples.push_back(std::move(files));
    if (samples.size() > kMaxBatchInputs) {
      return TooMany();
    }
  }
  if (samples.empty()) {
    return UsageError("--input: " + EscapeForDisplay(list) + " lists nothing",
                      "write one path a line");
  }
  return samples;
}

// What two inputs of one execution have in common: the name without its extension, and without the
// "_input1" that the SDK adds.
std::string StemOf(const std::string& path) {
  std::string stem = fs::path(path).stem().string();
  const size_t mark = stem.rfind("_input");
  if (mark != std::string::npos && ParseUint(stem.substr(mark + 6))) {
    stem.resize(mark);
  }
  return stem;
}

// `by_name`: which files belong together is not what the person typed, so their names must say it.
Result<Samples> Paired(const std::vector<std::vector<std::string>>& columns, bool by_name) {
  Samples samples(columns[0].size());
  for (const auto& column : columns) {
    if (column.size() != samples.size()) {
      return UsageError("--input: one input has " + std::to_string(samples.size()) +
                            " files, another " + std::to_string(column.size()),
                        "give as many for each, or a list with one line for each execution");
    }
    for (size_t i = 0; i < samples.size(); ++i) {
      if (by_name && !samples[i].empty() && StemOf(samples[i][0]) != StemOf(column[i])) {
        return UsageError("--input: '" + EscapeForDisplay(samples[i][0]) + "' and '" +
                              EscapeForDisplay(column[i]) + "' do not belong together by name",
                          "name the files of one execution alike, or give a list with one line "
                          "for each execution");
      }
      samples[i].push_back(column[i]);
    }
  }
  return samples;
}

// One value of --input with everything in it.
struct Expanded {
  Samples tuples;                  // of a list, or of "a.bin,b.bin"
  std::vector<std::string> files;  // otherwise
  bool many = false;               // a folder, a pattern or a list
};

Result<Expanded> Expand(const std::string& value,
                        std::optional<size_t> count,
                        bool script,
                        size_t* others) {
  Expanded expanded;
  expanded.many = true;
  if (IsFolder(value)) {
    PLUMB_ASSIGN_OR_RETURN(expanded.files, FilesOf(value, script, others));
    return expanded;
  }
  if (IsList(value)) {
    PLUMB_ASSIGN_OR_RETURN(expanded.tuples,
                           SamplesOfList(fs::path(value).parent_path(), value, count));
    return expanded;
  }
  const size_t colon = value.find(':');
  if (!Exists(value) && colon != std::string::npos && IsFolder(value.substr(0, colon)) &&
      IsList(value.substr(colon + 1))) {
    PLUMB_ASSIGN_OR_RETURN(expanded.tuples,
                           SamplesOfList(value.substr(0, colon), value.substr(colon + 1), count));
    return expanded;
  }
  if (IsPattern(value)) {
    PLUMB_ASSIGN_OR_RETURN(expanded.files, FilesOfPattern(value));
    return expanded;
  }
  expanded.many = false;
  const bool tuple = !Exists(value) && value.find(',') != std::string::npos;
  const std::vector<std::string> parts = tuple ? Split(value, ',') : std::vector{value};
  for (const std::string& part : parts) {
    if (!Exists(part)) {
      return NoSuchInput(part);
    }
  }
  (tuple ? expanded.tuples.emplace_back() : expanded.files) = parts;
  return expanded;
}

Status CheckCounts(const Samples& samples, std::optional<size_t> count) {
  for (const auto& sample : samples) {
    if (count && sample.size() != *count) {
      return UsageError("--input: the model has " + std::to_string(*count) + " inputs, '" +
                            EscapeForDisplay(Join(sample, ",")) + "' are " +
                            std::to_string(sample.size()) + " files",
                        "give --input once for each input of the model, or a list with one line "
                        "for each execution");
    }
  }
  return samples.size() > kMaxBatchInputs ? TooMany() : OkStatus();
}

using Columns = std::vector<std::vector<std::string>>;

// The executions that folders, patterns and single files make.
Result<Samples> FromColumns(const Columns& columns, bool many, std::optional<size_t> count) {
  // Without the model's count: files are the inputs of one execution, a folder or pattern is many.
  const bool one_each = count ? *count == 1 : many && columns.size() == 1;
  if (!one_each) {
    return Paired(columns, many);
  }
  Samples samples;
  for (const auto& column : columns) {
    for (const std::string& file : column) {
      samples.push_back({file});
    }
  }
  return samples;
}

}  // namespace

Result<RunInputs> ListRunInputs(const std::vector<std::string>& values,
                                std::optional<size_t> input_count,
                                bool script) {
  RunInputs inputs;
  Columns columns;
  bool many = false;
  for (const std::string& value : values) {
    PLUMB_ASSIGN_OR_RETURN(Expanded expanded,
                           Expand(value, input_count, script, &inputs.passed_over));
    many = many || expanded.many;
    for (auto& tuple : expanded.tuples) {
      inputs.samples.push_back(std::move(tuple));
    }
    if (!expanded.files.empty()) {
      columns.push_back(std::move(expanded.files));
    }
  }
  if (!columns.empty() && !inputs.samples.empty()) {
    return UsageError("--input: lists and single files cannot be mixed",
                      "put all of them into one list");
  }
  if (!columns.empty()) {
    PLUMB_ASSIGN_OR_RETURN(inputs.samples, FromColumns(columns, many, input_count));
  }
  inputs.batch = many || inputs.samples.size() > 1;
  PLUMB_RETURN_IF_ERROR(CheckCounts(inputs.samples, input_count));
  return inputs;
}

}  // namespace plumb::client
