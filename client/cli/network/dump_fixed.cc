#include <filesystem>
#include <utility>

#include "client/cli/frame/usage.h"
#include "client/cli/network/fixed_layers.h"
#include "common/base/file.h"

namespace plumb::client {
namespace {

// F.map beside F.bin: what the quantiser fused, which the other stages show and this one does not.
std::filesystem::path MapBeside(const std::string& out) {
  return std::filesystem::path(out).replace_extension(".map");
}

}  // namespace

Result<DumpResult> DumpFixed(const DumpRequest& request,
                             const std::shared_ptr<const npu::FixedModel>& model,
                             VerbContext& context) {
  if (MapBeside(request.out) == std::filesystem::path(request.out)) {
    return UsageError("--out: " + request.out + " is where the fusion map goes",
                      "give the dump another extension, for example .bin");
  }
  PLUMB_ASSIGN_OR_RETURN(const auto stored, StoredInputsOf(request, *model, context.cancel));
  PLUMB_ASSIGN_OR_RETURN(DumpOutput output,
                         DumpOutput::Create(request.out, false, model->ops.size(), context));
  PLUMB_RETURN_IF_ERROR(RunFixedLayers(model, stored, output));
  PLUMB_RETURN_IF_ERROR(output.Commit());
  PLUMB_ASSIGN_OR_RETURN(const std::string map, layers::FormatFusionMap(FusionMapOf(*model)));
  PLUMB_RETURN_IF_ERROR(WriteFileAtomically(MapBeside(request.out), std::string_view(map)));
  return DumpResult{"", output.counts()};
}

}  // namespace plumb::client
