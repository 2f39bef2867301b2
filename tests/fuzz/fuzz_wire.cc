// Every message of the wire: bytes → protobuf → checked value → protobuf → value, which must come
// back the same; a status through the headers of a call; addresses; and chunks, whose hand-written
// codec must say what the generated parser says.
#include <vector>

#include "common/rpc/address.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/chunk_codec.h"
#include "common/rpc/chunks.h"
#include "common/rpc/convert.h"
#include "common/rpc/limits.h"
#include "common/rpc/status_bridge.h"
#include "server/rpc/run_convert.h"
#include "tests/fuzz/fuzz.h"

namespace plumb {
namespace {

using Bytes = std::span<const uint8_t>;

template <class Proto>
bool Parse(Bytes bytes, Proto* message) {
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void RequireExplained(const Status& status) {
  FUZZ_REQUIRE(!status.message().empty());
  FUZZ_REQUIRE(!status.reason().empty());
}

template <class Proto>
void TryRoundTrip(Bytes bytes) {
  Proto wire;
  if (!Parse(bytes, &wire)) {
    return;
  }
  const auto value = rpc::FromProto(wire);
  if (!value.ok()) {
    RequireExplained(value.status());
    return;
  }
  const Proto written = rpc::ToProto(*value);
  const auto again = rpc::FromProto(written);
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(rpc::ToProto(*again).SerializeAsString() == written.SerializeAsString());
}

v1::UploadRequest Written(const rpc::UploadMessage& message) {
  return std::visit([](const auto& value) { return rpc::ToProto(value); }, message);
}

void TryUpload(Bytes bytes) {
  v1::UploadRequest wire;
  if (!Parse(bytes, &wire)) {
    return;
  }
  const auto message = rpc::TakeUploadMessage(wire);
  if (!message.ok()) {
    RequireExplained(message.status());
    return;
  }
  v1::UploadRequest written = Written(*message);
  const std::string text = written.SerializeAsString();
  const auto again = rpc::TakeUploadMessage(written);
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(Written(*again).SerializeAsString() == text);
}

void TryStartRun(Bytes bytes) {
  v1::StartRunRequest wire;
  if (!Parse(bytes, &wire)) {
    return;
  }
  const auto request = server::FromProto(wire);
  if (!request.ok()) {
    RequireExplained(request.status());
    return;
  }
  FUZZ_REQUIRE(request->repetitions >= 1 && request->repetitions <= rpc::kMaxRepetitions);
  FUZZ_REQUIRE(request->inputs.size() <= size_t{rpc::kMaxTensors});
  FUZZ_REQUIRE(request->deadline.count() > 0);
}

void TryStatus(Bytes bytes) {
  v1::Failure failure;
  if (Parse(bytes, &failure)) {
    const Status status = rpc::FailureFromProto(failure);
    FUZZ_REQUIRE(!status.ok());
    const Status again = rpc::FailureFromProto(rpc::ToProto(status));
    FUZZ_REQUIRE(again.code() == status.code() && again.reason() == status.reason());
    const Status called = rpc::FromGrpc(rpc::ToGrpc(status));
    FUZZ_REQUIRE(called.code() == status.code() && called.reason() == status.reason());
    FUZZ_REQUIRE(called.message().size() <= rpc::kMaxTextSize);
  }
  fuzz::Input input(bytes);
  const auto code = static_cast<grpc::StatusCode>(input.Number<uint8_t>() % 17);
  const std::string message = input.Text();
  const auto rest = input.Rest();
  const Status status = rpc::FromGrpc({code, message, {rest.begin(), rest.end()}});
  FUZZ_REQUIRE(status.ok() == (code == grpc::StatusCode::OK));
  FUZZ_REQUIRE(status.hint().size() <= rpc::kMaxTextSize);
}

void TryAddress(Bytes bytes) {
  const auto address = rpc::ParseAddress(fuzz::TextOf(bytes));
  if (!address.ok()) {
    RequireExplained(address.status());
    return;
  }
  const auto again = rpc::ParseAddress(address->ToString());
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(again->ToString() == address->ToString());
  FUZZ_REQUIRE(again->loopback == address->loopback && again->port == address->port);
  const auto listen = rpc::CheckListenAddress(fuzz::TextOf(bytes), false);
  FUZZ_REQUIRE(listen.ok() == address->loopback);
}

bool SameChunk(const rpc::TensorChunk& a, const rpc::TensorChunk& b) {
  return a.repetition == b.repetition && a.index == b.index && a.offset == b.offset &&
         a.bytes.view() == b.bytes.view();
}

// The message in pieces, as a transport may deliver it.
std::vector<Bytes> Sliced(Bytes bytes, uint8_t size) {
  std::vector<Bytes> slices;
  for (size_t at = 0; at < bytes.size();) {
    const size_t part = std::min<size_t>(size == 0 ? bytes.size() : size, bytes.size() - at);
    slices.push_back(bytes.subspan(at, part));
    at += part;
  }
  return slices;
}

void TryChunk(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint8_t slice = input.Number<uint8_t>();
  const Bytes message = input.Rest();
  static BlockPool pool(rpc::kChunkSize, 4);
  const auto slices = Sliced(message, slice);
  const auto quick = rpc::DecodeChunk(slices, pool);
  v1::UploadRequest wire;
  const bool parsed = Parse(message, &wire);
  if (quick.ok() && !*quick) {
    return;  // left to the general decoder
  }
  FUZZ_REQUIRE(parsed && wire.has_chunk());
  const auto plain = rpc::TakeUploadMessage(wire);
  FUZZ_REQUIRE(plain.ok() == quick.ok());
  if (!quick.ok()) {
    FUZZ_REQUIRE(plain.status().code() == quick.status().code());
    RequireExplained(quick.status());
    return;
  }
  const auto& chunk = std::get<rpc::TensorChunk>(*plain);
  FUZZ_REQUIRE(SameChunk(chunk, **quick));
  FUZZ_REQUIRE(rpc::EncodeChunkHead(chunk) + std::string(chunk.bytes.view()) ==
               rpc::ToProto(chunk).SerializeAsString());
}

constexpr void (*kReaders[])(Bytes) = {TryRoundTrip<v1::Artifact>,
                                       TryRoundTrip<v1::TensorDesc>,
                                       TryRoundTrip<v1::ModelInfo>,
                                       TryRoundTrip<v1::RunKey>,
                                       TryRoundTrip<v1::Hello>,
                                       TryRoundTrip<v1::Welcome>,
                                       TryRoundTrip<v1::RunCommand>,
                                       TryRoundTrip<v1::CancelCommand>,
                                       TryRoundTrip<v1::UploadBegin>,
                                       TryUpload,
                                       TryStartRun,
                                       TryStatus,
                                       TryAddress,
                                       TryChunk};

}  // namespace
}  // namespace plumb

// The first byte chooses the message.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  plumb::fuzz::Input input({data, size});
  plumb::kReaders[input.Below(std::size(plumb::kReaders))](input.Rest());
  return 0;
}

#ifdef PLUMB_LIBFUZZER
// Gives every second chunk the checksum of its bytes: without it none gets past the check.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data,
                                          size_t size,
                                          size_t max_size,
                                          unsigned int seed) {
  using namespace plumb;
  size = LLVMFuzzerMutate(data, size, max_size);
  if (size < 2 || seed % 2 == 0) {
    return size;
  }
  const size_t kind = data[0] % std::size(kReaders);
  const size_t head = kReaders[kind] == TryChunk ? 2 : 1;
  v1::UploadRequest wire;
  if ((kReaders[kind] != TryChunk && kReaders[kind] != TryUpload) ||
      !Parse(Bytes(data, size).subspan(head), &wire) || !wire.has_chunk()) {
    return size;
  }
  v1::DataChunk& chunk = *wire.mutable_chunk()->mutable_data();
  chunk.set_xxh3(rpc::ChunkChecksum(AsBytes(chunk.data())));
  const std::string text = wire.SerializeAsString();
  if (head + text.size() > max_size) {
    return size;
  }
  std::copy(text.begin(), text.end(), data + head);
  return head + text.size();
}
#endif
