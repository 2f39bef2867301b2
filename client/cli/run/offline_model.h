// The model of a run, looked at before anything is uploaded.
#pragma once

#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/npu/model/model.h"

namespace plumb::client {

// Null for a model that is not ours, which another simulator or a recorded reference may know. With
// `builtin`, the built-in simulator being the reference, such a model is a usage error that says
// what to do; its message begins with `where` ("--model: ").
Result<std::shared_ptr<const npu::FixedModel>> ReadOfflineModel(const std::string& where,
                                                                const std::string& file,
                                                                bool builtin);

// How many files make one execution: a model of several batches takes each of its inputs so often.
size_t FilesOfExecution(const npu::FixedModel& model);

}  // namespace plumb::client
