#include "client/cli/option/board_picture.h"

#include "common/preprocess/synthesize.h"

namespace plumb::client {

Result<std::vector<uint8_t>> EncodeBoardPicture(const image::Image& picture,
                                                const BoardPicture& wanted) {
  preprocess::Recipe recipe;
  recipe.order = wanted.rule.order;
  recipe.normalization = wanted.rule.normalization;
  recipe.buffer.format = wanted.format;
  recipe.buffer.family = wanted.family;
  recipe.buffer.width = wanted.width;
  recipe.buffer.height = wanted.height;
  recipe.buffer.scale = wanted.scale;
  recipe.buffer.nv12 = preprocess::DefaultNv12(wanted.family);
  return preprocess::Synthesize(picture, recipe);
}

}  // namespace plumb::client
