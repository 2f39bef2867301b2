// The words of a Recipe: what flags and configuration files say.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/preprocess/recipe.h"

namespace plumb::preprocess {

struct RecipeSetting {
  std::string_view name;    // a flag without its dashes: "kernel"
  std::string_view values;  // "nearest|bilinear|area|cubic|pillow", "R:G:B"
  std::string_view help;
};

// All settings, in the order in which help shows them.
std::span<const RecipeSetting> RecipeSettings();

// kInvalidArgument names the setting and what may be written. Setting "kernel" also resets
// "centres" to the kernel's own, so a kernel comes first.
Status ApplySetting(std::string_view name, std::string_view value, Recipe& recipe);

// The word of a value, as ApplySetting reads it.
std::string_view WordOf(Kernel kernel);
std::string_view WordOf(Centres centres);
std::string_view WordOf(Rounding rounding);
std::string_view WordOf(Nv12Matrix matrix);
std::string_view WordOf(Nv12Chroma chroma);

}  // namespace plumb::preprocess
