// `plumb input make`: a picture or an array to the bytes of an input buffer (DUMP_RAWDATA).
#include <algorithm>

#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/recipe_option.h"
#include "client/cli/option/samples.h"
#include "client/cli/option/script_input.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/preprocess/synthesize.h"
#include "common/tensor/notation.h"
#include "common/tensor/npy.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

struct Made {
  std::string file;
  std::string out;
  const WantedInput* wanted = nullptr;
  std::string sha256;
  size_t size = 0;
};

nlohmann::ordered_json JsonOf(const Made& made) {
  const preprocess::BufferRule& buffer = made.wanted->recipe.buffer;
  return {{"image", made.file},
          {"out", made.out},
          {"sha256", made.sha256},
          {"bytes", made.size},
          {"format", npu::InputFormatName(buffer.format)},
          {"family", FamilyName(buffer.family)},
          {"width", buffer.width},
          {"height", buffer.height}};
}

class InputMakeVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"input make",
            "Turn a picture or an array into the bytes of a model's input buffer",
            "The file holds what the vendor's tools write with --dump_rawdata and what\n"
            "'plumb run --input' takes: the picture stretched to the input's size (as OpenCV's\n"
            "INTER_LINEAR on uint8, unless flags say otherwise), in the input's format, aligned\n"
            "as the family wants. What to make comes from an offline model, or from --format,\n"
            "--size and --family. A description is kept in a file of flags: --config FILE.\n"
            "For a model of several inputs give a.png,b.npy; for many runs a folder or a list,\n"
            "and a folder to write to.",
            "plumb input make --image astronaut.png --model face.img --out astronaut.bin"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("--image",
                   image_,
                   "Picture (PNG, JPEG, BMP, binary PPM), .npy, raw file with --spec, "
                   "a.png,b.npy for several inputs, a folder or a list (.txt)")
        ->type_name("P")
        ->required();
    app.add_option("--spec", spec_, "What a raw file holds: DIMSxTYPE, for example 1x25x96xf32")
        ->type_name("SPEC");
    AddRecipeFlags(app, flags_);
    AddScriptFlags(app, script_);
    app.add_option("--out", out_, "Where to write the bytes; a folder for many runs")
        ->type_name("X.bin")
        ->required();
  }

  Result<int> Run(VerbContext& context) override;

 private:
  Result<std::vector<uint8_t>> Bytes(const std::string& file,
                                     const WantedInput& wanted,
                                     VerbContext& context);
  Result<std::vector<uint8_t>> FromPicture(const Buffer& file,
                                           const WantedInput& wanted,
                                           VerbContext& context);
  Result<std::vector<uint8_t>> FromScript(const std::string& file,
                                          const WantedInput& wanted,
                                          VerbContext& context);
  [[nodiscard]] std::string OutFor(const std::string& file, size_t input, size_t inputs) const;
  Result<Made> MakeOne(const std::string& file,
                       const WantedInput& wanted,
                       const std::string& out,
                       VerbContext& context);
  Status Say(const std::vector<Made>& made, VerbContext& context) const;

  std::string image_;
  std::string spec_;
  RecipeFlags flags_;
  ScriptFlags script_;
  std::string out_;
  bool many_ = false;
  WantedInputs inputs_;
  std::unique_ptr<ScriptInputs> scripts_;
};

Result<std::vector<uint8_t>> InputMakeVerb::FromPicture(const Buffer& file,
                                                        const WantedInput& wanted,
                                                        VerbContext& context) {
  const preprocess::Recipe& recipe = wanted.recipe;
  if (!wanted.takes_picture) {
    return UsageError("input '" + wanted.name + "' takes no picture",
                      flags_.model.empty()
                          ? "say with --size WIDTHxHEIGHT how large the picture is to be"
                          : "give its numbers as an .npy file");
  }
  const auto picture = image::Decode(file.span(), recipe.decode);
  if (!picture.ok()) {
    return UsageError("--image: " + picture.status().message(), picture.status().hint());
  }
  const int orientation = image::OrientationOf(file.span());
  if (orientation != 1 && flags_.settings.at("exif").empty()) {
    context.console.Warn("the picture carries EXIF orientation " + std::to_string(orientation) +
                         ", which is not applied; OpenCV's imread does: --exif apply");
  }
  auto bytes = preprocess::Synthesize(*picture, recipe);
  if (!bytes.ok() && bytes.status().code() == StatusCode::kInvalidArgument) {
    return UsageError(bytes.status().message(), bytes.status().hint());
  }
  return bytes;
}

Result<std::vector<uint8_t>> InputMakeVerb::FromScript(const std::string& file,
                                                       const WantedInput& wanted,
                                                       VerbContext& context) {
  if (inputs_.model) {
    return scripts_->Make(wanted.index, file, context.cancel);
  }
  PLUMB_ASSIGN_OR_RETURN(const Tensor array, scripts_->Array(wanted.index, file, context.cancel));
  return EncodeArray(array, wanted);
}

Result<std::vector<uint8_t>> InputMakeVerb::Bytes(const std::string& file,
                                                  const WantedInput& wanted,
                                                  VerbContext& context) {
  if (scripts_) {
    return FromScript(file, wanted, context);
  }
  const auto bytes = ReadFile(file, image::kMaxFileSize);
  if (!bytes.ok()) {
    return UsageError("--image: " + bytes.status().message(), bytes.status().hint());
  }
  const bool npy = IsNpy(*bytes);
  if (!npy && (spec_.empty() || image::DetectFormat(bytes->span()))) {
    return FromPicture(*bytes, wanted, context);
  }
  Tensor array;
  if (npy) {
    PLUMB_ASSIGN_OR_RETURN(array, ParseNpy(file, *bytes));
  } else {
    PLUMB_ASSIGN_OR_RETURN(array.desc, ParseTensorSpec(file, spec_));
    array.bytes = *bytes;
    if (bytes->size() != array.desc.payload_size) {
      return UsageError("--spec " + spec_ + " means " + std::to_string(array.desc.payload_size) +
                            " bytes, the file has " + std::to_string(bytes->size()),
                        "write the dimensions and type of what the file holds");
    }
  }
  auto encoded = EncodeArray(array, wanted);
  return encoded.ok() ? std::move(encoded)
                      : Result<std::vector<uint8_t>>(UsageError(
                            "--image: " + encoded.status().message(), encoded.status().hint()));
}

// As the vendor's tools name them.
std::string InputMakeVerb::OutFor(const std::string& file, size_t input, size_t inputs) const {
  const std::string suffix = inputs == 1 ? "" : "_input" + std::to_string(input);
  const std::filesystem::path out(out_);
  if (many_) {
    return (out / (std::filesystem::path(file).filename().string() + suffix + ".bin")).string();
  }
  return inputs == 1
             ? out_
             : (out.parent_path() / (out.stem().string() + suffix + out.extension().string()))
                   .string();
}

Result<Made> InputMakeVerb::MakeOne(const std::string& file,
                                    const WantedInput& wanted,
                                    const std::string& out,
                                    VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, Bytes(file, wanted, context));
  if (wanted.payload_size != 0 && bytes.size() != wanted.payload_size) {
    return UsageError("made " + std::to_string(bytes.size()) + " bytes, the model's input has " +
                          std::to_string(wanted.payload_size),
                      "an alignment given by flag does not fit the model; leave it out");
  }
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(out, bytes).Annotate("--out"));
  return Made{file, out, &wanted, Sha256Hex(bytes), bytes.size()};
}

Status InputMakeVerb::Say(const std::vector<Made>& made, VerbContext& context) const {
  nlohmann::ordered_json json = {
      {"schema", "plumb.input-make/1"}, {"exit_code", kExitMatch}, {"error", nullptr}};
  json.update(JsonOf(made.front()));
  for (const Made& one : made) {
    json["inputs"].push_back(JsonOf(one));
    const preprocess::BufferRule& buffer = one.wanted->recipe.buffer;
    const std::string size = buffer.width == 0 ? ""
                                               : " " + std::to_string(buffer.width) + "x" +
                                                     std::to_string(buffer.height);
    context.console.Conclude(
        {{"wrote " + one.out + ": " + std::string(npu::InputFormatName(buffer.format)) + size +
          ", " + std::to_string(one.size) + " bytes, family " +
          std::string(FamilyName(buffer.family))}});
  }
  return context.json.Write(
      json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

Result<int> InputMakeVerb::Run(VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(inputs_, LoadWantedInputs(flags_, context.console));
  if (!script_.scripts.empty()) {
    PLUMB_ASSIGN_OR_RETURN(scripts_, ScriptInputs::Create(script_, inputs_.model));
  }
  const size_t count = inputs_.inputs.size();
  PLUMB_ASSIGN_OR_RETURN(const auto samples, ListSamples("--image", image_, count));
  const std::string extension = std::filesystem::path(image_).extension().string();
  many_ = samples.size() > 1 || std::filesystem::is_directory(image_) || extension == ".txt" ||
          extension == ".list";
  if (many_) {
    PLUMB_RETURN_IF_ERROR(MakeFolders(out_).Annotate("--out"));
  }
  std::vector<Made> made;
  for (const std::vector<std::string>& files : samples) {
    for (size_t i = 0; i < count; ++i) {
      PLUMB_RETURN_IF_ERROR(context.cancel.status());
      // Files of one run share the first one's name.
      const std::string out = OutFor(files.front(), i, count);
      PLUMB_ASSIGN_OR_RETURN(Made one, MakeOne(files.at(i), inputs_.inputs[i], out, context));
      made.push_back(std::move(one));
    }
  }
  if (made.empty()) {
    return UsageError("--image: there is nothing in " + image_, "name a picture or an array");
  }
  PLUMB_RETURN_IF_ERROR(Say(made, context));
  return kExitMatch;
}

}  // namespace

std::unique_ptr<Verb> MakeInputMakeVerb() {
  return std::make_unique<InputMakeVerb>();
}

}  // namespace plumb::client
