#include "tests/fuzz/wire_seeds.h"

#include "plumb/v1/run_service.pb.h"

#include "common/rpc/board_convert.h"
#include "common/rpc/convert.h"
#include "common/rpc/status_bridge.h"

namespace plumb::fuzz {
namespace {

const std::string kSha(64, 'a');
const std::string kInstance(32, 'b');

ModelInfo MakeModel() {
  ModelInfo model;
  model.inputs = {*MakeContiguousDesc("x", ElementType::kUint8, Shape{1, 2, 2, 3})};
  model.outputs = {*MakeContiguousDesc("y", ElementType::kInt16, Shape{1, 10})};
  model.sdk = "virtual IPU S6";
  return model;
}

rpc::RunCommand MakeCommand() {
  rpc::RunCommand command;
  command.key = {"run-1", 1};
  command.model = {{}, kSha, 7};
  command.inputs = {{{}, kSha, 12}};
  command.probe = true;
  return command;
}

v1::StartRunRequest MakeStart() {
  v1::StartRunRequest start;
  start.set_request_id(kInstance);
  *start.mutable_model() = rpc::ToProto(Artifact{{}, kSha, 7});
  start.set_model_name("face.img");
  *start.add_inputs() = rpc::ToProto(Artifact{{}, kSha, 12});
  start.add_board("S6");
  start.set_repetitions(2);
  start.set_invoke_timeout_ms(1000);
  start.set_deadline_ms(2000);
  start.set_simulator(v1::SIMULATOR_KIND_BUILTIN);
  start.mutable_tolerance()->mutable_defaults()->set_atol(0.5);
  return start;
}

rpc::Hello MakeHello() {
  rpc::Hello hello;
  hello.protocol_major = 1;
  hello.instance_id = kInstance;
  hello.board_name = "cam";
  hello.tags = {"lab", "S6"};
  hello.agent_version = "1";
  hello.current_run = rpc::RunKey{"run-1", 1};
  return hello;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> WireSeeds() {
  const rpc::TensorChunk chunk{1, 2, 300, Buffer::FromString("some bytes of an output")};
  const auto event = [](rpc::UploadEvent value) {
    return rpc::ToProto(rpc::NumberedEvent{3, std::move(value)}).SerializeAsString();
  };
  std::vector<std::pair<std::string, std::string>> seeds;
  // In the order of kReaders in fuzz_wire.cc; the first byte is the place there.
  const auto add = [&](char reader, const std::string& name, const std::string& bytes) {
    seeds.emplace_back(name, reader + bytes);
  };
  add(0, "artifact", rpc::ToProto(Artifact{{}, kSha, 7}).SerializeAsString());
  add(1, "desc", rpc::ToProto(MakeModel().outputs[0]).SerializeAsString());
  add(2, "model", rpc::ToProto(MakeModel()).SerializeAsString());
  add(3, "key", rpc::ToProto(rpc::RunKey{"run-1", 1}).SerializeAsString());
  rpc::CancelCommand cancel;
  cancel.key.run_id = "run-1";
  cancel.key.attempt = 1;
  cancel.message = "why";
  add(4, "hello", rpc::ToProto(MakeHello()).SerializeAsString());
  add(5, "welcome", rpc::ToProto(rpc::Welcome{1, 0, "0.1.0", {"x"}}).SerializeAsString());
  add(6, "command", rpc::ToProto(MakeCommand()).SerializeAsString());
  add(7, "cancel", rpc::ToProto(cancel).SerializeAsString());
  add(8, "begin", rpc::ToProto(rpc::UploadBegin{kInstance, {"run-1", 1}}).SerializeAsString());
  add(9, "upload_model", event(MakeModel()));
  add(9, "upload_probe", event(rpc::ProbeResult{{1, 2}, true}));
  add(9, "upload_invoke", event(InvokeInfo{1, 1.5}));
  add(9, "upload_end", event(rpc::UploadedTensorEnd{{1, 2, 3, 4}, 5}));
  add(9, "upload_input", event(rpc::InputChunk{1, 30, 7, chunk.bytes}));
  add(9, "upload_run_end", event(rpc::RunEnd{InternalError("broke").WithHint("mend")}));
  add(9, "upload_chunk", rpc::ToProto(chunk).SerializeAsString());
  add(10, "start", MakeStart().SerializeAsString());
  add(11,
      "failure",
      rpc::ToProto(InternalError("broke").WithReason("runner_hung")).SerializeAsString());
  for (const char* text : {"127.0.0.1:7070", "[::1]:0", "unix:/run/plumb.sock", "localhost:1"}) {
    add(12, std::string("address_") + text[0], text);
  }
  add(13, "chunk", '\5' + rpc::ToProto(chunk).SerializeAsString());
  add(13,
      "chunk_zeros",
      std::string(1, '\0') +
          rpc::ToProto(rpc::TensorChunk{0, 0, 0, chunk.bytes}).SerializeAsString());
  return seeds;
}

}  // namespace plumb::fuzz
