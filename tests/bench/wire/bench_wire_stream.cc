// Upload of one 512 MiB output over loopback TCP from one process to another, against a raw TCP
// sender of the same bytes. Rounds are interleaved; medians count.
//   bench_wire_stream [ROUNDS] [NAME]   (NAME: only rows whose name holds it)
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "plumb/v1/board_service.grpc.pb.h"

#include "agent/core/uploader.h"
#include "agent/link/bulk_connection.h"
#include "agent/link/grpc_upload.h"
#include "common/base/file.h"
#include "common/base/unique_fd.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/channel.h"
#include "common/rpc/limits.h"
#include "tests/bench/wire/stream_peer.h"

namespace plumb::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Larger than any cache, as an output in the board's memory is.
constexpr size_t kSourceSize = size_t{64} << 20;

ModelInfo Model() {
  TensorDesc desc;
  desc.name = "output";
  desc.element_type = ElementType::kFloat32;
  desc.shape = Shape({1, static_cast<int64_t>(kOutputSize / 4)});
  desc.aligned_size = kOutputSize;
  ModelInfo model;
  model.inputs = {desc};
  model.outputs = {desc};
  model.sdk = "bench";
  return model;
}

class Sender {
 public:
  Sender(int control, const Ports& ports) : control_(control), ports_(ports) {
    std::vector<uint8_t> bytes(kSourceSize);
    std::mt19937_64 random(1);
    for (size_t i = 0; i < bytes.size(); i += 8) {
      const uint64_t word = random();
      std::copy_n(reinterpret_cast<const uint8_t*>(&word), 8, bytes.data() + i);
    }
    source_ = Buffer::FromVector(std::move(bytes));
    for (uint64_t at = 0; at < kOutputSize; at += kSourceSize) {
      XXH3_64bits_update(digest_.get(), source_.data(), source_.size());
    }
    const std::string server = "127.0.0.1:" + std::to_string(ports_.grpc);
    address_ = rpc::ParseAddress(server).value();
    bulk_ = std::make_unique<agent::BulkConnection>(address_);
    transport_ = std::make_unique<agent::GrpcUploadTransport>(
        *bulk_, agent::GrpcUploadOptions{kInstance, std::chrono::seconds(30)});
  }

  // GB/s of one transfer; exits when it failed.
  double Raw(size_t block) {
    Begin({true, Sink::kDiscard, static_cast<uint32_t>(block), 0});
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(ports_.raw));
    Require(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return Timed([&] {
      EachPiece(block, [&](uint64_t, const Buffer& piece) {
        for (size_t done = 0; done < piece.size();) {
          const ssize_t sent = ::send(fd.get(), piece.data() + done, piece.size() - done, 0);
          Require(sent > 0);
          done += static_cast<size_t>(sent);
        }
      });
    });
  }

  // The agent's uploader.
  double Ours(size_t chunk, Sink sink) {
    Begin({false, sink, 0, ++number_});
    agent::Uploader uploader(
        *transport_, {"run", 1}, {std::chrono::milliseconds(5'000)}, CancelToken());
    Require(uploader.OnModel(Model()).ok() && uploader.OnInvoke({0, 1.0}).ok());
    return Timed([&] {
      EachPiece(chunk, [&](uint64_t offset, const Buffer& piece) {
        Require(uploader.OnChunk(0, 0, offset, piece).ok());
      });
      Require(uploader.OnTensorEnd({0, 0, XXH3_64bits_digest(digest_.get()), 0}).ok());
      Require(uploader.Finish(OkStatus(), CancelToken()).ok());
    });
  }

  // The generated client with protobuf messages, as anybody else would write it.
  double Plain(size_t chunk, Sink sink) {
    Begin({false, sink, 0, ++number_});
    const auto stub =
        v1::BoardService::NewStub(rpc::OpenChannel(address_, rpc::ChannelPurpose::kBulk));
    grpc::ClientContext context;
    const auto stream = stub->Upload(&context);
    v1::UploadRequest begin;
    *begin.mutable_begin() = rpc::ToProto(rpc::UploadBegin{kInstance, {"run", 1}});
    v1::UploadResponse answer;
    Require(stream->Write(begin) && stream->Read(&answer));
    Require(stream->Write(rpc::ToProto(rpc::NumberedEvent{1, Model()})) &&
            stream->Write(rpc::ToProto(rpc::NumberedEvent{2, InvokeInfo{0, 1.0}})));
    return Timed([&] {
      EachPiece(chunk, [&](uint64_t offset, const Buffer& piece) {
        Require(stream->Write(rpc::ToProto(rpc::TensorChunk{0, 0, offset, piece})));
      });
      const TensorEnd end{0, 0, XXH3_64bits_digest(digest_.get()), 0};
      Require(stream->Write(
          rpc::ToProto(rpc::NumberedEvent{3, rpc::UploadedTensorEnd{end, kOutputSize}})));
      Require(stream->Write(rpc::ToProto(rpc::NumberedEvent{4, rpc::RunEnd{}})));
      while (stream->Read(&answer)) {
      }
      Require(stream->Finish().ok());
    });
  }

 private:
  static void Require(bool good) {
    if (!good) {
      std::fprintf(stderr, "bench_wire_stream: a transfer failed\n");
      std::exit(1);
    }
  }

  void Await() const {
    char byte = 0;
    Require(::read(control_, &byte, 1) == 1);
  }

  void Begin(const Job& job) const {
    Require(::write(control_, &job, sizeof job) == sizeof job);
    Await();
  }

  // Until the other side says that everything is there.
  template <class Function>
  double Timed(const Function& send) const {
    const auto begin = Clock::now();
    send();
    Await();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return static_cast<double>(kOutputSize) / 1e9 / seconds;
  }

  template <class Function>
  void EachPiece(size_t size, const Function& send) const {
    for (uint64_t offset = 0; offset < kOutputSize; offset += size) {
      send(offset, source_.Slice(offset % kSourceSize, size));
    }
  }

  struct FreeState {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };

  static XXH3_state_t* NewState() {
    XXH3_state_t* state = XXH3_createState();
    XXH3_64bits_reset(state);
    return state;
  }

  const int control_;
  const Ports ports_;
  Buffer source_;
  std::unique_ptr<XXH3_state_t, FreeState> digest_{NewState()};
  rpc::Address address_;
  std::unique_ptr<agent::BulkConnection> bulk_;
  std::unique_ptr<agent::GrpcUploadTransport> transport_;
  uint32_t number_ = 0;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string Size(size_t bytes) {
  return std::to_string(bytes / 1024) + " KiB";
}

struct Row {
  std::string name;
  size_t block = 0;
  std::function<double()> run;
  std::vector<double> speeds;
};

std::vector<Row> Rows(Sender& sender) {
  std::vector<Row> rows;
  for (const size_t kib : {64, 256, 1024, 2048}) {
    const size_t block = kib * 1024;
    rows.push_back({"raw TCP", block, [&sender, block] { return sender.Raw(block); }, {}});
  }
  for (size_t block = size_t{64} * 1024; block <= rpc::kChunkSize; block *= 2) {
    rows.push_back({"agent -> server, discarded",
                    block,
                    [&sender, block] { return sender.Ours(block, Sink::kDiscard); },
                    {}});
  }
  const size_t block = rpc::kChunkSize;
  rows.push_back({"generated client -> server, discarded",
                  block,
                  [&sender, block] { return sender.Plain(block, Sink::kDiscard); },
                  {}});
  rows.push_back({"agent -> server -> archive",
                  block,
                  [&sender, block] { return sender.Ours(block, Sink::kArchive); },
                  {}});
  return rows;
}

void Print(const std::vector<Row>& rows) {
  std::map<size_t, double> raw;
  double best = 0;
  for (const Row& row : rows) {
    if (row.name == "raw TCP") {
      raw[row.block] = Median(row.speeds);
      best = std::max(best, raw[row.block]);
    }
  }
  std::printf("| | block | GB/s (min-max) | of raw, same block | of the best raw |\n");
  std::printf("|---|---|---|---|---|\n");
  for (const Row& row : rows) {
    const double speed = Median(row.speeds);
    const auto [low, high] = std::minmax_element(row.speeds.begin(), row.speeds.end());
    const auto same = raw.find(row.block);
    std::printf("| %s | %s | %.2f (%.2f-%.2f) | %s | %.2f |\n",
                row.name.c_str(),
                Size(row.block).c_str(),
                speed,
                *low,
                *high,
                same == raw.end() ? "" : std::to_string(speed / same->second).substr(0, 4).c_str(),
                speed / best);
  }
}

int Send(int control, int rounds, const std::string& only) {
  rpc::KeepGrpcAlive();
  Ports ports;
  if (::read(control, &ports, sizeof ports) != sizeof ports) {
    return 1;
  }
  Sender sender(control, ports);
  std::vector<Row> rows = Rows(sender);
  rows.erase(
      std::remove_if(rows.begin(),
                     rows.end(),
                     [&](const Row& row) { return row.name.find(only) == std::string::npos; }),
      rows.end());
  std::vector<size_t> order;
  for (size_t i = 0; i < rows.size(); ++i) {
    order.push_back(i);
  }
  std::mt19937 random(1);
  for (int round = 0; round <= rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const size_t i : order) {
      const double speed = rows[i].run();
      if (round > 0) {  // the first warms up
        rows[i].speeds.push_back(speed);
      }
    }
  }
  std::printf("512 MiB a transfer, %d rounds, order shuffled, medians\n\n", rounds);
  Print(rows);
  return 0;
}

}  // namespace
}  // namespace plumb::bench

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
  int sockets[2] = {};
  if (rounds < 1 || ::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) != 0) {
    return 2;
  }
  const auto folder = plumb::TempFolder::Create("plumb-bench-");
  if (!folder.ok()) {
    return 1;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(sockets[0]);
    ::_exit(plumb::bench::ReceiveForEver(sockets[1], folder->path().string()));
  }
  ::close(sockets[1]);
  const int result = plumb::bench::Send(sockets[0], rounds, argc > 2 ? argv[2] : "");
  ::close(sockets[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return result;
}
