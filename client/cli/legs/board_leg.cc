#include "client/cli/legs/board_leg.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "client/cli/legs/tap_reader.h"
#include "client/cli/network/fixed_layers.h"
#include "common/base/file.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"
#include "common/npu/model/container.h"
#include "common/ring/canary.h"
#include "common/ring/layer_record.h"
#include "common/ring/message_io.h"
#include "common/ring/wire_desc.h"
#include "common/runner/failure.h"
#include "common/tensor/tensor.h"

namespace plumb::client {
namespace {

constexpr std::chrono::seconds kPatience{3};  // for a child that said all it has to say

Status Lies(const std::string& what) {
  return DataLossError("the virtual board " + what).WithReason(kReasonProtocol);
}

bool IsUnwritten(uint32_t output, const std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> canary(bytes.size());
  ring::FillCanary(output, canary.data(), canary.size());
  return bytes == canary;
}

// What the child shows, checked against the model it was given.
class Stream {
 public:
  Stream(const BoardLegRequest& request, TapReader& reader, DumpOutput& output)
      : model_(*request.model),
        reader_(reader),
        output_(output) {
    for (size_t i = 0; i < model_.ops.size(); ++i) {
      op_of_[model_.ops[i].output] = i;
    }
  }

  // Until the child said that it is done. Errors of `output` are kept apart in output_error().
  Status Take(std::vector<std::string>& notes) {
    for (;;) {
      ring::TapRecord record{};
      PLUMB_RETURN_IF_ERROR(reader_.Read({reinterpret_cast<uint8_t*>(&record), sizeof record}));
      if (record.magic != ring::kTapMagic) {
        return Lies("writes something else than layers");
      }
      if (record.kind == ring::TapKind::kDone) {
        return OkStatus();
      }
      PLUMB_RETURN_IF_ERROR(TakeOne(record, notes));
    }
  }

  [[nodiscard]] size_t layers() const { return layer_; }

  [[nodiscard]] const Status& output_error() const { return output_error_; }

 private:
  Status TakeOne(const ring::TapRecord& record, std::vector<std::string>& notes) {
    switch (record.kind) {
      case ring::TapKind::kLayer:
        return TakeLayer(record);
      case ring::TapKind::kOutput:
        return TakeOutput(record, notes);
      case ring::TapKind::kError:
        return TakeError(record);
      default:
        return Lies("sends a record of an unknown kind");
    }
  }

  Status Add(const Status& added) {
    output_error_ = added;
    return added;
  }

  Status TakeLayer(const ring::TapRecord& record) {
    if (layer_ >= model_.ops.size()) {
      return Lies("shows more layers than the model has");
    }
    const uint32_t index = model_.ops[layer_].output;
    const npu::FixedTensor& tensor = model_.tensors.at(index);
    const uint64_t count = tensor.shape.element_count().value_or(0);
    const std::string name = ring::ReadText(record.tensor.name, sizeof record.tensor.name);
    if (record.byte_size != count * sizeof(int16_t) || !tensor.name.starts_with(name)) {
      return Lies("shows '" + EscapeForDisplay(name) + "' of " + std::to_string(record.byte_size) +
                  " bytes where the model has '" + EscapeForDisplay(tensor.name) + "'");
    }
    std::vector<int16_t> stored(static_cast<size_t>(count));
    PLUMB_RETURN_IF_ERROR(
        reader_.Read({reinterpret_cast<uint8_t*>(stored.data()), stored.size() * sizeof(int16_t)}));
    const size_t op = layer_++;
    const bool is_output =
        std::find(model_.outputs.begin(), model_.outputs.end(), index) != model_.outputs.end();
    if (is_output) {
      tapped_[index] = std::move(stored);
      return OkStatus();
    }
    return Add(AddFixedLayer(model_, op, stored, output_));
  }

  Status TakeError(const ring::TapRecord& record) {
    if (record.byte_size > ring::kMaxTapMessage) {
      return Lies("has too much to say about an error");
    }
    std::string text(static_cast<size_t>(record.byte_size), '\0');
    PLUMB_RETURN_IF_ERROR(reader_.Read({reinterpret_cast<uint8_t*>(text.data()), text.size()}));
    const size_t line = std::min(text.find('\n'), text.size());
    const std::string hint = line < text.size() ? text.substr(line + 1) : "";
    return UnavailableError(EscapeForDisplay(text.substr(0, line)))
        .WithReason(kReasonInvokeFailed)
        .WithHint(EscapeForDisplay(hint));
  }

  Status TakeOutput(const ring::TapRecord& record, std::vector<std::string>& notes) {
    PLUMB_ASSIGN_OR_RETURN(const TensorDesc desc, FromTensorRecord(record.tensor));
    const uint32_t place = record.tensor.index;
    if (place >= model_.outputs.size()) {
      return Lies("delivers more outputs than the model has");
    }
    const TensorDesc& expected = model_.chip->outputs.at(place).desc;
    if (record.byte_size != desc.aligned_size || desc.aligned_size / 8 > expected.aligned_size) {
      return Lies("delivers output '" + EscapeForDisplay(desc.name) + "' in " +
                  std::to_string(record.byte_size) + " bytes");
    }
    std::vector<uint8_t> bytes(static_cast<size_t>(record.byte_size));
    PLUMB_RETURN_IF_ERROR(reader_.Read(bytes));
    if (IsUnwritten(place, bytes)) {
      notes.push_back("output '" + desc.name +
                      "' was never written: its buffer holds what was put "
                      "there before Invoke");
    }
    if (desc.element_type != expected.element_type || desc.shape != expected.shape ||
        desc.scale != expected.scale || desc.zero_point != expected.zero_point) {
      notes.push_back("the board describes output '" + desc.name + "' as " + DescribeTensor(desc) +
                      ", the offline model as " + DescribeTensor(expected));
    }
    PLUMB_ASSIGN_OR_RETURN(const std::vector<double> delivered,
                           RealValues({desc, Buffer::FromVector(std::move(bytes))}));
    return AddOutput(model_.outputs[place], desc, delivered, notes);
  }

  // INT16 and FP32 carry the scale as a float; the layers of the other legs were dequantised with
  // the double. What is a stored value after all becomes the same number as there.
  [[nodiscard]] static float RealOf(double value, const TensorDesc& desc, double scale) {
    const double step = desc.scale > 0 && desc.element_type != ElementType::kFloat32
                            ? static_cast<double>(desc.scale)
                            : static_cast<double>(static_cast<float>(scale));
    const double q = std::nearbyint(value / step);
    const bool stored = static_cast<float>(q * step) == static_cast<float>(value);
    return static_cast<float>(stored ? q * scale : value);
  }

  Status AddOutput(uint32_t index,
                   const TensorDesc& desc,
                   const std::vector<double>& delivered,
                   std::vector<std::string>& notes) {
    const auto op = op_of_.find(index);
    if (op == op_of_.end()) {
      return OkStatus();  // an input handed through
    }
    const npu::FixedTensor& tensor = model_.tensors.at(index);
    if (delivered.size() != tensor.shape.element_count()) {
      return Lies("delivers " + std::to_string(delivered.size()) + " elements of output '" +
                  EscapeForDisplay(tensor.name) + "', the model has " + tensor.shape.ToString());
    }
    std::vector<float> values;
    values.reserve(delivered.size());
    for (const double value : delivered) {
      values.push_back(RealOf(value, desc, tensor.scale));
    }
    NoteDelivery(index, values, notes);
    return Add(AddRealLayer(model_, op->second, values, output_));
  }

  // A layer that was computed right and delivered wrong is lost between chip and buffer.
  void NoteDelivery(uint32_t index,
                    const std::vector<float>& values,
                    std::vector<std::string>& notes) const {
    const auto tapped = tapped_.find(index);
    if (tapped == tapped_.end()) {
      return;
    }
    const npu::FixedTensor& tensor = model_.tensors.at(index);
    size_t different = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const int q = tapped->second[i] - tensor.zero_point;
      different += static_cast<float>(q * tensor.scale) != values[i];
    }
    if (different > 0) {
      notes.push_back("output '" + tensor.name +
                      "' as the vendor's call delivers it is not what "
                      "its layer computed: " +
                      std::to_string(different) + " of " + std::to_string(values.size()) +
                      " elements differ");
    }
  }

  const npu::FixedModel& model_;
  TapReader& reader_;
  DumpOutput& output_;
  std::map<uint32_t, size_t> op_of_;
  std::map<uint32_t, std::vector<int16_t>> tapped_;  // of outputs
  size_t layer_ = 0;
  Status output_error_;
};

std::string LastWords(const std::filesystem::path& log) {
  const auto text = ReadFile(log, uint64_t{1} << 20U);
  if (!text.ok()) {
    return "";
  }
  const std::string_view all = Trim(text->view());
  const size_t keep = std::min<size_t>(all.size(), 600);
  return EscapeForDisplay(all.substr(all.size() - keep));
}

struct Child {
  Subprocess process;
  UniqueFd pipe;
};

Result<std::vector<std::string>> Arguments(const BoardLegRequest& request) {
  PLUMB_ASSIGN_OR_RETURN(const auto program, ProgramPath());
  PLUMB_ASSIGN_OR_RETURN(const auto bytes, npu::SerializeModel(*request.model));
  const auto model = request.folder / "board.img";
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(model, bytes));
  std::vector<std::string> argv = {(program.parent_path() / "plumb-virtual-tap").string(),
                                   std::string(FamilyName(request.board.family)),
                                   model.string()};
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    const auto input = request.folder / ("board_input" + std::to_string(i) + ".bin");
    PLUMB_RETURN_IF_ERROR(WriteFileAtomically(input, request.inputs[i]));
    argv.push_back(input.string());
  }
  return argv;
}

Result<Child> StartChild(const BoardLegRequest& request, const std::filesystem::path& log_path) {
  SubprocessOptions options;
  PLUMB_ASSIGN_OR_RETURN(options.argv, Arguments(request));
  options.extra_environment = {{"PLUMB_VIRTUAL_FAMILY", options.argv[1]},
                               {"PLUMB_VIRTUAL_FAULT", request.board.fault}};
  int ends[2] = {-1, -1};  // NOLINT(modernize-avoid-c-arrays): pipe2 fills it
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return ErrnoError(errno, "a pipe for the virtual board");
  }
  UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  const UniqueFd log(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!log.valid() || !null.valid()) {
    return ErrnoError(errno, "the virtual board's log");
  }
  options.descriptors = {
      {0, null.get()}, {1, log.get()}, {2, log.get()}, {ring::kTapFd, write_end.get()}};
  auto process = Subprocess::Start(options);
  if (!process.ok()) {
    return process.status()
        .Annotate("starting the virtual board")
        .WithReason(kReasonRuntimeUnavailable)
        .WithHint("plumb-virtual-tap must lie beside plumb; build it with: tools/build");
  }
  return Child{std::move(process).value(), std::move(read_end)};
}

// What the stream's end means, now that the child can be asked.
Status EndOf(const Status& stream,
             size_t layers,
             const BoardLegRequest& request,
             const std::filesystem::path& log,
             Subprocess& process) {
  const std::string progress = "after " + std::to_string(layers) + " of " +
                               std::to_string(request.model->ops.size()) + " layers";
  if (stream.ok()) {
    process.WaitFor(kPatience);
    return stream;
  }
  if (stream.code() == StatusCode::kDeadlineExceeded) {
    return DeadlineExceededError("the virtual board gave no answer for " +
                                 std::to_string(request.timeout.count() / 1000) + " s, " + progress)
        .WithReason(kReasonRunnerHung)
        .WithHint("--timeout says how long to wait");
  }
  if (!stream.reason().empty()) {
    return stream;
  }
  const auto ended = process.WaitFor(kPatience);
  return UnavailableError("the virtual board's process ended with " +
                          (ended ? ended->ToString() : "no word") + " " + progress + ": " +
                          LastWords(log))
      .WithReason(kReasonRunnerCrashed);
}

}  // namespace

Result<BoardLegResult> RunBoardLeg(const BoardLegRequest& request,
                                   const CancelToken& cancel,
                                   DumpOutput& output) {
  const auto log = request.folder / "board.log";
  PLUMB_ASSIGN_OR_RETURN(Child child, StartChild(request, log));
  TapReader reader(std::move(child.pipe), cancel, request.timeout);
  Stream stream(request, reader, output);
  BoardLegResult result;
  const Status taken = stream.Take(result.notes);
  PLUMB_RETURN_IF_ERROR(cancel.status());
  PLUMB_RETURN_IF_ERROR(stream.output_error());
  result.end = EndOf(taken, stream.layers(), request, log, child.process);
  return result;
}

}  // namespace plumb::client
