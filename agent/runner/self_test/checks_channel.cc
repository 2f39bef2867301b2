#include <cstring>
#include <initializer_list>

#include "agent/runner/self_test/checks.h"

namespace plumb {
namespace mi {
namespace {

// The context of the read function: what CreateCHN reads from.
struct InMemory {
  const uint8_t* bytes;
  size_t size;
};

int ReadFromMemory(void* target, int offset, int size, char* context) {
  // By way of void: the bytes are an InMemory's, so they are aligned as one.
  const auto* memory = static_cast<const InMemory*>(static_cast<const void*>(context));
  if (offset < 0 || size < 0 ||
      static_cast<size_t>(offset) + static_cast<size_t>(size) > memory->size) {
    return -1;
  }
  std::memcpy(target, memory->bytes + offset, static_cast<size_t>(size));
  return size;
}

MI_S32 CreateFrom(Context* context, const std::vector<uint8_t>& bytes, MI_IPU_CHN* channel) {
  InMemory memory{bytes.data(), bytes.size()};
  ChnAttr attributes = ChannelAttributes(1);
  return context->call.create_channel(
      channel, &attributes, ReadFromMemory, reinterpret_cast<char*>(&memory));
}

std::string At(const ring::TensorRecord& record) {
  return "tensor '" + std::string(record.name) + "': ";
}

Finding CheckOne(const Context& context, const ring::TensorRecord& record) {
  Rows rows;
  if (record.mi_format > MI_IPU_FORMAT_COMPLEX64 || record.mi_format == MI_IPU_FORMAT_UNKNOWN) {
    return Broken(At(record) + "element format " + std::to_string(record.mi_format));
  }
  // The shape of these says nothing of their buffers' sizes.
  const bool planes = record.mi_format == MI_IPU_FORMAT_NV12 ||
                      record.mi_format == MI_IPU_FORMAT_ARGB8888 ||
                      record.mi_format == MI_IPU_FORMAT_ABGR8888;
  if (!planes && !RowsOf(record, &rows)) {
    return Broken(At(record) + "its rows do not fit into " + std::to_string(record.aligned_size) +
                  " bytes");
  }
  if (context.generation() == Generation::kC && record.payload_size > record.aligned_size) {
    return Broken(At(record) + "a payload of " + std::to_string(record.payload_size) +
                  " bytes in a buffer of " + std::to_string(record.aligned_size));
  }
  return Holds();
}

}  // namespace

Finding UnknownChannelIsRefused(Context* context) {
  const MI_IPU_CHN far = MaxChannels(context->generation()) + 7;
  for (const MI_IPU_CHN channel : {MI_IPU_CHN{0}, far}) {
    const MI_S32 number = context->call.destroy_channel(channel);
    if (number != E_IPU_ERR_INVALID_CHNID && number != E_IPU_ERR_CHNID_UNEXIST) {
      return Broken("DestroyCHN(" + std::to_string(channel) + ") gave " + context->Number(number));
    }
  }
  return Holds();
}

Finding MissingModelIsRefused(Context* context) {
  ChnAttr attributes = ChannelAttributes(1);
  std::string path = context->model_path + ".is-not-there";
  MI_IPU_CHN channel = 0;
  const MI_S32 number = context->call.create_channel(&channel, &attributes, nullptr, &path[0]);
  if (number == MI_SUCCESS) {
    context->call.destroy_channel(channel);
    return Broken("CreateCHN took a file that does not exist");
  }
  return Holds();
}

// One bit in the last quarter, where weights lie, and a model cut short.
Finding DamagedModelIsRefused(Context* context) {
  std::vector<uint8_t> flipped = context->model;
  flipped[flipped.size() - flipped.size() / 4 - 1] ^= 0x10;
  const std::vector<uint8_t> cut(
      context->model.begin(),
      context->model.begin() + static_cast<std::ptrdiff_t>(context->model.size() / 2));
  for (const std::vector<uint8_t>* bytes :
       std::initializer_list<const std::vector<uint8_t>*>{&flipped, &cut}) {
    MI_IPU_CHN channel = 0;
    if (CreateFrom(context, *bytes, &channel) == MI_SUCCESS) {
      context->call.destroy_channel(channel);
      return Broken(bytes == &cut ? "CreateCHN took half a model"
                                  : "CreateCHN took a model with one wrong bit");
    }
  }
  return Holds();
}

Finding DepthsGoUpToThree(Context* context) {
  {
    const OpenedChannel three(context, 3);
    if (!three.problem().empty()) {
      return Broken("depth 3: " + three.problem());
    }
  }
  ChnAttr attributes = ChannelAttributes(4);
  MI_IPU_CHN channel = 0;
  const MI_S32 number = context->call.create_channel(
      &channel, &attributes, nullptr, const_cast<char*>(context->model_path.c_str()));
  if (number == MI_SUCCESS) {
    context->call.destroy_channel(channel);
  }
  return context->Expect("depth 4", number, E_IPU_ERR_ILLEGAL_BUFFER_DEPTH);
}

Finding DescriptorsAreConsistent(Context* context) {
  const OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  const Descriptors descriptors(context->generation());
  const MI_S32 number = context->call.get_desc(channel.number(), descriptors.room());
  if (number != MI_SUCCESS) {
    return Broken("GetInOutTensorDesc gave " + context->Number(number));
  }
  if (descriptors.overrun()) {
    return Broken("the library fills a longer table than " +
                  std::string(GenerationName(context->generation())) + " has: see --abi");
  }
  const ring::Outcome read = descriptors.Read(&context->tensors);
  if (!read.ok || context->tensors.inputs.empty() || context->tensors.outputs.empty()) {
    return Broken(read.ok ? "the model has no input or no output" : read.message);
  }
  Finding finding;
  for (const auto* records : {&context->tensors.inputs, &context->tensors.outputs}) {
    for (const auto& record : *records) {
      finding = finding.state == Finding::State::kHolds ? CheckOne(*context, record) : finding;
    }
  }
  return finding;
}

Finding ModelCanComeFromMemory(Context* context) {
  MI_IPU_CHN channel = 0;
  const MI_S32 number = CreateFrom(context, context->model, &channel);
  if (number != MI_SUCCESS) {
    return Broken("CreateCHN with a read function gave " + context->Number(number));
  }
  context->call.destroy_channel(channel);
  return Holds();
}

Finding PoolIsAsDeepAsAsked(Context* context) {
  const OpenedChannel channel(context, 1);
  if (!channel.problem().empty()) {
    return Broken(channel.problem());
  }
  TensorVector second;
  std::memset(&second, 0, sizeof second);
  const MI_S32 number = context->call.get_inputs(channel.number(), &second);
  if (number == MI_SUCCESS) {
    context->call.put_inputs(channel.number(), &second);
  }
  return context->Expect("a second GetInputTensors", number, E_IPU_ERR_NOBUF);
}

}  // namespace mi
}  // namespace plumb
