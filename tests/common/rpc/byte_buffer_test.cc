// The hand-made form of a chunk against protobuf's own: the same bytes out, the same answer in.
#include "common/rpc/byte_buffer.h"

#include <random>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/rpc/board_convert.h"
#include "common/rpc/chunk_codec.h"
#include "common/rpc/chunks.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

std::string TextOf(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(bytes.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

// `text` in pieces of `piece` bytes, as gRPC hands it out.
grpc::ByteBuffer InPieces(const std::string& text, size_t piece) {
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < text.size(); at += piece) {
    slices.emplace_back(text.substr(at, piece));
  }
  return {slices.data(), slices.size()};
}

Buffer Noise(size_t size) {
  std::vector<uint8_t> bytes(size);
  std::minstd_rand random(static_cast<unsigned>(size));
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(random());
  }
  return Buffer::FromVector(std::move(bytes));
}

std::vector<TensorChunk> Chunks() {
  return {{0, 0, 0, Noise(1)},
          {0, 0, 0, Noise(kChunkSize)},
          {1, 0, 127, Noise(127)},
          {0, 3, 128, Noise(128)},
          {9'999, 255, uint64_t{1} << 30U, Noise(16'384)},
          {2, 4'294'967'295, UINT64_MAX, Noise(16'383)}};
}

// Protobuf by hand: a field of type bytes, shorter than 2^14.
std::string Field(int number, const std::string& content) {
  const size_t size = content.size();
  std::string text(1, static_cast<char>(number << 3 | 2));
  text.push_back(static_cast<char>(size % 128 | 128));
  text.push_back(static_cast<char>(size / 128));
  return text + content;
}

// A DataChunk with its fields backwards; the offset is below 2^14.
std::string BackwardsData(const TensorChunk& chunk) {
  std::string text = Field(3, std::string(chunk.bytes.view())) + "\x11";
  for (unsigned shift = 0; shift < 64; shift += 8) {
    text.push_back(static_cast<char>(ChunkChecksum(chunk.bytes.span()) >> shift));
  }
  text.push_back('\x08');
  text.push_back(static_cast<char>(chunk.offset % 128 | 128));
  text.push_back(static_cast<char>(chunk.offset / 128));
  return text;
}

class ByteBufferTest : public testing::Test {
 protected:
  BlockPool pool_{kChunkSize, 2};
};

TEST_F(ByteBufferTest, AChunkIsTheGeneratedMessageByteForByte) {
  for (const TensorChunk& chunk : Chunks()) {
    EXPECT_EQ(TextOf(ToByteBuffer(UploadMessage(chunk))), ToProto(chunk).SerializeAsString());
  }
}

TEST_F(ByteBufferTest, TheGeneratedMessageIsReadInPiecesOfAnySize) {
  for (const TensorChunk& chunk : Chunks()) {
    const std::string text = ToProto(chunk).SerializeAsString();
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{8192}, text.size()}) {
      const auto read = UploadMessageFrom(InPieces(text, piece), pool_);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      const auto& got = std::get<TensorChunk>(*read);
      EXPECT_EQ(got.repetition, chunk.repetition);
      EXPECT_EQ(got.index, chunk.index);
      EXPECT_EQ(got.offset, chunk.offset);
      EXPECT_EQ(got.bytes.view(), chunk.bytes.view());
    }
  }
}

TEST_F(ByteBufferTest, ChunksInTheirOneFormNeedNoProtobuf) {
  for (const TensorChunk& chunk : Chunks()) {
    const std::string text = ToProto(chunk).SerializeAsString();
    const std::vector<std::span<const uint8_t>> slices = {AsBytes(text)};
    const auto read = DecodeChunk(slices, pool_);
    ASSERT_TRUE(read.ok());
    EXPECT_TRUE(read->has_value());
  }
}

// Fields in another order, unknown fields, a sequence: valid for protobuf, so valid for us.
TEST_F(ByteBufferTest, OtherFormsOfTheSameChunkAreReadToo) {
  const TensorChunk chunk{1, 2, 300, Noise(1000)};
  const std::vector<std::string> forms = {
      // The data first, its own fields backwards.
      Field(6, Field(3, BackwardsData(chunk)) + "\x10\x02\x08\x01"),
      // An unknown field 99 at the end.
      ToProto(chunk).SerializeAsString() + "\x98\x06\x07",
      // A sequence before the chunk.
      "\x08\x05" + ToProto(chunk).SerializeAsString(),
  };
  for (const std::string& form : forms) {
    const auto read = UploadMessageFrom(InPieces(form, 100), pool_);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    const auto& got = std::get<TensorChunk>(*read);
    EXPECT_EQ(got.repetition, 1U);
    EXPECT_EQ(got.index, 2U);
    EXPECT_EQ(got.offset, 300U);
    EXPECT_EQ(got.bytes.view(), chunk.bytes.view());
  }
}

// Whatever happens to a message, both ways of reading it agree.
TEST_F(ByteBufferTest, DamagedMessagesGetTheAnswerOfTheGeneratedParser) {
  std::minstd_rand random(7);
  const std::string whole = ToProto(TensorChunk{1, 2, 300, Noise(200)}).SerializeAsString();
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = whole;
    // Mostly in the head, where the structure is.
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      text[random() % (random() % 4 == 0 ? text.size() : 30)] = static_cast<char>(random());
    }
    text.resize(random() % 4 == 0 ? random() % text.size() : text.size());
    v1::UploadRequest request;
    auto expected = request.ParseFromString(text)
                        ? TakeUploadMessage(request)
                        : Result<UploadMessage>(InvalidArgumentError("not a message"));
    const auto read = UploadMessageFrom(InPieces(text, 64), pool_);
    ASSERT_EQ(read.ok(), expected.ok()) << testing::PrintToString(text);
    if (read.ok()) {
      EXPECT_EQ(TextOf(ToByteBuffer(*read)), TextOf(ToByteBuffer(*expected)));
    } else {
      ++refused;
      EXPECT_EQ(read.status().code(), expected.status().code());
      EXPECT_EQ(read.status().reason(), kReasonProtocol);
    }
  }
  EXPECT_GT(refused, 10'000U);
}

TEST_F(ByteBufferTest, WhatIsOutOfBoundsIsRefused) {
  v1::UploadRequest large = ToProto(TensorChunk{0, 0, 0, Noise(kChunkSize)});
  large.mutable_chunk()->mutable_data()->mutable_data()->push_back('x');
  v1::UploadRequest late = ToProto(TensorChunk{kMaxRepetitions, 0, 0, Noise(8)});
  v1::UploadRequest damaged = ToProto(TensorChunk{0, 0, 0, Noise(8)});
  damaged.mutable_chunk()->mutable_data()->mutable_data()->at(3) ^= 1;
  for (const auto* request : {&large, &late, &damaged}) {
    const auto read = UploadMessageFrom(InPieces(request->SerializeAsString(), 8192), pool_);
    EXPECT_EQ(read.status().reason(), kReasonProtocol);
    EXPECT_EQ(read.status().code(),
              request == &damaged ? StatusCode::kDataLoss : StatusCode::kInvalidArgument);
  }
}

TEST_F(ByteBufferTest, BytesAreSharedWithTheBufferUntilGrpcLetsGo) {
  auto owner = std::make_shared<std::vector<uint8_t>>(1000, uint8_t{7});
  const std::weak_ptr<std::vector<uint8_t>> alive = owner;
  const uint8_t* place = owner->data();
  TensorChunk chunk{0, 0, 0, Buffer::Wrap(owner, *owner)};
  owner.reset();
  auto bytes = std::make_unique<grpc::ByteBuffer>(ToByteBuffer(UploadMessage(std::move(chunk))));
  chunk.bytes = Buffer();
  {
    std::vector<grpc::Slice> slices;
    ASSERT_TRUE(bytes->Dump(&slices).ok());
    EXPECT_EQ(slices.back().begin(), place);
  }
  EXPECT_FALSE(alive.expired());
  bytes.reset();
  EXPECT_TRUE(alive.expired());
}

TEST_F(ByteBufferTest, EventsAreTheGeneratedMessages) {
  const NumberedEvent event{7, InvokeInfo{1, 2.5}};
  const grpc::ByteBuffer bytes = ToByteBuffer(UploadMessage(event));
  EXPECT_EQ(TextOf(bytes), ToProto(event).SerializeAsString());
  const auto read = UploadMessageFrom(bytes, pool_);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(std::get<NumberedEvent>(*read).sequence, 7U);
}

}  // namespace
}  // namespace plumb::rpc
