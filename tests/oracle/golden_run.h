// What the golden tests share: the inputs that tools/oracle/make-goldens gave to the oracle.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/base/sha256.h"
#include "common/npu/graph/graph.h"
#include "tests/oracle/oracle_run.h"

namespace plumb::testing {

// Of xorshift32, as tools/oracle/picture.mjs makes them.
std::vector<uint8_t> RandomBytes(size_t count, uint32_t state);
// A file of tests/testdata.
std::vector<uint8_t> PixelFile(const std::string& name);
// (p − 127.5) / 127.5, as tools/oracle/run_tflite.mjs feeds float networks.
std::vector<float> RealPixels(const std::vector<uint8_t>& pixels);

// A network of tests/testdata/models, or of build/models, where tools/fetch-models puts the larger
// ones. Empty when it is in neither; then
//   GTEST_SKIP() << ModelMissing(name);
std::filesystem::path ModelPath(const std::string& name);
std::string ModelMissing(const std::string& name);

// Reports a failure and gives an empty graph when the file cannot be read.
std::shared_ptr<const npu::Graph> ImportModel(const std::filesystem::path& path);

// tests/testdata/oracle/<name>. Reports a failure when it cannot be read.
OracleRun LoadGolden(const std::string& name);
// The same, its only input filled in after its digest was checked against what the oracle had.
OracleRun LoadGolden(const std::string& name, const std::vector<float>& input);

template <class T>
std::string DigestOf(const std::vector<T>& values) {
  return Sha256Hex({reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)});
}

}  // namespace plumb::testing
