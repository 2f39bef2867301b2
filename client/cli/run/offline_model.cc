#include "client/cli/run/offline_model.h"

#include <utility>

#include "client/cli/frame/usage.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/npu/model/container.h"

namespace plumb::client {

Result<std::shared_ptr<const npu::FixedModel>> ReadOfflineModel(const std::string& where,
                                                                const std::string& file,
                                                                bool builtin) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, MapFile(file));
  auto model = npu::ParseModel(bytes);
  if (model.ok() && model->chip) {
    return std::make_shared<const npu::FixedModel>(std::move(model).value());
  }
  if (!builtin) {
    return std::shared_ptr<const npu::FixedModel>();
  }
  const std::string name = where + "'" + EscapeForDisplay(file) + "' ";
  if (bytes.view().starts_with("SGSI")) {
    return UsageError(name +
                          "is an offline model of the vendor's, which the built-in simulator "
                          "cannot run",
                      "run the SDK's own simulator, --simulator sgs, or compare with a recorded "
                      "run: --reference RUN");
  }
  if (!model.ok()) {
    return UsageError(name + "is no offline model: " + model.status().message(),
                      "make one with: plumb quantize, then plumb compile");
  }
  return UsageError(name + "is a fixed model, not yet an offline model for a chip",
                    "compile it: plumb compile --model " + file + " --chip S6 --out model.img");
}

size_t FilesOfExecution(const npu::FixedModel& model) {
  return model.inputs.size() * (model.chip ? model.chip->batch : 1);
}

}  // namespace plumb::client
