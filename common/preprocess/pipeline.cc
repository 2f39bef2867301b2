#include "common/preprocess/pipeline.h"

#include <algorithm>

#include "common/preprocess/resize.h"

namespace plumb::preprocess {

Status Pipeline::Replace(Step step) {
  const auto place = std::find_if(
      steps_.begin(), steps_.end(), [&step](const Step& known) { return known.name == step.name; });
  if (place == steps_.end()) {
    return NotFoundError("no preprocessing step is called '" + step.name + "'");
  }
  *place = std::move(step);
  return OkStatus();
}

Result<Pixels> Pipeline::Run(Pixels pixels) const {
  for (const Step& step : steps_) {
    Result<Pixels> next = step.apply(pixels);
    if (!next.ok()) {
      return next.status().Annotate("preprocessing step '" + step.name + "'");
    }
    pixels = std::move(next).value();
  }
  return pixels;
}

std::vector<std::string> Pipeline::step_names() const {
  std::vector<std::string> names;
  for (const Step& step : steps_) {
    names.push_back(step.name);
  }
  return names;
}

Pipeline MakePicturePipeline(uint32_t width, uint32_t height, ColorOrder order) {
  return Pipeline(
      {{"resize",
        [width, height](const Pixels& pixels) { return StretchLinear(pixels, width, height); }},
       {"color", [order](const Pixels& pixels) { return ToColorOrder(pixels, order); }}});
}

}  // namespace plumb::preprocess
