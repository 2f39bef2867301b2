// What an input is to be made like, from flags, a configuration file, an offline model or an
// input_config.ini: shared by the verbs about inputs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/option/picture_rule.h"
#include "common/base/status.h"
#include "common/npu/model/model.h"
#include "common/preprocess/recipe.h"
#include "common/tensor/tensor.h"

namespace CLI {
class App;
}

namespace plumb::client {

struct RecipeFlags {
  std::string model;
  std::optional<size_t> input_index;
  std::string format;
  std::string size;
  std::optional<Family> family;
  float scale = 0;
  PictureFlags picture;
  std::map<std::string, std::string> settings;  // of preprocess::RecipeSettings()
};

// Adds --model --input-index --format --size --family --scale, the picture flags and one flag for
// each setting of a recipe.
void AddRecipeFlags(CLI::App& app, RecipeFlags& flags);

// One input of a model, or the one that flags describe.
struct WantedInput {
  preprocess::Recipe recipe;
  std::string name;
  size_t index = 0;
  bool takes_picture = true;   // false: numbers alone
  uint64_t innermost = 0;      // RAWDATA of a model: of its shape; 0: of the array
  uint64_t element_count = 0;  // likewise; 0: any
  uint64_t payload_size = 0;   // of a model; 0: unknown
};

struct WantedInputs {
  std::vector<WantedInput> inputs;               // all of the model, or --input-index, or one
  std::shared_ptr<const npu::FixedModel> model;  // may be null
};

// Usage errors name the flag. What had to be assumed of a picture is printed.
Result<WantedInputs> LoadWantedInputs(const RecipeFlags& flags, Console& console);

// The bytes for an array in place of a picture. Formats of pixels take whole numbers of 0 to 255,
// [H,W,C], [1,H,W,C] or, gray, [H,W], of the input's size in the training's colour order. RAWDATA
// takes real numbers as they are; bytes of the input's size are pixels and normalised. COMPLEX64
// takes complex numbers, or pairs.
Result<std::vector<uint8_t>> EncodeArray(const Tensor& array, const WantedInput& wanted);

}  // namespace plumb::client
