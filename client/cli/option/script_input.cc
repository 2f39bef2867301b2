#include "client/cli/option/script_input.h"

#include <utility>

#include "client/cli/frame/options.h"
#include "client/cli/frame/usage.h"
#include "client/cli/option/board_picture.h"
#include "client/cli/option/model_inputs.h"
#include "client/cli/option/script_array.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/npu/model/input_format.h"
#include "common/preprocess/board_input.h"
#include "common/tensor/npy.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

using npu::InputFormat;

std::string WantedPixels(const PictureGeometry& picture, InputFormat order) {
  return "u8[" + std::to_string(picture.height) + "x" + std::to_string(picture.width) + "x" +
         std::to_string(picture.channels) + "] in the order " +
         std::string(npu::InputFormatName(order));
}

// Three channels R, G, B of what the script returned in the order of `trained`.
std::vector<uint8_t> ToRgb(const std::vector<uint8_t>& pixels,
                           const PictureGeometry& picture,
                           InputFormat trained) {
  std::vector<uint8_t> rgb;
  rgb.reserve(size_t{picture.width} * picture.height * 3);
  for (size_t i = 0; i + picture.channels <= pixels.size(); i += picture.channels) {
    const bool bgr = trained == InputFormat::kBgr;
    const size_t last = picture.channels - 1;
    rgb.push_back(pixels[i + (bgr ? last : 0)]);
    rgb.push_back(pixels[i + last / 2]);
    rgb.push_back(pixels[i + (bgr ? 0 : last)]);
  }
  return rgb;
}

Result<std::vector<uint8_t>> EncodePicture(const Tensor& array,
                                           const npu::FixedModel& model,
                                           size_t index) {
  const npu::ModelInput& input = model.inputs[index];
  const npu::ChipInput& chip = model.chip->inputs[index];
  const Shape& shape = model.tensors[input.tensor].shape;
  const auto geometry = PictureGeometryOf(shape);
  if (!geometry || geometry->channels_first) {
    return InvalidArgumentError("the model's input of shape " + shape.ToString() +
                                " takes no picture");
  }
  const PictureGeometry& picture = *geometry;
  const std::string wanted = WantedPixels(picture, input.training_format);
  if (!IsChannelsLast(array.desc.shape, picture)) {
    return UnfitArray(array, wanted, "resize to the model's input, and leave the channels last");
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> pixels, PixelsOfArray(array, wanted));
  if (picture.channels == 1 && chip.format == InputFormat::kGray) {
    return preprocess::AlignPicture({picture.width, picture.height, 1, pixels},
                                    preprocess::GrayAlignment(model.chip->family));
  }
  BoardPicture board;
  board.format = chip.format;
  board.family = model.chip->family;
  board.width = picture.width;
  board.height = picture.height;
  board.scale = chip.desc.scale;
  board.rule = RuleOf(input);
  // Of its own size already, so only the order and the alignment change.
  return EncodeBoardPicture(
      {picture.width, picture.height, ToRgb(pixels, picture, input.training_format)}, board);
}

Result<std::vector<uint8_t>> EncodeRaw(const Tensor& array,
                                       const npu::FixedModel& model,
                                       size_t index) {
  const npu::ChipInput& chip = model.chip->inputs[index];
  const Shape& shape = model.tensors[model.inputs[index].tensor].shape;
  PLUMB_ASSIGN_OR_RETURN(const std::vector<double> real, RealValues(array));
  if (real.size() != shape.element_count().value_or(0)) {
    return UnfitArray(array,
                      "f32[" + shape.ToString() + "]",
                      "return as many numbers as the model's input has, channels last");
  }
  const std::vector<float> values(real.begin(), real.end());
  if (chip.format == InputFormat::kRawF32Nhwc) {
    return preprocess::FloatBytes(values);
  }
  PLUMB_ASSIGN_OR_RETURN(const std::vector<int16_t> quantized,
                         preprocess::QuantizeS16(values, chip.desc.scale, model.chip->family));
  const int64_t innermost = shape.rank() == 0 ? 1 : shape[shape.rank() - 1];
  return preprocess::AlignS16(quantized, static_cast<uint64_t>(innermost), model.chip->family);
}

}  // namespace

void AddScriptFlags(CLI::App& app, ScriptFlags& flags) {
  app.add_option("-n,--preprocess",
                 flags.scripts,
                 "Python whose image_preprocess(path, norm) makes the input of a picture; one, or "
                 "one for each input with commas between them")
      ->type_name("FILE.py");
  app.add_option("--python", flags.python, "The Python 3 that runs it; needs numpy")
      ->type_name("PROGRAM")
      ->capture_default_str();
  AddDuration(app, "--preprocess-timeout", flags.timeout_ms, "For one picture (default 60s)");
}

Result<std::vector<uint8_t>> EncodeScriptArray(const Tensor& array,
                                               const npu::FixedModel* model,
                                               size_t index) {
  if (model == nullptr || !model->chip) {
    const auto bytes = array.bytes.span();
    return std::vector<uint8_t>(bytes.begin(), bytes.end());
  }
  if (index >= model->inputs.size()) {
    return InvalidArgumentError("the model has no input " + std::to_string(index));
  }
  // A network trained on pictures may still take RAWDATA on the chip: pixels, normalised there.
  const bool pixels = npu::IsPictureFormat(model->inputs[index].training_format);
  return pixels ? EncodePicture(array, *model, index) : EncodeRaw(array, *model, index);
}

Result<std::unique_ptr<ScriptInputs>> ScriptInputs::Create(
    const ScriptFlags& flags, std::shared_ptr<const npu::FixedModel> model) {
  std::unique_ptr<ScriptInputs> inputs(new ScriptInputs());
  inputs->model_ = std::move(model);
  for (const std::string& script : Split(flags.scripts, ',')) {
    const auto digest = Sha256HexOfFile(script);
    if (!digest.ok()) {
      return UsageError("--preprocess: " + digest.status().message(),
                        "name a .py file that defines image_preprocess(path, norm)");
    }
    inputs->digest_ += *digest;
    inputs->scripts_.push_back(std::make_unique<PreprocessScript>(PreprocessScriptOptions{
        script, flags.python, std::chrono::milliseconds(flags.timeout_ms)}));
  }
  return inputs;
}

Result<Tensor> ScriptInputs::Array(size_t index,
                                   const std::string& path,
                                   const CancelToken& cancel,
                                   bool norm) {
  if (scripts_.size() != 1 && index >= scripts_.size()) {
    return UsageError("--preprocess names " + std::to_string(scripts_.size()) +
                          " scripts, the model has more inputs",
                      "give one script, or one for each input");
  }
  PreprocessScript& script = *scripts_[scripts_.size() == 1 ? 0 : index];
  const auto npy = script.Run(path, norm, cancel);
  auto array = npy.ok() ? ParseNpy("image_preprocess", *npy) : Result<Tensor>(npy.status());
  return array.ok() ? std::move(array)
                    : Result<Tensor>(array.status().Annotate("'" + EscapeForDisplay(path) + "'"));
}

Result<std::vector<uint8_t>> ScriptInputs::Make(size_t index,
                                                const std::string& path,
                                                const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(const Tensor array, Array(index, path, cancel));
  auto bytes = EncodeScriptArray(array, model_.get(), index);
  return bytes.ok() ? std::move(bytes)
                    : Result<std::vector<uint8_t>>(
                          bytes.status().Annotate("'" + EscapeForDisplay(path) + "'"));
}

}  // namespace plumb::client
