// The child of the ring protocol: a lying host's messages, and a runtime that describes nonsense.
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "common/ring/child.h"
#include "common/ring/message_io.h"
#include "tests/fuzz/fuzz.h"

namespace plumb::ring {
namespace {

constexpr size_t kMaxMessages = 16;  // they must fit into the socket's buffer all at once
constexpr uint64_t kMaxBuffer = 1 << 16;

// Buffers of exactly the size the descriptor says, so that a byte too many is seen.
class FakeEngine final : public Engine {
 public:
  explicit FakeEngine(fuzz::Input& script) {
    fail_load_ = script.Below(16) == 0;
    fail_invoke_ = script.Below(16) == 0;
    Describe(script, script.Below(4), &description_.inputs, &inputs_);
    Describe(script, script.Below(64), &description_.outputs, &outputs_);
    description_.sdk = std::string(fuzz::TextOf(script.Take(script.Number<uint16_t>())));
  }

  Outcome Load(const LoadRequest& request, Description* description) override {
    FUZZ_REQUIRE(request.model_path.size() < kMaxPath);
    FUZZ_REQUIRE(++loads_ == 1);
    *description = description_;
    return fail_load_ ? Failure(ErrorKind::kModelRefused, request.model_path, "hint") : Outcome();
  }

  uint8_t* InputData(uint32_t index) override { return inputs_.at(index).get(); }

  uint8_t* OutputData(uint32_t index) override { return outputs_.at(index).get(); }

  Outcome Invoke(Invoked* invoked) override {
    FUZZ_REQUIRE(loads_ == 1);
    invoked->duration_ns = 1;
    return fail_invoke_ ? Failure(ErrorKind::kInvokeFailed, "no") : Outcome();
  }

 private:
  using Buffers = std::vector<std::unique_ptr<uint8_t[]>>;

  static void Describe(fuzz::Input& script,
                       uint32_t count,
                       std::vector<TensorRecord>* records,
                       Buffers* buffers) {
    for (uint32_t i = 0; i < count; ++i) {
      TensorRecord record{};
      record.aligned_size = script.Number<uint32_t>() % kMaxBuffer;
      records->push_back(record);
      buffers->push_back(std::make_unique<uint8_t[]>(record.aligned_size));
    }
  }

  Description description_;
  Buffers inputs_;
  Buffers outputs_;
  bool fail_load_ = false;
  bool fail_invoke_ = false;
  int loads_ = 0;
};

// A message with a body of its own size, or any bytes at all.
void SendNext(fuzz::Input& script, int socket) {
  const uint32_t choice = script.Below(16);
  switch (static_cast<MessageType>(choice)) {
    case MessageType::kHello:
      SendMessage(socket, MessageType::kHello, Hello{kMagic, kVersion, kSlotSize, kSlotCount});
      return;
    case MessageType::kLoad: {
      Load load{};
      const auto path = script.Take(script.Number<uint16_t>());
      std::copy_n(path.begin(), std::min(path.size(), sizeof load.model_path), load.model_path);
      SendMessage(socket, MessageType::kLoad, load);
      return;
    }
    case MessageType::kFillInput:
    case MessageType::kReadOutput: {
      Transfer transfer{};
      transfer.index = script.Number<uint8_t>();
      transfer.slot = script.Number<uint8_t>();
      transfer.offset =
          script.Below(2) == 0 ? script.Number<uint16_t>() : script.Number<uint64_t>();
      transfer.size = script.Below(2) == 0 ? script.Number<uint16_t>() : script.Number<uint32_t>();
      SendMessage(socket, static_cast<MessageType>(choice), transfer);
      return;
    }
    case MessageType::kClearInputs:
    case MessageType::kInvoke:
      SendMessage(socket, static_cast<MessageType>(choice), nullptr, 0);
      return;
    default: {
      const auto bytes = script.Take(script.Number<uint16_t>());
      (void)::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
  }
}

// What the child answered: at most one message per request besides the descriptors, nothing after
// an error.
void RequireAnswers(int socket, size_t requests) {
  size_t answers = 0;
  bool failed = false;
  Message message;
  while (message.Receive(socket, true) == ReceiveResult::kMessage) {
    FUZZ_REQUIRE(!failed);
    failed = message.type() == MessageType::kError;
    answers += message.type() == MessageType::kTensor ? 0 : 1;
  }
  FUZZ_REQUIRE(answers <= requests);
}

int Ring() {
  static const int fd = [] {
    const int memory = ::memfd_create("ring", 0);
    FUZZ_REQUIRE(memory >= 0 && ::ftruncate(memory, kRingSize) == 0);
    return memory;
  }();
  return fd;
}

}  // namespace
}  // namespace plumb::ring

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  fuzz::Input script({data, size});
  ring::FakeEngine engine(script);
  int sockets[2];
  FUZZ_REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0);
  size_t requests = 0;
  for (; requests < ring::kMaxMessages && !script.empty(); ++requests) {
    ring::SendNext(script, sockets[0]);
  }
  ::shutdown(sockets[0], SHUT_WR);
  const int code = ring::Serve(&engine, "fuzz", sockets[1], ring::Ring());
  FUZZ_REQUIRE(code == 0 || code == 1);
  ::close(sockets[1]);
  ring::RequireAnswers(sockets[0], requests);
  ::close(sockets[0]);
  return 0;
}
