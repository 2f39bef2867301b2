#include "server/simulator/program/reference_engine.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/npu/io/io.h"
#include "common/npu/model/container.h"
#include "common/ring/batch_name.h"
#include "common/ring/wire_desc.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

ring::Outcome ToOutcome(const Status& status, ring::ErrorKind otherwise) {
  if (status.ok()) {
    return {};
  }
  ring::ErrorKind kind = otherwise;
  if (status.code() == StatusCode::kResourceExhausted) {
    kind = ring::ErrorKind::kOutOfMemory;
  } else if (status.reason() == kReasonUsage) {
    kind = ring::ErrorKind::kUsage;
  }
  return ring::Failure(kind, status.message(), status.hint());
}

Result<std::optional<npu::RoundingProfile>> ParseProfile(const std::string& name) {
  if (name.empty()) {
    return std::optional<npu::RoundingProfile>();
  }
  const auto profile = npu::ParseRoundingProfile(name);
  if (!profile) {
    return InvalidArgumentError("rounding profile '" + EscapeForDisplay(name) + "' is not one of " +
                                Join(npu::KnownRoundingProfiles(), ", "))
        .WithReason(kReasonUsage);
  }
  return profile;
}

Result<npu::FixedModel> ReadOfflineModel(const std::string& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, MapFile(path));
  PLUMB_ASSIGN_OR_RETURN(npu::FixedModel model, npu::ParseModel(file));
  if (!model.chip) {
    return FailedPreconditionError("the model is a fixed model, not an offline model for a chip")
        .WithHint("compile it: plumb compile --model FIXED --chip FAMILY --out M.img");
  }
  return model;
}

// Adds one tensor of one batch: its record and its buffer.
Status AddTensor(const TensorDesc& desc,
                 uint32_t batch,
                 std::vector<ring::TensorRecord>& records,
                 std::vector<std::vector<uint8_t>>& buffers) {
  TensorDesc named = desc;
  named.name = ring::BatchTensorName(desc.name, batch);
  PLUMB_ASSIGN_OR_RETURN(const ring::TensorRecord record, ToTensorRecord(named));
  records.push_back(record);
  buffers.emplace_back(static_cast<size_t>(desc.aligned_size));
  return OkStatus();
}

std::vector<int16_t> ValuesFor(const npu::FixedTensor& tensor) {
  return std::vector<int16_t>(static_cast<size_t>(tensor.shape.element_count().value_or(0)));
}

}  // namespace

ring::Outcome ReferenceEngine::Load(const ring::LoadRequest& request,
                                    ring::Description* description) {
  return ToOutcome(Prepare(request, *description), ring::ErrorKind::kModelRefused);
}

Status ReferenceEngine::Prepare(const ring::LoadRequest& request, ring::Description& description) {
  npu::ReferenceExecutor::Options options;
  PLUMB_ASSIGN_OR_RETURN(options.rounding, ParseProfile(request.rounding_profile));
  PLUMB_ASSIGN_OR_RETURN(npu::FixedModel model, ReadOfflineModel(request.model_path));
  model_ = std::make_shared<const npu::FixedModel>(std::move(model));
  PLUMB_ASSIGN_OR_RETURN(executor_, npu::ReferenceExecutor::Create(model_, options));
  for (uint32_t batch = 0; batch < model_->chip->batch; ++batch) {
    PLUMB_RETURN_IF_ERROR(AddBatch(batch, description));
  }
  const npu::RoundingProfile profile = options.rounding.value_or(model_->rounding);
  description.sdk = "builtin simulator, family " + std::string(FamilyName(model_->chip->family)) +
                    ", " + std::string(npu::RoundingProfileName(profile));
  return OkStatus();
}

Status ReferenceEngine::AddBatch(uint32_t batch, ring::Description& description) {
  for (size_t i = 0; i < model_->inputs.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(
        AddTensor(model_->chip->inputs[i].desc, batch, description.inputs, input_buffers_));
    if (batch == 0) {
      input_values_.push_back(ValuesFor(model_->tensors[model_->inputs[i].tensor]));
    }
  }
  for (size_t i = 0; i < model_->outputs.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(
        AddTensor(model_->chip->outputs[i].desc, batch, description.outputs, output_buffers_));
    if (batch == 0) {
      output_values_.push_back(ValuesFor(model_->tensors[model_->outputs[i]]));
    }
  }
  return OkStatus();
}

ring::Outcome ReferenceEngine::Invoke(ring::Invoked* invoked) {
  const auto start = std::chrono::steady_clock::now();
  Status status;
  for (uint32_t batch = 0; status.ok() && batch < model_->chip->batch; ++batch) {
    status = Run(batch);
  }
  const auto end = std::chrono::steady_clock::now();
  invoked->duration_ns = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(end - start).count());
  return ToOutcome(status, ring::ErrorKind::kInvokeFailed);
}

Status ReferenceEngine::Run(uint32_t batch) {
  const size_t first_input = batch * input_values_.size();
  const size_t first_output = batch * output_values_.size();
  for (size_t i = 0; i < input_values_.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(
        npu::ReadInput(*model_, i, input_buffers_[first_input + i], input_values_[i]));
  }
  const std::vector<std::span<const int16_t>> inputs(input_values_.begin(), input_values_.end());
  const std::vector<std::span<int16_t>> outputs(output_values_.begin(), output_values_.end());
  PLUMB_RETURN_IF_ERROR(executor_->Run(inputs, outputs));
  for (size_t i = 0; i < output_values_.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(
        npu::WriteOutput(*model_, i, output_values_[i], 0, output_buffers_[first_output + i]));
  }
  return OkStatus();
}

}  // namespace plumb::server
