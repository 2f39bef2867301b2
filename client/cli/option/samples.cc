#include "client/cli/option/samples.h"

#include <algorithm>
#include <bit>
#include <filesystem>

#include "client/cli/frame/usage.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/image/image.h"
#include "common/preprocess/pipeline.h"
#include "common/tensor/npy.h"
#include "common/tensor/tensor.h"

namespace plumb::client {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxSampleSize = uint64_t{1} << 30U;
constexpr uint64_t kMaxListSize = uint64_t{64} << 20U;

bool HasExtension(const fs::path& path, std::initializer_list<std::string_view> extensions) {
  const std::string extension = ToLower(path.extension().string());
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

Result<std::vector<std::string>> FilesOfFolder(const std::string& flag, const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const bool wanted = HasExtension(
        entry.path(), {".png", ".jpg", ".jpeg", ".ppm", ".pgm", ".npy", ".bin", ".raw"});
    if (wanted && entry.is_regular_file(error) && files.size() <= kMaxSamples) {
      files.push_back(entry.path().string());
    }
  }
  if (error || files.empty() || files.size() > kMaxSamples) {
    return UsageError(flag + ": the folder " + EscapeForDisplay(folder.string()) +
                          (error           ? " cannot be read: " + error.message()
                           : files.empty() ? " holds no picture, .npy, .bin or .raw file"
                                           : " holds too many files"),
                      "name a folder with 1 to " + std::to_string(kMaxSamples) + " samples");
  }
  std::sort(files.begin(), files.end());
  return files;
}

// As written, or else beside the list.
std::string FoundFrom(const fs::path& list, std::string_view written) {
  std::error_code error;
  const fs::path path(written);
  if (path.is_absolute() || fs::exists(path, error)) {
    return path.string();
  }
  return (list.parent_path() / path).string();
}

Result<std::vector<std::vector<std::string>>> SamplesOfList(const std::string& flag,
                                                            const std::string& path,
                                                            size_t input_count) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(path, kMaxListSize));
  std::vector<std::vector<std::string>> samples;
  size_t number = 0;
  for (const std::string& raw : Split(text.view(), '\n')) {
    ++number;
    const std::string_view line = Trim(raw);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    std::vector<std::string> files;
    for (const std::string& part : Split(line, ',')) {
      files.push_back(FoundFrom(path, Trim(part)));
    }
    if (files.size() != input_count || samples.size() == kMaxSamples) {
      return UsageError(flag + ": " + EscapeForDisplay(path) + " line " + std::to_string(number) +
                            " names " + std::to_string(files.size()) + " files, the model has " +
                            std::to_string(input_count) + " inputs",
                        "write one line per sample, its files separated by commas");
    }
    samples.push_back(std::move(files));
  }
  if (samples.empty()) {
    return UsageError(flag + ": " + EscapeForDisplay(path) + " lists nothing",
                      "write one path per line");
  }
  return samples;
}

float LittleEndianFloat(const uint8_t* bytes) {
  const uint32_t bits = static_cast<uint32_t>(bytes[0]) | static_cast<uint32_t>(bytes[1]) << 8U |
                        static_cast<uint32_t>(bytes[2]) << 16U |
                        static_cast<uint32_t>(bytes[3]) << 24U;
  return std::bit_cast<float>(bits);
}

SampleValue PixelsFromBytes(std::span<const uint8_t> bytes, const PictureGeometry& geometry) {
  SampleValue value;
  value.pixels = preprocess::Pixels{
      geometry.width, geometry.height, geometry.channels, {bytes.begin(), bytes.end()}};
  return value;
}

bool TakesPixels(const SampleInput& input) {
  return input.rule && input.geometry && !input.rule->raw;
}

Result<SampleValue> FromPicture(const Buffer& file, const SampleInput& input) {
  if (!TakesPixels(input)) {
    return InvalidArgumentError("input '" + input.name + "' (" + input.shape.ToString() +
                                ") takes no picture")
        .WithHint("give an npy or raw float32 file, or say --color if its pixels are meant");
  }
  PLUMB_ASSIGN_OR_RETURN(image::Image picture, image::Decode(file.span()));
  const preprocess::Pipeline pipeline = preprocess::MakePicturePipeline(
      input.geometry->width, input.geometry->height, input.rule->order);
  SampleValue value;
  PLUMB_ASSIGN_OR_RETURN(value.pixels, pipeline.Run(preprocess::PixelsOf(std::move(picture))));
  return value;
}

Result<SampleValue> FromNpy(const Buffer& file, const SampleInput& input, uint64_t count) {
  PLUMB_ASSIGN_OR_RETURN(const Tensor tensor, ParseNpy(input.name, file));
  if (ElementCount(tensor.desc) != count) {
    return InvalidArgumentError("the array is " + tensor.desc.shape.ToString() + ", input '" +
                                input.name + "' is " + input.shape.ToString());
  }
  if (tensor.desc.element_type == ElementType::kUint8 && TakesPixels(input) &&
      !input.geometry->channels_first) {
    return PixelsFromBytes(tensor.bytes.span(), *input.geometry);
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<double> values, RealValues(tensor));
  SampleValue value;
  value.values.reserve(values.size());
  for (const double number : values) {
    value.values.push_back(static_cast<float>(number));
  }
  return value;
}

Result<SampleValue> FromRaw(const Buffer& file, const SampleInput& input, uint64_t count) {
  if (file.size() == count && TakesPixels(input) && !input.geometry->channels_first) {
    return PixelsFromBytes(file.span(), *input.geometry);
  }
  if (file.size() != count * sizeof(float)) {
    return InvalidArgumentError(
        "a raw file of " + std::to_string(file.size()) + " bytes; input '" + input.name + "' (" +
        input.shape.ToString() + ") needs " + std::to_string(count * sizeof(float)) +
        " bytes of float32" +
        (TakesPixels(input) ? " or " + std::to_string(count) + " bytes of pixels" : ""));
  }
  SampleValue value;
  value.values.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    value.values.push_back(LittleEndianFloat(file.data() + i * sizeof(float)));
  }
  return value;
}

}  // namespace

std::optional<PictureGeometry> PictureGeometryOf(const Shape& shape) {
  const auto channels = [](int64_t dim) { return dim == 1 || dim == 3; };
  const auto side = [](int64_t dim) { return dim > 0 && dim <= image::kMaxSide; };
  if (shape.rank() != 4 || shape[0] != 1) {
    return std::nullopt;
  }
  const bool last = channels(shape[3]) && side(shape[1]) && side(shape[2]);
  const bool first = channels(shape[1]) && side(shape[2]) && side(shape[3]);
  if (!last && !first) {
    return std::nullopt;
  }
  const auto at = [&shape](size_t axis) { return static_cast<uint32_t>(shape[axis]); };
  return last ? PictureGeometry{at(2), at(1), at(3), false}
              : PictureGeometry{at(3), at(2), at(1), true};
}

Result<std::vector<std::vector<std::string>>> ListSamples(const std::string& flag,
                                                          const std::string& path,
                                                          size_t input_count) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  std::vector<std::vector<std::string>> samples;
  if (fs::is_directory(status) && input_count == 1) {
    PLUMB_ASSIGN_OR_RETURN(const auto files, FilesOfFolder(flag, path));
    for (const std::string& file : files) {
      samples.push_back({file});
    }
    return samples;
  }
  if (fs::is_regular_file(status) && HasExtension(path, {".txt", ".list"})) {
    return SamplesOfList(flag, path, input_count);
  }
  const std::vector<std::string> files =
      fs::exists(status) ? std::vector<std::string>{path} : Split(path, ',');
  if (files.size() != input_count) {
    return UsageError(flag + ": the model has " + std::to_string(input_count) + " inputs",
                      "give " + flag + " a.npy,b.npy or a list with one line per sample");
  }
  return std::vector<std::vector<std::string>>{files};
}

Result<SampleValue> ReadSample(const std::string& path, const SampleInput& input) {
  const auto read = [&]() -> Result<SampleValue> {
    PLUMB_ASSIGN_OR_RETURN(const Buffer file, ReadFile(path, kMaxSampleSize));
    const uint64_t count = input.shape.element_count().value_or(0);
    if (image::DetectFormat(file.span())) {
      return FromPicture(file, input);
    }
    return IsNpy(file) ? FromNpy(file, input, count) : FromRaw(file, input, count);
  };
  Result<SampleValue> value = read();
  return value.ok() ? std::move(value)
                    : Result<SampleValue>(value.status().Annotate(EscapeForDisplay(path)));
}

std::vector<float> InLayout(std::vector<float> channels_last, const PictureGeometry& geometry) {
  if (!geometry.channels_first) {
    return channels_last;
  }
  const size_t pixels = size_t{geometry.width} * geometry.height;
  std::vector<float> result(channels_last.size());
  for (size_t i = 0; i < result.size(); ++i) {
    const size_t channel = i / pixels;
    result[i] = channels_last[i % pixels * geometry.channels + channel];
  }
  return result;
}

Result<std::vector<float>> RealInput(const SampleValue& value, const SampleInput& input) {
  if (!value.pixels) {
    return value.values;
  }
  PLUMB_ASSIGN_OR_RETURN(
      std::vector<float> values,
      preprocess::Normalize(*value.pixels, input.rule->order, input.rule->normalization));
  return InLayout(std::move(values), *input.geometry);
}

}  // namespace plumb::client
