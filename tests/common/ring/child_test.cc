// The child's side against a host that we play by hand.
#include "common/ring/child.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <thread>

#include <gmock/gmock.h>

#include "common/base/unique_fd.h"
#include "common/ring/canary.h"
#include "common/ring/message_io.h"

namespace plumb::ring {
namespace {

using testing::HasSubstr;

constexpr uint32_t kSize = 100;

// One input, one output of kSize bytes; Invoke adds one to each byte.
class AddOne : public Engine {
 public:
  Outcome Load(const LoadRequest& request, Description* description) override {
    if (request.model_path == "too big") {
      throw std::bad_alloc();
    }
    if (request.model_path == "bad") {
      return Failure(ErrorKind::kModelRefused, "no good", "mend it");
    }
    TensorRecord record{};
    record.aligned_size = kSize;
    description->inputs = {record};
    description->outputs = {record};
    description->sdk = "add one";
    return {};
  }

  uint8_t* InputData(uint32_t /*index*/) override { return input_; }

  uint8_t* OutputData(uint32_t /*index*/) override { return output_; }

  Outcome Invoke(Invoked* invoked) override {
    invoked->duration_ns = 5;
    std::memcpy(before_, output_, kSize);
    for (uint32_t i = 0; i < kSize; ++i) {
      output_[i] = static_cast<uint8_t>(input_[i] + 1);
    }
    return {};
  }

  uint8_t input_[kSize] = {};
  uint8_t output_[kSize] = {};
  uint8_t before_[kSize] = {};  // what the output held when Invoke began
};

class ChildTest : public testing::Test {
 protected:
  ChildTest() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    host_ = UniqueFd(ends[0]);
    child_ = UniqueFd(ends[1]);
    ring_fd_ = UniqueFd(::memfd_create("test", 0));
    EXPECT_EQ(::ftruncate(ring_fd_.get(), kRingSize), 0);
    ring_ = static_cast<uint8_t*>(
        ::mmap(nullptr, kRingSize, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd_.get(), 0));
    thread_ = std::thread([this] {
      exit_code_ = Serve(&engine_, "test", child_.get(), ring_fd_.get());
      child_.Reset();
    });
  }

  ~ChildTest() override {
    Join();
    ::munmap(ring_, kRingSize);
  }

  int Join() {
    host_.Reset();
    if (thread_.joinable()) {
      thread_.join();
    }
    return exit_code_;
  }

  template <class Body>
  void Ask(MessageType type, const Body& body) {
    ASSERT_TRUE(SendMessage(host_.get(), type, body));
  }

  void Ask(MessageType type) { ASSERT_TRUE(SendMessage(host_.get(), type, nullptr, 0)); }

  template <class Body>
  Body Answer(MessageType type) {
    Body body{};
    EXPECT_EQ(message_.Receive(host_.get(), false), ReceiveResult::kMessage);
    EXPECT_EQ(message_.type(), type);
    EXPECT_TRUE(message_.Read(&body));
    return body;
  }

  void LoadModel(const char* path = "model") {
    Load load{};
    WriteText(load.model_path, sizeof load.model_path, path);
    Ask(MessageType::kLoad, load);
  }

  void Loaded() {
    LoadModel();
    Answer<TensorRecord>(MessageType::kTensor);
    Answer<TensorRecord>(MessageType::kTensor);
    Answer<ring::Loaded>(MessageType::kLoaded);
  }

  AddOne engine_;
  UniqueFd host_;
  UniqueFd child_;
  UniqueFd ring_fd_;
  uint8_t* ring_ = nullptr;
  Message message_;
  int exit_code_ = -1;
  std::thread thread_;
};

TEST_F(ChildTest, GreetsOnlyItsOwnVersion) {
  const Hello ours{kMagic, kVersion, kSlotSize, kSlotCount};
  Ask(MessageType::kHello, ours);
  EXPECT_EQ(Answer<Hello>(MessageType::kHelloReply).version, kVersion);
  Hello other = ours;
  other.version = 9;
  Ask(MessageType::kHello, other);
  EXPECT_THAT(Answer<Error>(MessageType::kError).message, HasSubstr("the host version 9"));
  EXPECT_EQ(Join(), 1);
}

TEST_F(ChildTest, EndsWithTheHost) {
  EXPECT_EQ(Join(), 0);
}

TEST_F(ChildTest, RunsAModel) {
  LoadModel();
  EXPECT_EQ(Answer<TensorRecord>(MessageType::kTensor).role, TensorRole::kInput);
  EXPECT_EQ(Answer<TensorRecord>(MessageType::kTensor).role, TensorRole::kOutput);
  EXPECT_STREQ(Answer<ring::Loaded>(MessageType::kLoaded).sdk, "add one");
  std::memset(engine_.input_, 77, kSize);
  Ask(MessageType::kClearInputs);
  ASSERT_EQ(message_.Receive(host_.get(), false), ReceiveResult::kMessage);
  EXPECT_EQ(message_.type(), MessageType::kInputsCleared);
  ring_[kSlotSize] = 41;
  Ask(MessageType::kFillInput, Transfer{0, 1, 99, 1, 0});
  EXPECT_EQ(Answer<Transfer>(MessageType::kInputFilled).offset, 99U);
  Ask(MessageType::kInvoke);
  EXPECT_EQ(Answer<Invoked>(MessageType::kInvoked).duration_ns, 5U);
  Ask(MessageType::kReadOutput, Transfer{0, 2, 98, 2, 0});
  Answer<Transfer>(MessageType::kOutputReady);
  EXPECT_EQ(ring_[2 * kSlotSize], 1);
  EXPECT_EQ(ring_[2 * kSlotSize + 1], 42);
}

TEST_F(ChildTest, OutputsHoldTheCanaryWhenInvokeBegins) {
  Loaded();
  Ask(MessageType::kInvoke);
  Answer<Invoked>(MessageType::kInvoked);
  uint8_t canary[kSize];
  FillCanary(0, canary, kSize);
  EXPECT_EQ(std::memcmp(engine_.before_, canary, kSize), 0);
}

TEST_F(ChildTest, TellsWhyAModelIsRefused) {
  LoadModel("bad");
  const auto error = Answer<Error>(MessageType::kError);
  EXPECT_EQ(error.kind, ErrorKind::kModelRefused);
  EXPECT_STREQ(error.message, "no good");
  EXPECT_STREQ(error.hint, "mend it");
}

TEST_F(ChildTest, OutOfMemoryIsAnAnswer) {
  LoadModel("too big");
  EXPECT_EQ(Answer<Error>(MessageType::kError).kind, ErrorKind::kOutOfMemory);
}

struct BadRequest {
  MessageType type;
  Transfer transfer;
};

class ChildBadTransferTest : public ChildTest, public testing::WithParamInterface<BadRequest> {};

TEST_P(ChildBadTransferTest, IsRefused) {
  Loaded();
  Ask(GetParam().type, GetParam().transfer);
  EXPECT_EQ(Answer<Error>(MessageType::kError).kind, ErrorKind::kProtocol);
  EXPECT_EQ(Join(), 1);
}

INSTANTIATE_TEST_SUITE_P(
    All,
    ChildBadTransferTest,
    testing::Values(BadRequest{MessageType::kFillInput, {1, 0, 0, 1, 0}},
                    BadRequest{MessageType::kFillInput, {0, kSlotCount, 0, 1, 0}},
                    BadRequest{MessageType::kFillInput, {0, 0, 0, kSize + 1, 0}},
                    BadRequest{MessageType::kFillInput, {0, 0, kSize, 1, 0}},
                    BadRequest{MessageType::kFillInput, {0, 0, ~uint64_t{0}, 2, 0}},
                    BadRequest{MessageType::kReadOutput, {1, 0, 0, 1, 0}},
                    BadRequest{MessageType::kReadOutput, {0, 9, 0, 1, 0}},
                    BadRequest{MessageType::kReadOutput, {0, 0, 1, kSize, 0}},
                    BadRequest{MessageType::kReadOutput, {0, 0, 0, 0xFFFFFFFF, 0}}));

TEST_F(ChildTest, RefusesWhatIsNoRequest) {
  Ask(MessageType::kInvoked);
  EXPECT_EQ(Answer<Error>(MessageType::kError).kind, ErrorKind::kProtocol);
}

TEST_F(ChildTest, RefusesAHeaderThatLies) {
  const Header header{MessageType::kInvoke, 4};
  ASSERT_EQ(::send(host_.get(), &header, sizeof header, 0), static_cast<ssize_t>(sizeof header));
  EXPECT_EQ(Answer<Error>(MessageType::kError).kind, ErrorKind::kProtocol);
}

TEST_F(ChildTest, RefusesAMessageThatIsTooLong) {
  const std::vector<uint8_t> bytes(kMaxMessage + 1);
  ASSERT_EQ(::send(host_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(Answer<Error>(MessageType::kError).kind, ErrorKind::kProtocol);
}

TEST_F(ChildTest, RefusesToInvokeWithoutAModel) {
  Ask(MessageType::kInvoke);
  EXPECT_EQ(Answer<Error>(MessageType::kError).kind, ErrorKind::kProtocol);
}

TEST(ChildByHandTest, SaysThatItHasNothingToDo) {
  AddOne engine;
  EXPECT_EQ(Serve(&engine, "test", STDERR_FILENO, STDERR_FILENO), 2);
}

}  // namespace
}  // namespace plumb::ring
