// The host's half of the ring protocol, driving a child that follows the input as a script of lies
// (hostile_child.cc).
#include <filesystem>
#include <fstream>
#include <vector>

#include "common/base/file.h"
#include "common/ring/process_runner.h"
#include "tests/fuzz/fuzz.h"

namespace plumb {
namespace {

const TempFolder& Folder() {
  static const TempFolder folder = *TempFolder::Create("plumb-fuzz-");
  return folder;
}

// Requires the order that TensorSink promises and whole outputs.
class StrictSink final : public TensorSink {
 public:
  explicit StrictSink(const RunSpec& spec) : spec_(spec) {}

  Status OnModel(const ModelInfo& info) override {
    FUZZ_REQUIRE(!told_);
    told_ = true;
    for (const TensorDesc& desc : info.outputs) {
      FUZZ_REQUIRE(ValidRegionOf(desc).ok());
    }
    outputs_ = info.outputs;
    return OkStatus();
  }

  Status OnProbe(const std::vector<uint64_t>& valid_digests, bool /*input_was_zero*/) override {
    FUZZ_REQUIRE(told_ && spec_.probe && !probed_ && invokes_ == 0);
    probed_ = true;
    FUZZ_REQUIRE(valid_digests.size() == outputs_.size());
    return OkStatus();
  }

  Status OnInvoke(const InvokeInfo& info) override {
    FUZZ_REQUIRE(told_ && info.repetition == invokes_ && index_ == 0);
    FUZZ_REQUIRE(info.invoke_ms >= 0);
    ++invokes_;
    return OkStatus();
  }

  Result<uint64_t> OnChunk(uint32_t repetition,
                           uint32_t index,
                           uint64_t offset,
                           const Buffer& bytes) override {
    FUZZ_REQUIRE(repetition + 1 == invokes_ && index == index_ && offset == bytes_);
    FUZZ_REQUIRE(!bytes.empty());
    bytes_ += bytes.size();
    FUZZ_REQUIRE(bytes_ <= outputs_.at(index).aligned_size);
    for (const uint8_t byte : bytes.span()) {
      sum_ += byte;  // every byte is really there
    }
    return bytes_;
  }

  Result<uint64_t> OnTensorEnd(const TensorEnd& end) override {
    FUZZ_REQUIRE(end.repetition + 1 == invokes_ && end.index == index_);
    const uint64_t size = outputs_.at(index_).aligned_size;
    FUZZ_REQUIRE(bytes_ == size || (end.repetition > 0 && bytes_ == 0));
    FUZZ_REQUIRE(end.canary_size <= size);
    bytes_ = 0;
    index_ = (index_ + 1) % static_cast<uint32_t>(outputs_.size());
    return size;
  }

  [[nodiscard]] bool Whole() const {
    return told_ && invokes_ == spec_.repetitions && index_ == 0 && probed_ == spec_.probe;
  }

 private:
  RunSpec spec_;
  std::vector<TensorDesc> outputs_;
  bool told_ = false;
  bool probed_ = false;
  uint32_t invokes_ = 0;
  uint32_t index_ = 0;
  uint64_t bytes_ = 0;
  uint64_t sum_ = 0;
};

RunSpec MakeSpec(uint8_t options) {
  RunSpec spec;
  spec.model.path = Folder().path() / "model";
  spec.inputs.emplace_back();
  spec.inputs[0].path = Folder().path() / "input";
  for (const auto& path : {spec.model.path, spec.inputs[0].path}) {
    if (!std::filesystem::exists(path)) {
      std::ofstream(path) << std::string(100, 'x');
    }
  }
  spec.repetitions = 1 + options % 3;
  spec.probe = (options & 4) != 0;
  spec.invoke_timeout = std::chrono::milliseconds(3'000);
  return spec;
}

}  // namespace
}  // namespace plumb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  fuzz::Input input({data, size});
  const RunSpec spec = MakeSpec(input.Number<uint8_t>());
  const auto script = Folder().path() / "script";
  std::ofstream(script, std::ios::binary | std::ios::trunc) << fuzz::TextOf(input.Rest());
  ProcessRunnerOptions options;
  options.name = "hostile";
  options.argv = {FUZZ_HOSTILE_CHILD, script.string()};
  options.start_timeout = std::chrono::milliseconds(3'000);
  options.load_timeout = options.start_timeout;
  options.progress_timeout = options.start_timeout;
  StrictSink sink(spec);
  const Status status = ProcessRunner(options).Run(spec, sink, CancelToken());
  if (status.ok()) {
    FUZZ_REQUIRE(sink.Whole());
  } else {
    FUZZ_REQUIRE(!status.reason().empty());
    FUZZ_REQUIRE(!status.message().empty());
  }
  return 0;
}
