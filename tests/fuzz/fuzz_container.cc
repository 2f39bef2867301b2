// Fixed and offline models: parse, validate, run both kernel sets. The mutator mends sizes and
// digest, without which nothing gets past them.
#include <algorithm>
#include <cstring>
#include <vector>

#include "common/base/sha256.h"
#include "common/npu/model/container.h"
#include "common/npu/model/validate.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/run_both.h"

namespace {

constexpr uint64_t kMaxWork = uint64_t{1} << 18;

void Try(const plumb::Buffer& file) {
  using namespace plumb;
  const auto model = npu::ParseModel(file);
  if (!model.ok()) {
    FUZZ_REQUIRE(!model.status().message().empty());
    return;
  }
  FUZZ_REQUIRE(npu::ValidateModel(*model).ok());
  const auto bytes = npu::SerializeModel(*model);
  FUZZ_REQUIRE(bytes.ok());
  const auto again = npu::ParseModel(Buffer::Copy(*bytes));
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(*npu::SerializeModel(*again) == *bytes);
  fuzz::RequireAgreement(std::make_shared<const npu::FixedModel>(*model), file.size(), kMaxWork);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Try(plumb::Buffer::Copy({data, size}));
  return 0;
}

#ifdef PLUMB_LIBFUZZER
namespace {

constexpr size_t kHeader = plumb::npu::kModelHeaderSize;

std::vector<uint8_t> Mutated(std::span<const uint8_t> bytes, size_t room) {
  std::vector<uint8_t> result(std::max(room, bytes.size()) + 1);
  std::copy(bytes.begin(), bytes.end(), result.begin());
  result.resize(LLVMFuzzerMutate(result.data(), bytes.size(), result.size() - 1));
  return result;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data,
                                          size_t size,
                                          size_t max_size,
                                          unsigned int seed) {
  if (size < kHeader || max_size < kHeader + 128 || seed % 32 == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  uint64_t description_size = 0;
  std::memcpy(&description_size, data + 48, sizeof description_size);
  description_size = std::min<uint64_t>(description_size, size - kHeader);
  std::vector<uint8_t> description(data + kHeader, data + kHeader + description_size);
  const size_t blob_start = std::min<size_t>((kHeader + description_size + 63) / 64 * 64, size);
  std::vector<uint8_t> blobs(data + blob_start, data + size);
  const size_t room = (max_size - size) / 2;
  if (seed % 8 == 1) {
    blobs = Mutated(blobs, blobs.size() + room);
  } else {
    description = Mutated(description, description.size() + room);
  }
  std::vector<uint8_t> file(data, data + kHeader);
  file.insert(file.end(), description.begin(), description.end());
  file.resize((file.size() + 63) / 64 * 64);
  file.insert(file.end(), blobs.begin(), blobs.end());
  if (file.size() > max_size) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  const uint64_t sizes[2] = {description.size(), blobs.size()};
  std::memcpy(file.data() + 48, sizes, sizeof sizes);
  const auto digest = plumb::Sha256Of(std::span(file).subspan(48));
  std::copy(digest.begin(), digest.end(), file.begin() + 16);
  std::copy(file.begin(), file.end(), data);
  return file.size();
}
#endif
