// A child of the ring protocol that lies or fails in the one way its argument names; "honest" does
// neither. One input and one output of 300,000 bytes; the output is all 7.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "common/ring/message_io.h"

namespace {

using namespace plumb::ring;  // NOLINT(google-build-using-namespace): a program of one file

constexpr uint32_t kSize = 300'000;

void SendTensors(const std::string& lie) {
  TensorRecord record{};
  record.mi_format = 4;  // INT8
  record.rank = 1;
  record.dims[0] = lie == "shape" ? kSize + 1 : kSize;
  record.aligned_size = kSize;
  const uint32_t count = lie == "many" ? 100 : 1;
  for (uint32_t i = 0; i < count; ++i) {
    record.index = lie == "index" ? i + 1 : i;
    SendMessage(kControlFd, MessageType::kTensor, record);
  }
  record.role = TensorRole::kOutput;
  record.index = 0;
  SendMessage(kControlFd, MessageType::kTensor, record);
  Loaded loaded{};
  loaded.input_count = 1;
  loaded.output_count = lie == "counts" ? 2 : 1;
  SendMessage(kControlFd, MessageType::kLoaded, loaded);
}

void AnswerTransfer(const Message& request, MessageType answer, const std::string& lie) {
  Transfer transfer{};
  request.Read(&transfer);
  if (answer == MessageType::kOutputReady) {
    transfer.offset += lie == "echo" ? 1 : 0;
    if (lie == "stuck") {
      ::pause();
    }
  }
  SendMessage(kControlFd, answer, transfer);
}

void Chat() {
  const std::string line(999, 'x');
  for (int i = 0; i < 1000; ++i) {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

void Answer(const Message& request, const std::string& lie) {
  switch (request.type()) {
    case MessageType::kHello:
      if (lie == "silent") {
        ::pause();
      }
      SendMessage(kControlFd,
                  MessageType::kHelloReply,
                  Hello{kMagic, lie == "version" ? 99 : kVersion, kSlotSize, kSlotCount});
      break;
    case MessageType::kLoad:
      SendTensors(lie);
      break;
    case MessageType::kFillInput:
      AnswerTransfer(request, MessageType::kInputFilled, lie);
      break;
    case MessageType::kInvoke:
      if (lie == "exit") {
        std::fprintf(stderr, "first\nthe license has \x1b[31mexpired\n");
        ::_exit(3);
      }
      if (lie == "garbage") {
        SendMessage(kControlFd, MessageType::kInvoked, "not eight bytes", 15);
        break;
      }
      if (lie == "chatty") {
        Chat();
      }
      SendMessage(kControlFd, MessageType::kInvoked, Invoked{1000, 0, 0, 0, 0, 0, 0});
      break;
    case MessageType::kReadOutput:
      AnswerTransfer(request, MessageType::kOutputReady, lie);
      break;
    default:
      break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string lie = argc > 1 ? argv[1] : "";
  if (std::string(argv[argc - 1]) == "--describe-board") {
    ::pause();
  }
  Message request;
  while (request.Receive(kControlFd, false) == ReceiveResult::kMessage) {
    Answer(request, lie);
  }
  return 0;
}
