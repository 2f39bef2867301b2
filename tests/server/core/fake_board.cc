#include "tests/server/core/fake_board.h"

#include <future>

#include <gtest/gtest.h>

namespace plumb::server::test {

FakeBoard::FakeBoard(ServerCore* core, const rpc::Hello& hello)
    : core_(core),
      hello_(hello),
      link_(std::make_shared<FakeLink>()) {
  const Status status =
      core_->strand().Call([this] { return core_->boards().Attach(hello_, link_); });
  EXPECT_TRUE(status.ok()) << status.ToString();
}

FakeBoard::~FakeBoard() {
  Leave();
}

void FakeBoard::Leave() {
  core_->strand().Call([this] {
    core_->boards().Detach(hello_.board_name, link_.get());
    return 0;
  });
}

rpc::RunKey FakeBoard::Serve(FakeRunner& runner) {
  const auto command = link_->NextRun();
  if (!command) {
    ADD_FAILURE() << "no run command came";
    return {};
  }
  auto remote = core_->strand().Call([&] {
    return core_->runs().OpenUpload(
        hello_.instance_id, command->key, 1, [](const Status& /*why*/) {});
  });
  EXPECT_TRUE(remote.ok()) << remote.status().ToString();
  if (remote.ok()) {
    UploadingSink sink(*remote);
    RunSpec spec;
    spec.repetitions = command->repetitions;
    spec.probe = command->probe;
    rpc::RunEnd end;
    end.status = runner.Run(spec, sink, CancelToken());
    static_cast<void>(sink.Send(end));  // refused when the run is over already
  }
  return command->key;
}

UploadingSink::UploadingSink(std::shared_ptr<RemoteRunner> remote) : remote_(std::move(remote)) {
  std::promise<void> opened;
  stream_ =
      remote_->OpenStream([&](const RemoteRunner::Answer& /*answer*/) { opened.set_value(); });
  opened.get_future().wait();
}

Status UploadingSink::Deliver(rpc::UploadMessage message) {
  std::promise<Status> answer;
  remote_->Deliver(stream_, std::move(message), [&](const RemoteRunner::Answer& given) {
    answer.set_value(given.status);
  });
  return answer.get_future().get();
}

Status UploadingSink::Send(rpc::UploadEvent event) {
  return Deliver(rpc::NumberedEvent{++sequence_, std::move(event)});
}

Result<uint64_t> UploadingSink::OnChunk(uint32_t repetition,
                                        uint32_t index,
                                        uint64_t offset,
                                        const Buffer& bytes) {
  PLUMB_RETURN_IF_ERROR(Deliver(rpc::TensorChunk{repetition, index, offset, bytes}));
  bytes_ += bytes.size();
  return offset + bytes.size();
}

Result<uint64_t> UploadingSink::OnTensorEnd(const TensorEnd& end) {
  PLUMB_RETURN_IF_ERROR(Send(rpc::UploadedTensorEnd{end, std::exchange(bytes_, 0)}));
  return 0;
}

}  // namespace plumb::server::test
