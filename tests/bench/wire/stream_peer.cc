#include "tests/bench/wire/stream_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "plumb/v1/board_service.grpc.pb.h"

#include "common/archive/recording.h"
#include "common/base/unique_fd.h"
#include "common/rpc/channel.h"
#include "server/app/allocator.h"
#include "server/core/leg_recorder.h"
#include "server/rpc/upload_stream.h"

namespace plumb::bench {
namespace {

class DiscardSink final : public TensorSink {
 public:
  Status OnModel(const ModelInfo& info) override {
    sizes_.clear();
    for (const TensorDesc& output : info.outputs) {
      sizes_.push_back(output.aligned_size);
    }
    return OkStatus();
  }

  Status OnProbe(const std::vector<uint64_t>& /*digests*/, bool /*zero*/) override {
    return OkStatus();
  }

  Status OnInvoke(const InvokeInfo& /*info*/) override { return OkStatus(); }

  Result<uint64_t> OnChunk(uint32_t /*repetition*/,
                           uint32_t /*index*/,
                           uint64_t offset,
                           const Buffer& bytes) override {
    return offset + bytes.size();
  }

  Result<uint64_t> OnTensorEnd(const TensorEnd& end) override { return sizes_.at(end.index); }

 private:
  std::vector<uint64_t> sizes_;
};

// The real streams over runners of this bench.
class Service final
    : public v1::BoardService::WithRawCallbackMethod_Upload<v1::BoardService::Service> {
 public:
  explicit Service(server::Strand* strand) {
    port_.strand = strand;
    port_.open = [this](
                     const rpc::UploadBegin&, uint64_t, const std::function<void(const Status&)>&) {
      const std::lock_guard lock(mutex_);
      return runner_ ? Result<std::shared_ptr<server::RemoteRunner>>(runner_)
                     : NotFoundError("no run");
    };
    port_.close = [](const std::string&, uint64_t) {};
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Upload(
      grpc::CallbackServerContext* context) override {
    auto stream =
        std::make_shared<server::UploadStream>(port_, context, server::ServerLimits(), ++serial_);
    stream->Adopt(stream, quota_.Take());
    return stream.get();
  }

  void SetRunner(std::shared_ptr<server::RemoteRunner> runner) {
    const std::lock_guard lock(mutex_);
    runner_ = std::move(runner);
  }

 private:
  server::UploadPort port_;
  server::StreamQuota quota_{"uploads", 16};
  std::mutex mutex_;
  std::shared_ptr<server::RemoteRunner> runner_;
  std::atomic<uint64_t> serial_{0};
};

UniqueFd Listen(int* port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), generic, size) != 0 || ::listen(fd.get(), 8) != 0 ||
      ::getsockname(fd.get(), generic, &size) != 0) {
    return {};
  }
  *port = ntohs(address.sin_port);
  return fd;
}

bool Tell(int control) {
  const char byte = 1;
  return ::write(control, &byte, 1) == 1;
}

bool ReceiveRaw(int listener, int control, const Job& job) {
  if (!Tell(control)) {
    return false;
  }
  const UniqueFd connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  std::vector<uint8_t> block(job.block);
  uint64_t left = kOutputSize;
  while (left > 0) {
    const ssize_t got = ::recv(connection.get(), block.data(), block.size(), 0);
    if (got <= 0) {
      return false;
    }
    left -= static_cast<uint64_t>(got);
  }
  return Tell(control);
}

bool ReceiveUpload(Service& service, int control, const Job& job, const std::string& folder) {
  const std::filesystem::path leg = folder + "/run" + std::to_string(job.number);
  DiscardSink discard;
  std::unique_ptr<archive::RecordingWriter> writer;
  std::unique_ptr<server::LegRecorder> recorder;
  if (job.sink == Sink::kArchive) {
    auto made = archive::RecordingWriter::Create(leg, {});
    if (!made.ok()) {
      return false;
    }
    writer = std::move(made).value();
    recorder = std::make_unique<server::LegRecorder>(analysis::Role::kTarget, writer.get(), [] {});
  }
  auto runner = std::make_shared<server::RemoteRunner>(
      "bench",
      server::RemoteRunner::Patience{std::chrono::seconds(30), 1},
      server::RemoteRunner::Port{[&](const RunSpec&) { Tell(control); }, [](const Status&) {}});
  service.SetRunner(runner);
  RunSpec spec;
  spec.repetitions = 1;
  spec.probe = false;
  TensorSink& sink = recorder ? static_cast<TensorSink&>(*recorder) : discard;
  const Status status = runner->Run(spec, sink, CancelToken());
  service.SetRunner(nullptr);
  if (!status.ok()) {
    std::fprintf(stderr, "bench_wire_stream: %s\n", status.ToString().c_str());
  }
  const bool told = Tell(control);
  recorder.reset();
  writer.reset();
  std::error_code ignored;
  std::filesystem::remove_all(leg, ignored);
  return status.ok() && told;
}

}  // namespace

int ReceiveForEver(int control, const std::string& folder) {
  server::TuneAllocator();
  rpc::KeepGrpcAlive();
  Ports ports;
  const UniqueFd listener = Listen(&ports.raw);
  server::Strand strand;
  Service service(&strand);
  grpc::ServerBuilder builder;
  rpc::ConfigureServer(builder);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &ports.grpc);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (!listener.valid() || server == nullptr ||
      ::write(control, &ports, sizeof ports) != sizeof ports) {
    return 1;
  }
  Job job;
  bool good = true;
  while (good && ::read(control, &job, sizeof job) == sizeof job) {
    good = job.raw ? ReceiveRaw(listener.get(), control, job)
                   : ReceiveUpload(service, control, job, folder);
  }
  server->Shutdown(std::chrono::system_clock::now());
  return good ? 0 : 1;
}

}  // namespace plumb::bench
