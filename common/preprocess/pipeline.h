// The PC's picture preprocessing as named steps that can be replaced one by one, which is how a
// difference between two preprocessings is traced to the step that makes it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/preprocess/color.h"
#include "common/preprocess/pixels.h"

namespace plumb::preprocess {

struct Step {
  std::string name;  // "resize", "color"
  std::function<Result<Pixels>(const Pixels&)> apply;
};

class Pipeline {
 public:
  explicit Pipeline(std::vector<Step> steps) : steps_(std::move(steps)) {}

  // Puts `step` in the place of the step of the same name; kNotFound when there is none.
  Status Replace(Step step);
  // Runs the steps in order; an error names its step.
  [[nodiscard]] Result<Pixels> Run(Pixels pixels) const;
  [[nodiscard]] std::vector<std::string> step_names() const;

 private:
  std::vector<Step> steps_;
};

// What every picture goes through by default: "resize" (StretchLinear), then "color".
Pipeline MakePicturePipeline(uint32_t width, uint32_t height, ColorOrder order);

}  // namespace plumb::preprocess
