// `plumb input check`: does a preprocessing script give every stage what it wants?
#include <algorithm>
#include <cmath>

#include "client/cli/frame/options.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/picture_rule.h"
#include "client/cli/option/recipe_option.h"
#include "client/cli/option/script_input.h"
#include "common/base/file.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using nlohmann::ordered_json;

struct Check {
  std::string name;  // "norm_false_uint8"
  bool passed = true;
  std::string found;
  std::string advice;  // empty when passed
};

// A picture of one colour.
std::vector<uint8_t> ConstantPicture(uint32_t width, uint32_t height, std::array<uint8_t, 3> rgb) {
  image::Image picture{width, height, {}};
  for (size_t i = 0; i < size_t{width} * height; ++i) {
    picture.rgb.insert(picture.rgb.end(), rgb.begin(), rgb.end());
  }
  const auto png = image::EncodePng(picture);
  return png.ok() ? *png : std::vector<uint8_t>();
}

std::string Described(const Tensor& array) {
  return std::string(ElementTypeName(array.desc.element_type)) + "[" + array.desc.shape.ToString() +
         "]";
}

bool SameArrays(const Tensor& a, const Tensor& b) {
  const auto x = a.bytes.span();
  const auto y = b.bytes.span();
  return a.desc.element_type == b.desc.element_type && a.desc.shape == b.desc.shape &&
         std::equal(x.begin(), x.end(), y.begin(), y.end());
}

std::string Short(double value) {
  return ShortestDouble(std::nearbyint(value * 1e4) / 1e4);
}

class InputCheckVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"input check",
            "Check that a preprocessing script gives every stage the right input",
            "image_preprocess(path, norm) is called as the stages call it: norm True for float,\n"
            "False for fixed and offline. A picture model wants uint8 of the model's size where\n"
            "norm is False and (p - mean) / std where it is True, with the mean and std of\n"
            "input_config.ini, which are found with pictures of one colour. Other models want\n"
            "the same float32 array at every stage. Exit codes: 0 all hold, 1 one does not.",
            "plumb input check -n preprocess.py --image cat.jpg --size 224x224 --input-config "
            "input_config.ini"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("--image", image_, "A picture, or whatever the script takes")
        ->type_name("P")
        ->required();
    AddScriptFlags(app, script_);
    app.get_option("--preprocess")->required();
    app.add_option("--size", size_, "Width and height of the input")->type_name("WxH");
    app.add_flag("--no-picture", no_picture_, "The model takes no pictures");
    AddPictureFlags(app, picture_);
  }

  Result<int> Run(VerbContext& context) override;

 private:
  Status CheckPicture(VerbContext& context);
  Status CheckSize(const Tensor& plain);
  Status CheckNormalization(const PictureRule& rule, bool blue_first, VerbContext& context);
  void CheckNumbers(const Tensor& plain, const Tensor& normal);
  Result<std::vector<double>> Probe(std::array<uint8_t, 3> rgb,
                                    bool norm,
                                    const CancelToken& cancel);
  void Add(std::string name, bool passed, std::string found, const std::string& advice);
  Status Say(VerbContext& context) const;

  std::string image_;
  ScriptFlags script_;
  std::string size_;
  bool no_picture_ = false;
  PictureFlags picture_;
  std::unique_ptr<ScriptInputs> scripts_;
  std::vector<Check> checks_;
};

void InputCheckVerb::Add(std::string name,
                         bool passed,
                         std::string found,
                         const std::string& advice) {
  checks_.push_back({std::move(name), passed, std::move(found), passed ? "" : advice});
}

// The mean of each of the last dimension's three channels (or one) for a picture of one colour.
Result<std::vector<double>> InputCheckVerb::Probe(std::array<uint8_t, 3> rgb,
                                                  bool norm,
                                                  const CancelToken& cancel) {
  PLUMB_ASSIGN_OR_RETURN(const TempFolder folder, TempFolder::Create("plumb-probe"));
  const std::string path = (folder.path() / "probe.png").string();
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(path, ConstantPicture(320, 240, rgb)));
  PLUMB_ASSIGN_OR_RETURN(const Tensor array, scripts_->Array(0, path, cancel, norm));
  PLUMB_ASSIGN_OR_RETURN(const std::vector<double> values, RealValues(array));
  const Shape& shape = array.desc.shape;
  // Some scripts transpose to NCHW where norm is True, for the framework.
  const bool last = shape.rank() > 0 && shape.innermost() == 3;
  const bool first = !last && shape.rank() >= 3 && shape[shape.rank() - 3] == 3;
  const size_t channels = last || first ? 3 : 1;
  const size_t plane = values.size() / channels;
  // Of the middle pixel, so that what fills up around a letterboxed picture does not count.
  const size_t axis = last ? 3 : 2;
  const auto rows =
      shape.rank() < axis ? size_t{1} : static_cast<size_t>(shape[shape.rank() - axis]);
  const size_t row = rows == 0 ? 0 : plane / rows;
  const size_t pixel = row * (rows / 2) + row / 2;
  std::vector<double> middle;
  for (size_t c = 0; c < channels && pixel < plane; ++c) {
    middle.push_back(values.at(last ? pixel * channels + c : c * plane + pixel));
  }
  if (middle.empty()) {
    return InvalidArgumentError("image_preprocess returned an empty array");
  }
  return middle;
}

Status InputCheckVerb::CheckSize(const Tensor& plain) {
  Add("uint8_for_fixed_and_offline",
      plain.desc.element_type == ElementType::kUint8,
      "norm False returns " + Described(plain),
      "return the resized picture as uint8 where norm is False: fixed and offline models normalise "
      "themselves");
  if (size_.empty()) {
    return OkStatus();
  }
  const std::vector<std::string> parts = Split(size_, 'x');
  const auto width = parts.size() == 2 ? ParseUint(parts[0]) : std::nullopt;
  const auto height = parts.size() == 2 ? ParseUint(parts[1]) : std::nullopt;
  if (!width || !height) {
    return UsageError("--size: '" + EscapeForDisplay(size_) + "' is no size",
                      "write --size WIDTHxHEIGHT, for example --size 224x224");
  }
  std::vector<int64_t> dims(plain.desc.shape.dims().begin(), plain.desc.shape.dims().end());
  if (dims.size() == 4 && dims[0] == 1) {
    dims.erase(dims.begin());
  }
  const bool fits = dims.size() >= 2 && dims[0] == static_cast<int64_t>(*height) &&
                    dims[1] == static_cast<int64_t>(*width);
  Add("model_size",
      fits,
      "norm False returns " + Described(plain) + ", the model takes " + size_,
      "resize to the model's input where norm is False, height before width, channels last");
  return OkStatus();
}

// Black and white give each channel's straight line; red tells which channel comes first.
Status InputCheckVerb::CheckNormalization(const PictureRule& rule,
                                          bool blue_first,
                                          VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const auto black, Probe({0, 0, 0}, true, context.cancel));
  PLUMB_ASSIGN_OR_RETURN(const auto white, Probe({255, 255, 255}, true, context.cancel));
  if (black.size() != white.size()) {
    return InvalidArgumentError("image_preprocess returned different shapes for two pictures");
  }
  using preprocess::ColorOrder;
  const ColorOrder color = blue_first ? ColorOrder::kBgr : ColorOrder::kRgb;
  const ColorOrder order = black.size() == 1 ? ColorOrder::kGray : color;
  const std::vector<double> mean = preprocess::InChannelOrder(rule.normalization.mean, order);
  const std::vector<double> std_dev = preprocess::InChannelOrder(rule.normalization.std_dev, order);
  std::vector<std::string> found_mean;
  std::vector<std::string> found_std;
  bool fits = true;
  for (size_t c = 0; c < black.size(); ++c) {
    const double step = (white[c] - black[c]) / 255;
    const double found_s = step == 0 ? 0 : 1 / step;
    const double found_m = -black[c] * found_s;
    fits = fits && step != 0 && std::abs(found_s - std_dev[c]) <= 1e-3 * std::abs(std_dev[c]) &&
           std::abs(found_m - mean[c]) <= 1e-2 + 1e-3 * std::abs(mean[c]);
    found_mean.push_back(Short(found_m));
    found_std.push_back(Short(found_s));
  }
  std::vector<std::string> wanted;
  for (size_t c = 0; c < black.size(); ++c) {
    wanted.push_back(Short(mean[c]) + " and " + Short(std_dev[c]));
  }
  Add("mean_and_std",
      fits,
      "norm True normalises with mean " + Join(found_mean, ":") + " and std " +
          Join(found_std, ":") + " (in its channels' order); input_config.ini says " +
          Join(wanted, ", "),
      "write the same mean and std in the script and in input_config.ini");
  return OkStatus();
}

Status InputCheckVerb::CheckPicture(VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const Tensor plain, scripts_->Array(0, image_, context.cancel, false));
  PLUMB_ASSIGN_OR_RETURN(const Tensor normal, scripts_->Array(0, image_, context.cancel, true));
  PLUMB_RETURN_IF_ERROR(CheckSize(plain));
  Add("norm_for_float_only",
      normal.desc.element_type != ElementType::kUint8 && !SameArrays(plain, normal),
      "norm True returns " + Described(normal) +
          (SameArrays(plain, normal) ? ", the same as norm False" : ""),
      "normalise under 'if norm:', and only there");
  PLUMB_ASSIGN_OR_RETURN(const auto red, Probe({255, 0, 0}, false, context.cancel));
  const bool blue_first = red.size() == 3 && red[2] > red[0];
  PLUMB_ASSIGN_OR_RETURN(const PictureRules rules,
                         PictureRules::Load(picture_, "", context.console));
  const int64_t channels = red.size() == 3 ? 3 : 1;
  PLUMB_ASSIGN_OR_RETURN(const PictureRule rule,
                         rules.For({0, "picture", channels, false}, context.console));
  if (channels == 3 && rule.order_stated) {
    Add("channel_order",
        blue_first == (rule.order == preprocess::ColorOrder::kBgr),
        std::string("a red picture comes out ") + (blue_first ? "BGR" : "RGB") +
            "; training_input_formats says " + std::string(preprocess::ColorOrderName(rule.order)),
        "cv2.imread gives BGR: convert, or correct training_input_formats");
  }
  return CheckNormalization(rule, blue_first, context);
}

void InputCheckVerb::CheckNumbers(const Tensor& plain, const Tensor& normal) {
  Add("float32_at_every_stage",
      plain.desc.element_type == ElementType::kFloat32 &&
          normal.desc.element_type == ElementType::kFloat32,
      "returns " + Described(plain) + " and " + Described(normal),
      "return numpy.float32 of the model's input's shape");
  Add("same_at_every_stage",
      SameArrays(plain, normal),
      SameArrays(plain, normal) ? "norm True and False return the same array"
                                : "norm True and False return different arrays",
      "a model that takes no pictures must not look at norm");
}

Status InputCheckVerb::Say(VerbContext& context) const {
  ordered_json checks = ordered_json::array();
  bool all = true;
  for (const Check& check : checks_) {
    all = all && check.passed;
    checks.push_back({{"check", check.name},
                      {"passed", check.passed},
                      {"found", check.found},
                      {"advice", check.advice}});
    context.console.Say(
        {{check.passed ? "holds " : "broken", check.passed ? Style::kGood : Style::kBad},
         {"  " + check.name + ": " + check.found}});
    if (!check.passed) {
      context.console.Say("        " + check.advice);
    }
  }
  context.console.Conclude({{all ? "match" : "mismatch", all ? Style::kGood : Style::kBad},
                            {all ? ": the script gives every stage what it wants"
                                 : ": the script does not give every stage what it wants"}});
  return context.json.Write(ordered_json({{"schema", "plumb.input-check/1"},
                                          {"verdict", all ? "match" : "mismatch"},
                                          {"exit_code", all ? kExitMatch : kExitMismatch},
                                          {"error", nullptr},
                                          {"checks", checks}})
                                .dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

Result<int> InputCheckVerb::Run(VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(scripts_, ScriptInputs::Create(script_, nullptr));
  if (no_picture_) {
    PLUMB_ASSIGN_OR_RETURN(const Tensor plain, scripts_->Array(0, image_, context.cancel, false));
    PLUMB_ASSIGN_OR_RETURN(const Tensor normal, scripts_->Array(0, image_, context.cancel, true));
    CheckNumbers(plain, normal);
  } else {
    PLUMB_RETURN_IF_ERROR(CheckPicture(context));
  }
  PLUMB_RETURN_IF_ERROR(Say(context));
  const bool all =
      std::all_of(checks_.begin(), checks_.end(), [](const Check& check) { return check.passed; });
  return all ? kExitMatch : kExitMismatch;
}

}  // namespace

std::unique_ptr<Verb> MakeInputCheckVerb() {
  return std::make_unique<InputCheckVerb>();
}

}  // namespace plumb::client
