// A child of the ring protocol that follows a script of lies, given in a file: for each request a
// record of how to answer it. Plain and without sanitizers: it is started anew for every input.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "common/ring/message_io.h"

namespace {

using namespace plumb::ring;  // NOLINT(google-build-using-namespace): a program of one file

class Script {
 public:
  explicit Script(const char* path) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd < 0 ? 0 : ::read(fd, bytes_, sizeof bytes_);
    size_ = got > 0 ? static_cast<size_t>(got) : 0;
    if (fd >= 0) {
      ::close(fd);
    }
  }

  bool empty() const { return at_ >= size_; }

  uint32_t Byte() { return empty() ? 0 : bytes_[at_++]; }

 private:
  unsigned char bytes_[4096];
  size_t size_ = 0;
  size_t at_ = 0;
};

// What the script says of the next message: bit 0 patches, bit 1 sends it twice, bit 2 drops it,
// bit 3 cuts it short, bit 4 ends the child, bit 5 talks on stderr, bit 6 another type.
void SendBent(Script& script, MessageType type, const void* body, size_t size) {
  unsigned char bytes[kMaxMessage] = {};
  std::memcpy(bytes, body, size);
  const uint32_t how = script.Byte();
  if ((how & 1U) != 0) {
    for (uint32_t i = 0, count = script.Byte() % 8; i < count; ++i) {
      const uint32_t at = script.Byte() | script.Byte() << 8U;
      bytes[size == 0 ? 0 : at % size] = static_cast<unsigned char>(script.Byte());
    }
  }
  if ((how & 8U) != 0) {
    size = size == 0 ? 1 : script.Byte() % (size + 1);
  }
  if ((how & 64U) != 0) {
    type = static_cast<MessageType>(script.Byte());
  }
  if ((how & 32U) != 0) {
    std::fprintf(stderr, "words\n\x1b[31m%c", static_cast<int>(script.Byte()));
  }
  if ((how & 16U) != 0) {
    ::_exit(static_cast<int>(script.Byte()));
  }
  const int times = (how & 4U) != 0 ? 0 : (how & 2U) != 0 ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    SendMessage(kControlFd, type, bytes, size);
  }
  if (times == 0) {
    ::_exit(0);  // silence would only wait for the host's time limit
  }
}

template <class Body>
void SendBent(Script& script, MessageType type, const Body& body) {
  SendBent(script, type, &body, sizeof body);
}

void SendModel(Script& script) {
  const uint32_t outputs = script.Byte() % 4;
  for (uint32_t i = 0; i <= outputs; ++i) {
    TensorRecord record{};
    record.role = i == 0 ? TensorRole::kInput : TensorRole::kOutput;
    record.index = i == 0 ? 0 : i - 1;
    record.mi_format = 4;
    record.rank = 1;
    record.dims[0] = i == 0 ? 100 : 1 + script.Byte() * 4096;
    record.aligned_size = record.dims[0];
    SendBent(script, MessageType::kTensor, record);
  }
  Loaded loaded{};
  loaded.input_count = 1;
  loaded.output_count = outputs;
  SendBent(script, MessageType::kLoaded, loaded);
}

void Answer(Script& script, const Message& request) {
  Transfer transfer{};
  switch (request.type()) {
    case MessageType::kHello:
      SendBent(script, MessageType::kHelloReply, Hello{kMagic, kVersion, kSlotSize, kSlotCount});
      return;
    case MessageType::kLoad:
      SendModel(script);
      return;
    case MessageType::kClearInputs:
      SendBent(script, MessageType::kInputsCleared, "", 0);
      return;
    case MessageType::kInvoke:
      SendBent(script, MessageType::kInvoked, Invoked{1, 0, 0, 0, 0, 0, 0});
      return;
    case MessageType::kFillInput:
    case MessageType::kReadOutput:
      request.Read(&transfer);
      SendBent(script,
               request.type() == MessageType::kFillInput ? MessageType::kInputFilled
                                                         : MessageType::kOutputReady,
               transfer);
      return;
    default:
      ::_exit(9);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Script script(argc > 1 ? argv[1] : "");
  Message request;
  while (request.Receive(kControlFd, false) == ReceiveResult::kMessage) {
    Answer(script, request);
  }
  return 0;
}
