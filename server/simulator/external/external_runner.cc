#include "server/simulator/external/external_runner.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/ring/input_rule.h"
#include "common/ring/output_check.h"
#include "common/runner/failure.h"
#include "common/runner/limits.h"

namespace plumb::server {
namespace {

constexpr uint64_t kChunk = uint64_t{256} << 10U;

Result<std::filesystem::path> WriteZeros(const std::filesystem::path& folder,
                                         size_t index,
                                         uint64_t size) {
  const auto path = folder / ("zeros_" + std::to_string(index) + ".bin");
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid() || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
    return ErrnoError(errno, "cannot write '" + EscapeForDisplay(path.string()) + "'");
  }
  return path;
}

Result<bool> IsZero(const std::filesystem::path& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path, kMaxModelTensorBytes));
  return std::all_of(
      bytes.span().begin(), bytes.span().end(), [](uint8_t byte) { return byte == 0; });
}

// One Run: the state between its steps.
class Execution {
 public:
  Execution(Computation& computation,
            const RunSpec& spec,
            TensorSink& sink,
            const CancelToken& cancel)
      : computation_(computation),
        spec_(spec),
        sink_(sink),
        cancel_(cancel) {}

  Status Run() {
    PLUMB_RETURN_IF_ERROR(cancel_.status());
    PLUMB_RETURN_IF_ERROR(OpenInputs());
    if (spec_.probe) {
      PLUMB_RETURN_IF_ERROR(Probe());
    }
    for (uint32_t repetition = 0; repetition < spec_.repetitions; ++repetition) {
      PLUMB_RETURN_IF_ERROR(Repeat(repetition));
    }
    return OkStatus();
  }

  // True when the error came from the program and not from the sink.
  [[nodiscard]] bool program_failed() const { return program_failed_; }

 private:
  Status OpenInputs() {
    if (!spec_.rounding_profile.empty()) {
      return InvalidArgumentError("only the built-in simulator has rounding profiles")
          .WithReason(kReasonUsage);
    }
    for (const Artifact& input : spec_.inputs) {
      const auto size = FileSize(input.path);
      if (!size.ok() || *size > kMaxModelTensorBytes) {
        return (size.ok() ? InvalidArgumentError("input '" + EscapeForDisplay(input.path.string()) +
                                                 "' is larger than a model's input can be")
                          : size.status().Annotate("input"))
            .WithReason(kReasonUsage);
      }
      inputs_.push_back(std::filesystem::absolute(input.path));
      sizes_.push_back(*size);
    }
    return OkStatus();
  }

  Result<Produced> Compute(const std::vector<std::filesystem::path>& inputs) {
    program_failed_ = true;
    // The program runs in a folder of its own.
    const auto model = std::filesystem::absolute(spec_.model.path);
    PLUMB_ASSIGN_OR_RETURN(Produced produced, computation_.Compute({model, inputs}, cancel_));
    PLUMB_RETURN_IF_ERROR(CheckInputs(produced.model.inputs));
    const bool same = !told_ || produced.model.outputs == model_.outputs;
    if (!same) {
      return DataLossError("the simulator describes other outputs than the first time")
          .WithReason(kReasonSimulatorBadOutput)
          .WithHint("run it by hand twice and compare what it writes");
    }
    program_failed_ = false;
    if (!told_) {
      model_ = produced.model;
      PLUMB_RETURN_IF_ERROR(NameInputs());
      PLUMB_RETURN_IF_ERROR(sink_.OnModel(model_));
      told_ = true;
    }
    return produced;
  }

  // A program need not describe its inputs; then they are what they are here: so many bytes.
  Status NameInputs() {
    for (size_t i = model_.inputs.size(); i < inputs_.size(); ++i) {
      PLUMB_ASSIGN_OR_RETURN(TensorDesc desc,
                             MakeContiguousDesc("input " + std::to_string(i),
                                                ElementType::kUint8,
                                                Shape{static_cast<int64_t>(sizes_[i])}));
      model_.inputs.push_back(std::move(desc));
    }
    return OkStatus();
  }

  [[nodiscard]] Status CheckInputs(const std::vector<TensorDesc>& descs) const {
    if (!descs.empty() && descs.size() != inputs_.size()) {
      return InvalidArgumentError("the model has " + std::to_string(descs.size()) +
                                  " inputs, but " + std::to_string(inputs_.size()) + " were given")
          .WithReason(kReasonInputRefused)
          .WithHint("give one --input for each input of the model");
    }
    for (size_t i = 0; i < descs.size(); ++i) {
      PLUMB_RETURN_IF_ERROR(CheckInputSize(descs[i], sizes_[i], inputs_[i].string()));
    }
    return OkStatus();
  }

  Status Probe() {
    PLUMB_ASSIGN_OR_RETURN(const TempFolder folder, TempFolder::Create("plumb-probe-"));
    std::vector<std::filesystem::path> zeros;
    bool input_was_zero = true;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      PLUMB_ASSIGN_OR_RETURN(auto path, WriteZeros(folder.path(), i, sizes_[i]));
      zeros.push_back(std::move(path));
      PLUMB_ASSIGN_OR_RETURN(const bool zero, IsZero(inputs_[i]));
      input_was_zero = input_was_zero && zero;
    }
    PLUMB_ASSIGN_OR_RETURN(const Produced produced, Compute(zeros));
    std::vector<uint64_t> digests;
    for (uint32_t index = 0; index < model_.outputs.size(); ++index) {
      PLUMB_ASSIGN_OR_RETURN(const TensorEnd end, Examine(produced, 0, index));
      digests.push_back(end.valid_digest);
    }
    return sink_.OnProbe(digests, input_was_zero);
  }

  Status Repeat(uint32_t repetition) {
    PLUMB_ASSIGN_OR_RETURN(const Produced produced, Compute(inputs_));
    PLUMB_RETURN_IF_ERROR(sink_.OnInvoke({repetition, produced.invoke_ms}));
    for (uint32_t index = 0; index < model_.outputs.size(); ++index) {
      PLUMB_ASSIGN_OR_RETURN(const TensorEnd end, Examine(produced, repetition, index));
      if (repetition == 0) {
        first_digests_.push_back(end.valid_digest);
      }
      const bool news = repetition == 0 || end.valid_digest != first_digests_[index];
      PLUMB_RETURN_IF_ERROR(news ? Deliver(produced, end) : sink_.OnTensorEnd(end).status());
    }
    return OkStatus();
  }

  [[nodiscard]] Result<Buffer> Piece(const Produced& produced,
                                     uint32_t index,
                                     uint64_t offset) const {
    PLUMB_RETURN_IF_ERROR(cancel_.status());
    auto piece = produced.outputs[index].Read(
        offset, std::min(kChunk, model_.outputs[index].aligned_size - offset));
    return piece.ok()
               ? piece
               : piece.status().Annotate("reading an output").WithReason(kReasonSimulatorBadOutput);
  }

  Result<TensorEnd> Examine(const Produced& produced, uint32_t repetition, uint32_t index) const {
    PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(model_.outputs[index]));
    OutputCheck check(index, region);
    for (uint64_t offset = 0; offset < model_.outputs[index].aligned_size;) {
      PLUMB_ASSIGN_OR_RETURN(const Buffer piece, Piece(produced, index, offset));
      check.Feed(offset, piece.span());
      offset += piece.size();
    }
    TensorEnd end = check.Finish(repetition);
    end.canary_size = 0;
    return end;
  }

  Status Deliver(const Produced& produced, const TensorEnd& end) {
    const uint64_t size = model_.outputs[end.index].aligned_size;
    uint64_t offset = 0;
    do {
      while (offset < size) {
        PLUMB_ASSIGN_OR_RETURN(const Buffer piece, Piece(produced, end.index, offset));
        const uint64_t limit = offset + piece.size();
        PLUMB_ASSIGN_OR_RETURN(offset, sink_.OnChunk(end.repetition, end.index, offset, piece));
        PLUMB_RETURN_IF_ERROR(CheckOffset(offset, limit));
      }
      PLUMB_ASSIGN_OR_RETURN(offset, sink_.OnTensorEnd(end));
      PLUMB_RETURN_IF_ERROR(CheckOffset(offset, size));
    } while (offset < size);
    return OkStatus();
  }

  static Status CheckOffset(uint64_t offset, uint64_t limit) {
    return offset <= limit ? OkStatus() : InternalError("a sink wanted bytes it was not given yet");
  }

  Computation& computation_;
  const RunSpec& spec_;
  TensorSink& sink_;
  const CancelToken& cancel_;
  std::vector<std::filesystem::path> inputs_;
  std::vector<uint64_t> sizes_;
  ModelInfo model_;
  std::vector<uint64_t> first_digests_;
  bool told_ = false;
  bool program_failed_ = false;
};

bool BlamesBoard(const Status& status) {
  constexpr std::array<std::string_view, 4> kReasons = {
      kReasonModelRefused, kReasonInputRefused, kReasonOutOfMemory, kReasonInvokeFailed};
  return std::find(kReasons.begin(), kReasons.end(), status.reason()) != kReasons.end();
}

}  // namespace

Status ExternalRunner::Run(const RunSpec& spec, TensorSink& sink, const CancelToken& cancel) {
  Execution execution(*computation_, spec, sink, cancel);
  Status status = execution.Run();
  if (options_.failure_reason.empty() || !execution.program_failed() || !BlamesBoard(status)) {
    return status;
  }
  const Status renamed =
      Status(status.code(), status.message()).WithReason(options_.failure_reason);
  return status.hint().empty() ? renamed : Status(renamed).WithHint(status.hint());
}

}  // namespace plumb::server
