#include "tests/conformance/runner_conformance/problem.h"

#include <cstring>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/support/small_model.h"
#include "tests/support/small_network.h"

namespace plumb::test {
namespace {

template <class To, class From>
std::vector<uint8_t> BytesOf(const std::vector<From>& values) {
  const std::vector<To> stored(values.begin(), values.end());
  std::vector<uint8_t> bytes(stored.size() * sizeof(To));
  if (!bytes.empty()) {
    std::memcpy(bytes.data(), stored.data(), bytes.size());
  }
  return bytes;
}

class Offline : public Problem {
 public:
  explicit Offline(Family family) : family_(family) {}

  [[nodiscard]] std::filesystem::path WriteModel(
      int rows, int columns, const std::filesystem::path& folder) const override {
    SmallModelOptions options;
    options.family = family_;
    options.rows = rows;
    options.columns = columns;
    const std::vector<uint8_t> bytes = SmallModelFile(options);
    EXPECT_TRUE(WriteFileAtomically(folder / "model.img", std::span(bytes)).ok());
    return folder / "model.img";
  }

  [[nodiscard]] std::vector<uint8_t> Input(const std::vector<uint8_t>& picture) const override {
    return picture;
  }

  [[nodiscard]] std::vector<uint8_t> Output(size_t index,
                                            const std::vector<uint8_t>& picture) const override {
    const SmallAnswer answer = SolveSmallModel(picture);
    return BytesOf<int16_t>(index == 0 ? answer.scores : answer.mean);
  }

  [[nodiscard]] Shape ScoresShape(int rows, int columns) const override {
    return Shape{1, rows, columns, kSmallScores};
  }

  [[nodiscard]] uint8_t zero_pixel() const override { return 0; }

  [[nodiscard]] std::vector<uint8_t> Damaged(std::vector<uint8_t> model) const override {
    model[model.size() / 2] ^= 1;
    return model;
  }

 private:
  Family family_;
};

class Network : public Problem {
 public:
  explicit Network(npu::NetworkFormat format) : format_(format) {}

  [[nodiscard]] std::filesystem::path WriteModel(
      int rows, int columns, const std::filesystem::path& folder) const override {
    return WriteSmallNetwork(format_, rows, columns, folder);
  }

  [[nodiscard]] std::vector<uint8_t> Input(const std::vector<uint8_t>& picture) const override {
    return BytesOf<float>(SmallNetworkInput(format_, picture));
  }

  [[nodiscard]] std::vector<uint8_t> Output(size_t index,
                                            const std::vector<uint8_t>& picture) const override {
    return BytesOf<float>(index == 0 ? SmallNetworkScores(format_, picture)
                                     : SmallNetworkPeak(picture));
  }

  [[nodiscard]] Shape ScoresShape(int rows, int columns) const override {
    return SmallNetworkShape(format_, rows, columns);
  }

  [[nodiscard]] uint8_t zero_pixel() const override { return 128; }

  // These formats have no checksum: a flipped bit may be another weight.
  [[nodiscard]] std::vector<uint8_t> Damaged(std::vector<uint8_t> model) const override {
    model.resize(model.size() / 2);
    return model;
  }

 private:
  npu::NetworkFormat format_;
};

}  // namespace

std::shared_ptr<const Problem> OfflineProblem(Family family) {
  return std::make_shared<Offline>(family);
}

std::shared_ptr<const Problem> NetworkProblem(npu::NetworkFormat format) {
  return std::make_shared<Network>(format);
}

}  // namespace plumb::test
