#include "agent/tap/tap.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "agent/runner/mi_session.h"
#include "agent/virtual_ipu/layer_tap.h"
#include "common/base/file.h"
#include "common/ring/canary.h"
#include "common/ring/layer_record.h"

namespace plumb::tap {
namespace {

using ring::ErrorKind;
using ring::Outcome;
using ring::TapKind;
using ring::TapRecord;

class RecordWriter {
 public:
  explicit RecordWriter(int fd) : fd_(fd) {}

  // Nothing more is written once the reader is gone.
  void Write(TapKind kind, const ring::TensorRecord& tensor, std::span<const uint8_t> bytes) {
    TapRecord record{};
    record.magic = ring::kTapMagic;
    record.kind = kind;
    record.byte_size = bytes.size();
    record.tensor = tensor;
    Push({reinterpret_cast<const uint8_t*>(&record), sizeof record});
    Push(bytes);
  }

  [[nodiscard]] bool ok() const { return ok_; }

 private:
  void Push(std::span<const uint8_t> bytes) {
    while (ok_ && !bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written > 0) {
        bytes = bytes.subspan(static_cast<size_t>(written));
      } else if (written == 0 || errno != EINTR) {
        ok_ = false;
      }
    }
  }

  int fd_;
  bool ok_ = true;
};

void ShowLayer(void* context, const PlumbVirtualLayer* layer) {
  ring::TensorRecord tensor{};
  tensor.mi_format = layer->element_format;
  tensor.rank = std::min<uint32_t>(layer->dim_count, ring::kMaxRank);
  std::copy_n(layer->dims, tensor.rank, tensor.dims);
  tensor.scale = static_cast<float>(layer->scale);
  tensor.zero_point = layer->zero_point;
  const std::string name(layer->name);
  name.copy(tensor.name, sizeof tensor.name - 1);
  static_cast<RecordWriter*>(context)->Write(
      TapKind::kLayer,
      tensor,
      {reinterpret_cast<const uint8_t*>(layer->values),
       static_cast<size_t>(layer->element_count) * sizeof(int16_t)});
}

Outcome FillInputs(const std::vector<std::string>& files,
                   const ring::Description& model,
                   mi::Session& session) {
  if (files.size() != model.inputs.size()) {
    return ring::Failure(ErrorKind::kInputRefused,
                         "the model has " + std::to_string(model.inputs.size()) +
                             " inputs, got files for " + std::to_string(files.size()));
  }
  for (uint32_t i = 0; i < files.size(); ++i) {
    const ring::TensorRecord& tensor = model.inputs[i];
    const auto bytes = ReadFile(files[i], tensor.aligned_size);
    if (!bytes.ok() || bytes->size() < tensor.payload_size) {
      return ring::Failure(
          ErrorKind::kInputRefused,
          bytes.ok() ? "the input '" + files[i] + "' is too short" : bytes.status().message());
    }
    std::memset(session.InputData(i), 0, static_cast<size_t>(tensor.aligned_size));
    std::memcpy(session.InputData(i), bytes->data(), bytes->size());
  }
  return {};
}

Outcome Tap(const mi::Library& library, const mi::Session& session, RecordWriter& writer) {
  decltype(&PlumbVirtualTapLayers) tap_layers = nullptr;
  std::string missing;
  if (!library.Bind("PlumbVirtualTapLayers", &tap_layers, &missing)) {
    return ring::Failure(ErrorKind::kRuntimeUnavailable,
                         library.path() + " shows no layers: it is not the virtual IPU",
                         "a chip shows its outputs alone: compare those with plumb run");
  }
  const MI_S32 number = tap_layers(session.channel(), ShowLayer, &writer);
  return number == MI_SUCCESS ? Outcome()
                              : ring::Failure(ErrorKind::kInternal, "the layers cannot be tapped");
}

Outcome RunModel(const TapRequest& request,
                 const mi::Library& library,
                 mi::Session& session,
                 RecordWriter& writer) {
  ring::Description model;
  mi::SessionOptions options;
  options.model_path = request.model;
  Outcome outcome = session.Open(options, &model);
  outcome = outcome.ok ? FillInputs(request.inputs, model, session) : outcome;
  outcome = outcome.ok ? Tap(library, session, writer) : outcome;
  for (uint32_t i = 0; outcome.ok && i < model.outputs.size(); ++i) {
    ring::FillCanary(i, session.OutputData(i), static_cast<size_t>(model.outputs[i].aligned_size));
  }
  ring::Invoked invoked{};
  outcome = outcome.ok ? session.Invoke(&invoked) : outcome;
  for (uint32_t i = 0; outcome.ok && i < model.outputs.size(); ++i) {
    ring::TensorRecord tensor = model.outputs[i];
    tensor.role = ring::TensorRole::kOutput;
    tensor.index = i;
    writer.Write(TapKind::kOutput,
                 tensor,
                 {session.OutputData(i), static_cast<size_t>(tensor.aligned_size)});
  }
  return outcome;
}

}  // namespace

bool Run(const TapRequest& request) {
  RecordWriter writer(request.out);
  // The library stays open to the end of the process, as mi::Library says.
  mi::Library library;
  Outcome outcome = library.Open(request.library);
  if (outcome.ok) {
    mi::Session session(library);
    outcome = RunModel(request, library, session, writer);
  }
  std::string text = outcome.message + "\n" + outcome.hint;
  text.resize(std::min<size_t>(text.size(), ring::kMaxTapMessage));
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  writer.Write(outcome.ok ? TapKind::kDone : TapKind::kError,
               {},
               outcome.ok ? std::span<const uint8_t>() : std::span(bytes, text.size()));
  return writer.ok();
}

}  // namespace plumb::tap
