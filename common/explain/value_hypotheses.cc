// What boards do to the values themselves, seen from the two buffers alone.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>

#include "common/base/text.h"
#include "common/explain/difference.h"
#include "common/explain/planes.h"

namespace plumb::explain {
namespace {

using Function = std::function<double(double value, size_t channel)>;

struct Limits {
  double low = 0;
  double high = 255;
};

Limits LimitsOf(ElementType type) {
  return type == ElementType::kInt16 ? Limits{-32768, 32767} : Limits{0, 255};
}

void Store(Bytes& bytes, ElementType type, size_t at, double value) {
  if (type == ElementType::kFloat32) {
    const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
    for (size_t i = 0; i < 4; ++i) {
      bytes[at + i] = static_cast<uint8_t>(bits >> (8 * i));
    }
    return;
  }
  const auto whole = static_cast<uint32_t>(static_cast<int32_t>(value));
  for (size_t i = 0; i < ElementSize(type); ++i) {
    bytes[at + i] = static_cast<uint8_t>(whole >> (8 * i));
  }
}

// Where each valid element begins, with its channel; of YUV_NV12 U is channel 1, V channel 2.
void ForEachElement(const Geometry& geometry,
                    size_t size,
                    const std::function<void(size_t at, size_t channel)>& visit) {
  ForEachPixel(PlanesOf(geometry, size), [&](size_t at, const Plane& plane) {
    const bool chroma = plane.divisor == 2;
    const size_t count = chroma ? 2 : geometry.channels;
    for (size_t c = 0; c < count; ++c) {
      visit(at + c * geometry.element_size, chroma ? c + 1 : c);
    }
  });
}

double Valued(const Bytes& bytes, ElementType type, size_t at) {
  return ElementAt(std::span(bytes).subspan(at), type, 0);
}

// Clips to the type, for integers after `function` has rounded.
std::optional<Bytes> Mapped(const Bytes& bytes,
                            const Geometry& geometry,
                            const Function& function) {
  if (PlanesOf(geometry, bytes.size()).empty()) {
    return std::nullopt;
  }
  Bytes result = bytes;
  const bool real = geometry.element == ElementType::kFloat32;
  const Limits limits = LimitsOf(geometry.element);
  ForEachElement(geometry, bytes.size(), [&](size_t at, size_t channel) {
    const double value = function(Valued(bytes, geometry.element, at), channel);
    Store(result,
          geometry.element,
          at,
          real ? value : std::clamp(std::isnan(value) ? 0.0 : value, limits.low, limits.high));
  });
  return result;
}

Hypothesis Make(std::string_view cause,
                std::string_view slot,
                const std::string& what,
                const std::string& advice) {
  Hypothesis hypothesis;
  hypothesis.cause = {std::string(cause), "the board " + what, advice};
  hypothesis.slot = slot;
  return hypothesis;
}

// The step that most integer elements differ by; 0 when there is none.
double CommonOffset(const Bytes& bytes, const Bytes& target, const Geometry& geometry, bool wrap) {
  std::map<int, size_t> counts;
  const double turn = geometry.element == ElementType::kUint8 ? 256 : 65536;
  size_t all = 0;
  ForEachElement(geometry, bytes.size(), [&](size_t at, size_t) {
    double step = Valued(target, geometry.element, at) - Valued(bytes, geometry.element, at);
    if (wrap && step < 0) {
      step += turn;
    }
    ++counts[static_cast<int>(step)];
    ++all;
  });
  const auto most =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
        return a.second < b.second;
      });
  return most != counts.end() && most->second * 4 >= all ? most->first : 0;
}

void AddOffsets(const Geometry& geometry, std::vector<Hypothesis>& list) {
  if (geometry.element == ElementType::kFloat32) {
    return;
  }
  for (const bool wrap : {false, true}) {
    for (const bool half : {true, false}) {
      Hypothesis hypothesis =
          half ? Make("zero_point_128",
                      "offset",
                      wrap ? "stores signed bytes (pixel - 128)" : "adds or takes away 128",
                      "the buffer takes the pixels themselves, 0 to 255: leave the 128 out")
               : Make("constant_offset",
                      "offset",
                      std::string("adds the same number to all elements") +
                          (wrap ? " and wraps" : " and clips"),
                      "look for a bias or zero point on the board");
      hypothesis.edit = [geometry, wrap, half](const Bytes& bytes,
                                               const Bytes& target) -> std::optional<Bytes> {
        if (bytes.size() != target.size()) {
          return std::nullopt;
        }
        const double offset = CommonOffset(bytes, target, geometry, wrap);
        if (offset == 0 || half != (std::abs(offset) == 128)) {
          return std::nullopt;
        }
        const double turn = geometry.element == ElementType::kUint8 ? 256 : 65536;
        return Mapped(bytes, geometry, [offset, wrap, turn](double value, size_t) {
          const double sum = value + offset;
          return wrap ? sum - std::floor(sum / turn) * turn : sum;
        });
      };
      list.push_back(std::move(hypothesis));
    }
  }
}

// Σ t·r / Σ r².
double CommonFactor(const Bytes& bytes, const Bytes& target, const Geometry& geometry) {
  double product = 0;
  double square = 0;
  const double high = LimitsOf(geometry.element).high;
  ForEachElement(geometry, bytes.size(), [&](size_t at, size_t) {
    const double r = Valued(bytes, geometry.element, at);
    const double t = Valued(target, geometry.element, at);
    const bool clipped = geometry.element != ElementType::kFloat32 && std::abs(t) >= high;
    if (std::isfinite(r) && std::isfinite(t) && !clipped) {
      product += t * r;
      square += r * r;
    }
  });
  return square == 0 ? 1 : product / square;
}

// The simplest fraction near it.
double Simple(double factor) {
  for (int below = 1; below <= 16; ++below) {
    const double above = std::nearbyint(factor * below);
    if (above != 0 && std::abs(factor * below - above) < 0.02 * below * std::abs(factor)) {
      return above / below;
    }
  }
  return factor;
}

void AddFactors(const Geometry& geometry, std::vector<Hypothesis>& list) {
  const bool real = geometry.element == ElementType::kFloat32;
  for (const bool truncate : {true, false}) {
    if (real && truncate) {
      continue;
    }
    Hypothesis hypothesis =
        Make("scaled",
             "scale",
             std::string("multiplies all elements by one factor") + (real       ? ""
                                                                     : truncate ? " and truncates"
                                                                                : " and rounds"),
             "look for a scale or a division on the board");
    hypothesis.edit = [geometry, truncate, real](const Bytes& bytes,
                                                 const Bytes& target) -> std::optional<Bytes> {
      if (bytes.size() != target.size()) {
        return std::nullopt;
      }
      const double measured = CommonFactor(bytes, target, geometry);
      const double factor = real ? measured : Simple(measured);
      if (factor == 1 || !std::isfinite(factor)) {
        return std::nullopt;
      }
      return Mapped(bytes, geometry, [factor, truncate, real](double value, size_t) {
        const double product = value * factor;
        return real ? product : truncate ? std::trunc(product) : std::nearbyint(product);
      });
    };
    list.push_back(std::move(hypothesis));
  }
}

struct Line {
  double slope = 1;
  double start = 0;
};

// Least squares for each channel, in double.
std::vector<Line> LinesOf(const Bytes& bytes, const Bytes& target, const Geometry& geometry) {
  struct Sums {
    double n = 0, r = 0, t = 0, rr = 0, rt = 0;
  };

  std::vector<Sums> sums(std::max<size_t>(geometry.channels, 3));
  ForEachElement(geometry, bytes.size(), [&](size_t at, size_t channel) {
    const double r = Valued(bytes, geometry.element, at);
    const double t = Valued(target, geometry.element, at);
    if (std::isfinite(r) && std::isfinite(t)) {
      Sums& sum = sums[channel];
      sum.n += 1;
      sum.r += r;
      sum.t += t;
      sum.rr += r * r;
      sum.rt += r * t;
    }
  });
  std::vector<Line> lines;
  for (const Sums& sum : sums) {
    const double below = sum.n * sum.rr - sum.r * sum.r;
    Line line;
    if (below != 0) {
      line.slope = (sum.n * sum.rt - sum.r * sum.t) / below;
      line.start = (sum.t - line.slope * sum.r) / sum.n;
    }
    lines.push_back(line);
  }
  return lines;
}

void AddLines(const Geometry& geometry, std::vector<Hypothesis>& list) {
  if (geometry.element != ElementType::kFloat32 || geometry.channels > 4) {
    return;
  }
  Hypothesis hypothesis =
      Make("normalisation",
           "normalise",
           "normalises otherwise: its numbers are a straight line of the PC's in each channel",
           "use one mean and std in input_config.ini, in the script and on the board");
  hypothesis.edit = [geometry](const Bytes& bytes, const Bytes& target) -> std::optional<Bytes> {
    if (bytes.size() != target.size()) {
      return std::nullopt;
    }
    const std::vector<Line> lines = LinesOf(bytes, target, geometry);
    return Mapped(bytes, geometry, [&lines](double value, size_t channel) {
      return lines[channel].slope * value + lines[channel].start;
    });
  };
  list.push_back(std::move(hypothesis));
}

// Bytes as floats: 0…255, 0…1, or normalised as the description says.
void AddFloats(const Request& request, const Geometry& geometry, std::vector<Hypothesis>& list) {
  if (geometry.element != ElementType::kUint8 || geometry.nv12) {
    return;
  }
  const preprocess::Normalization& rule = request.recipe.normalization;

  struct Kind {
    std::string_view words;
    dump::PerColor mean;
    dump::PerColor std_dev;
  };

  const std::array<Kind, 3> kinds = {{{"float32 pixels", {0, 0, 0}, {1, 1, 1}},
                                      {"float32 pixels of 0 to 1", {0, 0, 0}, {255, 255, 255}},
                                      {"normalised float32", rule.mean, rule.std_dev}}};
  for (const Kind& kind : kinds) {
    Hypothesis hypothesis = Make("element_format",
                                 "element",
                                 "writes " + std::string(kind.words) + " where bytes belong",
                                 "fill the buffer with uint8 pixels: offline models normalise "
                                 "themselves");
    hypothesis.edit = [geometry, kind](const Bytes& bytes,
                                       const Bytes& target) -> std::optional<Bytes> {
      Bytes result;
      ForEachElement(geometry, bytes.size(), [&](size_t at, size_t channel) {
        const auto mean = static_cast<float>(kind.mean.at(channel % 3));
        const auto std_dev = static_cast<float>(kind.std_dev.at(channel % 3));
        result.resize(result.size() + 4);
        Store(result,
              ElementType::kFloat32,
              result.size() - 4,
              static_cast<double>((bytes[at] - mean) / std_dev));
      });
      result.resize(std::min(result.size(), target.size()));
      return result.size() < target.size() ? std::nullopt : std::optional(std::move(result));
    };
    list.push_back(std::move(hypothesis));
  }
}

void AddWords(const Request& request, const Geometry& geometry, std::vector<Hypothesis>& list) {
  if (geometry.element != ElementType::kInt16) {
    return;
  }
  Hypothesis swapped = Make("element_format",
                            "element",
                            "writes big-endian words",
                            "the buffer is little-endian: exchange the bytes of each word");
  swapped.edit = [](const Bytes& bytes, const Bytes&) -> std::optional<Bytes> {
    Bytes result = bytes;
    for (size_t i = 0; i + 1 < result.size(); i += 2) {
      std::swap(result[i], result[i + 1]);
    }
    return result;
  };
  list.push_back(std::move(swapped));
  const auto scale = static_cast<double>(request.recipe.buffer.scale);
  if (scale <= 0) {
    return;
  }
  Hypothesis twice = Make("quantised_twice",
                          "scale",
                          "divides by the scale a second time",
                          "give the quantiser the real numbers, not its own output");
  twice.edit = [geometry, scale](const Bytes& bytes, const Bytes&) {
    return Mapped(bytes, geometry, [scale](double value, size_t) {
      return std::trunc(static_cast<float>(value) / static_cast<float>(scale));
    });
  };
  list.push_back(std::move(twice));
}

// 16…235 and 16…240 against 0…255; two roundings leave steps of one.
void AddRange(const Geometry& geometry, std::vector<Hypothesis>& list) {
  if (!geometry.nv12) {
    return;
  }
  for (const bool narrower : {true, false}) {
    Hypothesis hypothesis =
        Make("nv12_range",
             "matrix",
             narrower ? "writes YUV_NV12 of limited range (16 to 235), the PC of full range"
                      : "writes YUV_NV12 of full range, the PC of limited range (16 to 235)",
             "set the camera's or converter's range to the PC's");
    hypothesis.edit = [geometry, narrower](const Bytes& bytes, const Bytes&) {
      return Mapped(bytes, geometry, [narrower](double value, size_t channel) {
        const double ratio = channel == 0 ? 219.0 / 255 : 224.0 / 255;
        const double from = channel == 0 ? (narrower ? 0 : 16) : 128;
        const double to = channel == 0 ? (narrower ? 16 : 0) : 128;
        return std::nearbyint(to + (value - from) * (narrower ? ratio : 1 / ratio));
      });
    };
    list.push_back(std::move(hypothesis));
  }
}

}  // namespace

std::vector<Hypothesis> ValueHypotheses(const Request& request, const Geometry& geometry) {
  std::vector<Hypothesis> list;
  AddRange(geometry, list);
  AddOffsets(geometry, list);
  AddWords(request, geometry, list);
  AddFactors(geometry, list);
  AddLines(geometry, list);
  AddFloats(request, geometry, list);
  return list;
}

}  // namespace plumb::explain
