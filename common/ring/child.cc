#include "common/ring/child.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <new>

#include "common/ring/canary.h"
#include "common/ring/message_io.h"

namespace plumb {
namespace ring {
namespace {

// The mapped ring; unmaps itself.
class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  ~Ring() {
    if (base_ != nullptr) {
      ::munmap(base_, kRingSize);
    }
  }

  bool Map(int fd) {
    struct stat info;
    if (::fstat(fd, &info) != 0 || info.st_size != static_cast<off_t>(kRingSize)) {
      return false;
    }
    void* base = ::mmap(nullptr, kRingSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    base_ = base == MAP_FAILED ? nullptr : static_cast<uint8_t*>(base);
    return base_ != nullptr;
  }

  uint8_t* slot(uint32_t index) { return base_ + static_cast<size_t>(index) * kSlotSize; }

 private:
  uint8_t* base_ = nullptr;
};

class Server {
 public:
  Server(Engine* engine, int socket, Ring* ring) : engine_(engine), socket_(socket), ring_(ring) {}

  // Answers one request; a failure is what the host has to be told.
  Outcome Handle(const Message& request) {
    switch (request.type()) {
      case MessageType::kHello:
        return OnHello(request);
      case MessageType::kLoad:
        return OnLoad(request);
      case MessageType::kClearInputs:
        return OnClearInputs();
      case MessageType::kFillInput:
        return OnFillInput(request);
      case MessageType::kInvoke:
        return OnInvoke();
      case MessageType::kReadOutput:
        return OnReadOutput(request);
      default:
        return Failure(ErrorKind::kProtocol, "the host sent a message that is not a request");
    }
  }

 private:
  template <class Body>
  Outcome Answer(MessageType type, const Body& body) {
    return Sent(SendMessage(socket_, type, body));
  }

  static Outcome Sent(bool sent) {
    return sent ? Outcome() : Failure(ErrorKind::kProtocol, "the host does not take answers");
  }

  static Outcome Malformed(const char* name) {
    return Failure(ErrorKind::kProtocol, std::string("the host sent a malformed ") + name);
  }

  Outcome OnHello(const Message& request) {
    Hello hello;
    if (!request.Read(&hello)) {
      return Malformed("greeting");
    }
    const Hello ours = {kMagic, kVersion, kSlotSize, kSlotCount};
    if (std::memcmp(&hello, &ours, sizeof ours) != 0) {
      return Failure(ErrorKind::kProtocol,
                     "the runner speaks version " + std::to_string(kVersion) +
                         " of the ring protocol, the host version " + std::to_string(hello.version),
                     "install agent and runner of the same release");
    }
    return Answer(MessageType::kHelloReply, ours);
  }

  Outcome OnLoad(const Message& request) {
    Load load;
    if (!request.Read(&load) || loaded_) {
      return Malformed("load request");
    }
    LoadRequest wanted;
    wanted.model_path = ReadText(load.model_path, sizeof load.model_path);
    wanted.rounding_profile = ReadText(load.rounding_profile, sizeof load.rounding_profile);
    Description description;
    Outcome outcome = engine_->Load(wanted, &description);
    if (!outcome.ok) {
      return outcome;
    }
    inputs_ = description.inputs;
    outputs_ = description.outputs;
    if (inputs_.size() > kMaxTensors || outputs_.size() > kMaxTensors) {
      return Failure(ErrorKind::kModelRefused, "the model has more inputs or outputs than 61");
    }
    loaded_ = true;
    if (!SendTensors(&inputs_, TensorRole::kInput) ||
        !SendTensors(&outputs_, TensorRole::kOutput)) {
      return Sent(false);
    }
    Loaded reply;
    std::memset(&reply, 0, sizeof reply);
    reply.input_count = static_cast<uint32_t>(inputs_.size());
    reply.output_count = static_cast<uint32_t>(outputs_.size());
    WriteText(reply.sdk, sizeof reply.sdk, description.sdk);
    return Answer(MessageType::kLoaded, reply);
  }

  bool SendTensors(std::vector<TensorRecord>* tensors, TensorRole role) const {
    for (size_t i = 0; i < tensors->size(); ++i) {
      TensorRecord& record = (*tensors)[i];
      record.role = role;
      record.index = static_cast<uint32_t>(i);
      if (!SendMessage(socket_, MessageType::kTensor, record)) {
        return false;
      }
    }
    return true;
  }

  Outcome OnClearInputs() {
    for (uint32_t i = 0; i < inputs_.size(); ++i) {
      std::memset(engine_->InputData(i), 0, static_cast<size_t>(inputs_[i].aligned_size));
    }
    return Sent(SendMessage(socket_, MessageType::kInputsCleared, nullptr, 0));
  }

  // True when the transfer stays inside its tensor and its slot.
  static bool Fits(const Transfer& transfer, const std::vector<TensorRecord>& tensors) {
    if (transfer.index >= tensors.size() || transfer.slot >= kSlotCount ||
        transfer.size > kSlotSize) {
      return false;
    }
    const uint64_t limit = tensors[transfer.index].aligned_size;
    return transfer.offset <= limit && transfer.size <= limit - transfer.offset;
  }

  Outcome OnFillInput(const Message& request) {
    Transfer transfer;
    if (!request.Read(&transfer) || !Fits(transfer, inputs_)) {
      return Malformed("input chunk");
    }
    std::memcpy(engine_->InputData(transfer.index) + transfer.offset,
                ring_->slot(transfer.slot),
                transfer.size);
    return Answer(MessageType::kInputFilled, transfer);
  }

  Outcome OnInvoke() {
    if (!loaded_) {
      return Malformed("invocation before a model");
    }
    for (uint32_t i = 0; i < outputs_.size(); ++i) {
      FillCanary(i, engine_->OutputData(i), static_cast<size_t>(outputs_[i].aligned_size));
    }
    Invoked invoked;
    std::memset(&invoked, 0, sizeof invoked);
    const Outcome outcome = engine_->Invoke(&invoked);
    return outcome.ok ? Answer(MessageType::kInvoked, invoked) : outcome;
  }

  Outcome OnReadOutput(const Message& request) {
    Transfer transfer;
    if (!request.Read(&transfer) || !Fits(transfer, outputs_)) {
      return Malformed("output request");
    }
    std::memcpy(ring_->slot(transfer.slot),
                engine_->OutputData(transfer.index) + transfer.offset,
                transfer.size);
    return Answer(MessageType::kOutputReady, transfer);
  }

  Engine* engine_;
  int socket_;
  Ring* ring_;
  bool loaded_ = false;
  std::vector<TensorRecord> inputs_;
  std::vector<TensorRecord> outputs_;
};

Outcome HandleSafely(Server* server, const Message& request) {
  try {
    return server->Handle(request);
  } catch (const std::bad_alloc&) {
    return Failure(ErrorKind::kOutOfMemory,
                   "the runner ran out of memory",
                   "free memory on the board or run a smaller model");
  }
}

void Report(int socket, const Outcome& outcome) {
  Error error;
  std::memset(&error, 0, sizeof error);
  error.kind = outcome.kind;
  error.code = outcome.code;
  WriteText(error.message, sizeof error.message, outcome.message);
  WriteText(error.hint, sizeof error.hint, outcome.hint);
  SendMessage(socket, MessageType::kError, error);
}

}  // namespace

Outcome Failure(ErrorKind kind, const std::string& message, const std::string& hint) {
  Outcome outcome;
  outcome.ok = false;
  outcome.kind = kind;
  outcome.message = message;
  outcome.hint = hint;
  return outcome;
}

int Serve(Engine* engine, const std::string& program, int control_fd, int ring_fd) {
  struct stat info;
  Ring ring;
  if (::fstat(control_fd, &info) != 0 || !S_ISSOCK(info.st_mode) || !ring.Map(ring_fd)) {
    std::fprintf(
        stderr,
        "%s is started by plumb-agent or plumb-server, which hand it a socket and a shared "
        "ring; started by hand it has nothing to do. See %s --help.\n",
        program.c_str(),
        program.c_str());
    return 2;
  }
  Server server(engine, control_fd, &ring);
  Message request;
  for (;;) {
    switch (request.Receive(control_fd, false)) {
      case ReceiveResult::kMessage:
        break;
      case ReceiveResult::kMalformed:
        Report(control_fd, Failure(ErrorKind::kProtocol, "the host sent a malformed message"));
        return 1;
      default:
        return 0;
    }
    const Outcome outcome = HandleSafely(&server, request);
    if (!outcome.ok) {
      Report(control_fd, outcome);
      return 1;
    }
  }
}

int ServeChild(Engine* engine, const std::string& program) {
  ::fcntl(kControlFd, F_SETFD, FD_CLOEXEC);
  ::fcntl(kRingFd, F_SETFD, FD_CLOEXEC);
  return Serve(engine, program, kControlFd, kRingFd);
}

}  // namespace ring
}  // namespace plumb
