// The receiving side of an upload without a wire: sequences of messages, most of them nearly right,
// against UploadTracker, and pieces against ChunkAssembler. An account kept here by other means
// says what may be accepted.
#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "common/rpc/chunks.h"
#include "common/rpc/upload_tracker.h"
#include "tests/fuzz/fuzz.h"

namespace plumb::rpc {
namespace {

constexpr size_t kMaxMessages = 256;
constexpr size_t kLargest = 4096;

// What was taken for good.
struct Account {
  std::optional<ModelInfo> model;
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> bytes;  // repetition, output
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> ended;  // → digest
  std::map<uint32_t, int> invokes;
  int probes = 0;
  int ends = 0;
};

ModelInfo MakeModel(fuzz::Input& input) {
  ModelInfo model;
  const uint32_t count = 1 + input.Below(3);
  for (uint32_t i = 0; i < count; ++i) {
    auto desc = MakeContiguousDesc(
        "o" + std::to_string(i), ElementType::kInt8, Shape{1, int64_t{1} + input.Below(200)});
    desc->aligned_size += input.Below(4) * 64;
    model.outputs.push_back(*desc);
  }
  return model;
}

// Mostly what comes next, with one field that may be anything.
UploadMessage MakeMessage(fuzz::Input& input,
                          const Account& account,
                          const UploadPosition& at,
                          uint32_t repetition,
                          uint32_t index) {
  const uint64_t sequence = input.Below(8) == 0 ? input.Number<uint8_t>() : at.sequence + 1;
  const uint64_t odd = input.Below(8) == 0 ? input.Number<uint64_t>() : 0;
  switch (input.Below(8)) {
    case 0:
      return NumberedEvent{sequence, MakeModel(input)};
    case 1:
      return NumberedEvent{
          sequence, ProbeResult{std::vector<uint64_t>(input.Below(4), odd), input.Below(2) == 0}};
    case 2:
      return NumberedEvent{sequence, InvokeInfo{repetition + static_cast<uint32_t>(odd), 1.0}};
    case 3: {
      const uint64_t digest = input.Below(2);
      return NumberedEvent{sequence,
                           UploadedTensorEnd{{repetition,
                                              index + static_cast<uint32_t>(odd),
                                              digest,
                                              input.Below(4) == 0 ? odd : 0},
                                             input.Below(8) == 0 ? odd : at.offset}};
    }
    case 4:
      return NumberedEvent{sequence,
                           RunEnd{input.Below(4) == 0 ? InternalError("it broke") : OkStatus()}};
    default: {
      uint64_t size = input.Number<uint8_t>();
      if (account.model && index < account.model->outputs.size() && input.Below(2) == 0) {
        size = account.model->outputs[index].aligned_size - at.offset;
      }
      return TensorChunk{
          repetition,
          index + static_cast<uint32_t>(odd),
          input.Below(8) == 0 ? odd : at.offset,
          Buffer::FromVector(std::vector<uint8_t>(std::min<uint64_t>(size, kLargest)))};
    }
  }
}

void Enter(Account& account, const UploadMessage& message, const UploadPosition& before) {
  if (const auto* chunk = std::get_if<TensorChunk>(&message)) {
    FUZZ_REQUIRE(account.model && chunk->index < account.model->outputs.size());
    FUZZ_REQUIRE(account.invokes[chunk->repetition] == 1);
    uint64_t& bytes = account.bytes[{chunk->repetition, chunk->index}];
    FUZZ_REQUIRE(chunk->offset == bytes);
    bytes += chunk->bytes.size();
    FUZZ_REQUIRE(bytes <= account.model->outputs[chunk->index].aligned_size);
    return;
  }
  const auto& numbered = std::get<NumberedEvent>(message);
  FUZZ_REQUIRE(numbered.sequence == before.sequence + 1);
  if (const auto* model = std::get_if<ModelInfo>(&numbered.event)) {
    FUZZ_REQUIRE(!account.model);
    account.model = *model;
  } else if (const auto* probe = std::get_if<ProbeResult>(&numbered.event)) {
    FUZZ_REQUIRE(++account.probes == 1);
    FUZZ_REQUIRE(probe->valid_digests.size() == account.model->outputs.size());
  } else if (const auto* invoke = std::get_if<InvokeInfo>(&numbered.event)) {
    FUZZ_REQUIRE(++account.invokes[invoke->repetition] == 1);
  } else if (const auto* tensor = std::get_if<UploadedTensorEnd>(&numbered.event)) {
    const auto key = std::pair(tensor->end.repetition, tensor->end.index);
    FUZZ_REQUIRE(account.ended.emplace(key, tensor->end.valid_digest).second);
    const bool whole = account.bytes[key] == account.model->outputs.at(key.second).aligned_size;
    const bool repeats = key.first > 0 && account.bytes[key] == 0 &&
                         account.ended.at({0, key.second}) == tensor->end.valid_digest;
    FUZZ_REQUIRE(whole || repeats);
  } else {
    FUZZ_REQUIRE(++account.ends == 1);
  }
}

void TryTracker(fuzz::Input& input) {
  const UploadExpectation expectation{1 + input.Below(3), input.Below(2) == 0};
  UploadTracker tracker(expectation);
  Account account;
  uint32_t repetition = 0;
  uint32_t index = 0;
  for (size_t i = 0; i < kMaxMessages && !input.empty(); ++i) {
    const UploadPosition before = tracker.position();
    const UploadMessage message = MakeMessage(input, account, before, repetition, index);
    const auto is_new = tracker.Check(message);
    FUZZ_REQUIRE(tracker.position() == before);
    if (!is_new.ok() || !*is_new) {
      continue;
    }
    FUZZ_REQUIRE(account.ends == 0);
    Enter(account, message, before);
    tracker.Commit(message);
    if (const auto* numbered = std::get_if<NumberedEvent>(&message)) {
      if (std::holds_alternative<UploadedTensorEnd>(numbered->event) &&
          ++index == account.model->outputs.size()) {
        index = 0;
        ++repetition;
      }
      if (const auto* end = std::get_if<RunEnd>(&numbered->event); end && end->status.ok()) {
        FUZZ_REQUIRE(account.model.has_value());
        FUZZ_REQUIRE(account.ended.size() ==
                     size_t{expectation.repetitions} * account.model->outputs.size());
      }
    }
    FUZZ_REQUIRE(tracker.finished() == (account.ends == 1));
    if (tracker.AckDue()) {
      tracker.AckSent();
      FUZZ_REQUIRE(!tracker.AckDue());
    }
  }
}

void TryAssembler(fuzz::Input& input) {
  const uint64_t total = input.Number<uint16_t>();
  ChunkAssembler assembler(total);
  uint64_t taken = 0;
  while (!input.empty()) {
    const uint64_t offset = input.Below(8) == 0 ? input.Number<uint64_t>() : taken;
    const size_t size =
        input.Below(4) == 0 ? static_cast<size_t>(total - taken) : size_t{input.Number<uint8_t>()};
    const std::vector<uint8_t> piece(size, static_cast<uint8_t>(size));
    const bool lies = input.Below(8) == 0;
    const Status status = assembler.Accept(offset, piece, ChunkChecksum(piece) + (lies ? 1 : 0));
    const bool right = !lies && offset == taken && size > 0 && size <= total - taken;
    FUZZ_REQUIRE(status.ok() == right);
    taken += right ? size : 0;
    FUZZ_REQUIRE(assembler.offset() == taken);
    FUZZ_REQUIRE(assembler.complete() == (taken == total));
    FUZZ_REQUIRE(assembler.Finish().ok() == (taken == total));
  }
}

}  // namespace
}  // namespace plumb::rpc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumb;
  fuzz::Input input({data, size});
  if (input.Below(4) == 0) {
    rpc::TryAssembler(input);
  } else {
    rpc::TryTracker(input);
  }
  return 0;
}
