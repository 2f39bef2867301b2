#include <cstring>

#include "agent/runner/self_test/checks.h"

namespace plumb {
namespace mi {
namespace {

char* ModelPath(Context* context) {
  return const_cast<char*>(context->model_path.c_str());
}

MI_S32 AskChannelZero(Context* context) {
  const Descriptors descriptors(context->generation());
  return context->call.get_desc(0, descriptors.room());
}

}  // namespace

Finding ModelCanBeAskedFirst(Context* context) {
  StaticInfo info;
  std::memset(&info, 0, sizeof info);
  const MI_S32 number = context->call.static_info(nullptr, ModelPath(context), &info);
  if (number != MI_SUCCESS) {
    return Broken("GetOfflineModeStaticInfo gave " + context->Number(number));
  }
  return info.u32OfflineModelSize == context->model.size()
             ? Holds()
             : Broken("the model has " + std::to_string(context->model.size()) +
                      " bytes, the library says " + std::to_string(info.u32OfflineModelSize));
}

Finding NoDeviceIsToldApart(Context* context) {
  return context->Expect(
      "GetInOutTensorDesc", AskChannelZero(context), E_IPU_ERR_NO_CREATED_IPU_DEVICE);
}

Finding DeviceOpens(Context* context) {
  StaticInfo info;
  std::memset(&info, 0, sizeof info);
  if (context->call.static_info != nullptr) {
    context->call.static_info(nullptr, ModelPath(context), &info);
  }
  DevAttr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.u32MaxVariableBufSize = info.u32VariableBufferSize;
  char* firmware =
      context->firmware.empty() ? nullptr : const_cast<char*>(context->firmware.c_str());
  const MI_S32 number = context->call.create_device(&attributes, nullptr, firmware, 0);
  context->device = number == MI_SUCCESS;
  return context->Expect("CreateDevice", number, MI_SUCCESS);
}

Finding DeviceCloses(Context* context) {
  if (!context->device) {
    return Skipped("there is no device");
  }
  const MI_S32 number = context->call.destroy_device();
  if (number != MI_SUCCESS) {
    return Broken("DestroyDevice gave " + context->Number(number));
  }
  return context->Expect(
      "GetInOutTensorDesc", AskChannelZero(context), E_IPU_ERR_NO_CREATED_IPU_DEVICE);
}

}  // namespace mi
}  // namespace plumb
