// Channel order and normalisation.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/dump/input_config.h"
#include "common/preprocess/pixels.h"

namespace plumb::preprocess {

// "RGB", "BGR", "GRAY".
std::string_view ColorOrderName(ColorOrder order);
std::optional<ColorOrder> ParseColorOrder(std::string_view name);
// 3 or 1.
uint32_t ChannelsOf(ColorOrder order);

// RGB pixels in another order. GRAY is OpenCV's RGB2GRAY: (9798·R + 19235·G + 3735·B + 2¹⁴) >> 15.
// kInvalidArgument unless `rgb` has three channels.
Result<Pixels> ToColorOrder(const Pixels& rgb, ColorOrder order);

// What turns pixels into what the network was trained with. By colour, whatever the order; for GRAY
// the red entries count.
struct Normalization {
  dump::PerColor mean = {127.5, 127.5, 127.5};
  dump::PerColor std_dev = {127.5, 127.5, 127.5};

  friend bool operator==(const Normalization&, const Normalization&) = default;
};

// The entries in the channel order of `order` (three, or one for GRAY).
std::vector<double> InChannelOrder(const dump::PerColor& colors, ColorOrder order);

// (p − mean) / std_dev in float32, element by element in the order of `pixels`, which are in
// `order`. As numpy: (p.astype(float32) - float32(mean)) / float32(std).
// kInvalidArgument when the channels do not fit the order.
Result<std::vector<float>> Normalize(const Pixels& pixels,
                                     ColorOrder order,
                                     const Normalization& normalization);

// The same on numbers that lie in `order`, in place.
Status NormalizeInPlace(std::vector<float>& values,
                        ColorOrder order,
                        const Normalization& normalization);

}  // namespace plumb::preprocess
