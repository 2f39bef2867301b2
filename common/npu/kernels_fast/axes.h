// Internal: walking two or three tensors together by their strides.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace plumb::npu::fast {

// Common dimensions and, for each of N tensors, the step in elements per dimension.
template <size_t N>
struct Axes {
  struct Axis {
    size_t size;
    std::array<size_t, N> step;
  };

  // Axes in order, outermost first; those of size 1 vanish and neighbours that every tensor walks
  // through without a gap become one.
  void Append(size_t size, const std::array<size_t, N>& step) {
    if (size == 1) {
      return;
    }
    if (!axes.empty() && Continues(axes.back(), size, step)) {
      axes.back() = {axes.back().size * size, step};
      return;
    }
    axes.push_back({size, step});
  }

  // There is always an innermost axis.
  void Finish() {
    if (axes.empty()) {
      axes.push_back({1, {}});
    }
  }

  [[nodiscard]] size_t count() const {
    size_t product = 1;
    for (const Axis& axis : axes) {
      product *= axis.size;
    }
    return product;
  }

  // Calls visit(offsets of the N tensors, length) for the stretches along the innermost axis that
  // make up the flat range [begin, end).
  template <class Visit>
  void ForEachRun(size_t begin, size_t end, Visit&& visit) const {
    while (begin < end) {
      std::array<size_t, N> offset{};
      size_t rest = begin;
      for (size_t i = axes.size(); i-- > 0;) {
        const size_t place = rest % axes[i].size;
        rest /= axes[i].size;
        for (size_t n = 0; n < N; ++n) {
          offset[n] += place * axes[i].step[n];
        }
      }
      const size_t inner = axes.back().size;
      const size_t left_in_row = inner - begin % inner;
      const size_t length = left_in_row < end - begin ? left_in_row : end - begin;
      visit(offset, length);
      begin += length;
    }
  }

  [[nodiscard]] const std::array<size_t, N>& inner_step() const { return axes.back().step; }

  std::vector<Axis> axes;

 private:
  static bool Continues(const Axis& outer, size_t size, const std::array<size_t, N>& step) {
    bool continues = true;
    for (size_t n = 0; n < N; ++n) {
      continues = continues && outer.step[n] == size * step[n];
    }
    return continues;
  }
};

}  // namespace plumb::npu::fast
