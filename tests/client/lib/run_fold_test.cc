#include "client/lib/run_fold.h"

#include <gtest/gtest.h>

#include "common/rpc/convert.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

v1::RunSummary Summary(v1::RunState state) {
  v1::RunSummary run;
  run.set_run_id("20240101-000000-abcdef");
  run.set_state(state);
  run.set_board_name("cam");
  return run;
}

TensorDesc Desc(const std::string& name, int64_t size) {
  return MakeContiguousDesc(name, ElementType::kUint8, Shape{size}).value();
}

v1::ModelInfo Model(const std::vector<TensorDesc>& outputs) {
  ModelInfo model;
  model.inputs = {Desc("in", 1)};
  model.outputs = outputs;
  return rpc::ToProto(model);
}

v1::RunEvent Progress(v1::Role role, uint32_t index, uint64_t received) {
  v1::RunEvent event;
  event.mutable_progress()->set_role(role);
  event.mutable_progress()->set_index(index);
  event.mutable_progress()->set_received(received);
  return event;
}

v1::RunEvent Comparison(uint32_t index, const TensorDesc& reference, const TensorDesc& target) {
  v1::RunEvent event;
  event.mutable_tensor()->set_index(index);
  event.mutable_tensor()->set_name(target.name);
  *event.mutable_tensor()->mutable_reference() = rpc::ToProto(reference);
  *event.mutable_tensor()->mutable_target() = rpc::ToProto(target);
  event.mutable_tensor()->set_count(3);
  event.mutable_tensor()->set_total(8);
  return event;
}

TEST(RunFold, AddsUpWhatItIsTold) {
  RunFold fold;
  v1::RunEvent event;
  *event.mutable_snapshot()->mutable_run() = Summary(v1::RUN_STATE_PREPARING);
  ASSERT_TRUE(fold.Add(event).ok());
  EXPECT_TRUE(fold.Current().tensors.empty());
  event.mutable_model()->set_role(v1::ROLE_TARGET);
  *event.mutable_model()->mutable_model() = Model({Desc("a", 8), Desc("b", 4)});
  ASSERT_TRUE(fold.Add(event).ok());
  ASSERT_TRUE(fold.Add(Progress(v1::ROLE_TARGET, 1, 4)).ok());
  event.mutable_note()->set_text("half \x1b way");
  ASSERT_TRUE(fold.Add(event).ok());
  const RunEvent now = fold.Current();
  EXPECT_EQ(now.run.state, RunState::kPreparing);
  EXPECT_EQ(now.run.board, "cam");
  EXPECT_EQ(now.note, "half \\x1b way");
  ASSERT_EQ(now.tensors.size(), 2U);
  EXPECT_EQ(now.tensors[0].name, "a");
  EXPECT_EQ(now.tensors[0].target_bytes, 0U);
  EXPECT_EQ(now.tensors[1].target_bytes, 4U);
  EXPECT_FALSE(fold.finished());
  *event.mutable_run() = Summary(v1::RUN_STATE_FINISHED);
  ASSERT_TRUE(fold.Add(event).ok());
  EXPECT_TRUE(fold.finished());
}

// The reference's outputs may stand in another order: its bytes belong to the tensor compared.
TEST(RunFold, ReferenceBytesGoToTheTensorTheyAreComparedWith) {
  RunFold fold;
  v1::RunEvent event;
  event.mutable_model()->set_role(v1::ROLE_REFERENCE);
  *event.mutable_model()->mutable_model() = Model({Desc("b", 4), Desc("a", 8)});
  ASSERT_TRUE(fold.Add(event).ok());
  ASSERT_TRUE(fold.Add(Comparison(0, Desc("a", 8), Desc("a", 8))).ok());
  ASSERT_TRUE(fold.Add(Progress(v1::ROLE_REFERENCE, 0, 2)).ok());
  ASSERT_TRUE(fold.Add(Progress(v1::ROLE_REFERENCE, 1, 7)).ok());
  const RunEvent now = fold.Current();
  ASSERT_EQ(now.tensors.size(), 1U);
  EXPECT_EQ(now.tensors[0].reference_bytes, 7U);
  EXPECT_EQ(now.tensors[0].compared, 3U);
  EXPECT_EQ(now.tensors[0].total, 8U);
  EXPECT_FALSE(now.tensors[0].verdict);
  EXPECT_FALSE(now.tensors[0].cosine);
}

TEST(RunFold, RefusesWhatNoServerSends) {
  RunFold fold;
  v1::RunEvent event;
  event.mutable_model()->set_role(v1::ROLE_UNSPECIFIED);
  *event.mutable_model()->mutable_model() = Model({Desc("a", 8)});
  EXPECT_EQ(fold.Add(event).reason(), kReasonProtocol);
  *event.mutable_run() = Summary(v1::RUN_STATE_FINISHED);
  event.mutable_run()->set_exit_code(256);
  EXPECT_EQ(fold.Add(event).reason(), kReasonProtocol);
  event = Comparison(0, Desc("a", 8), Desc("a", 8));
  event.mutable_tensor()->mutable_target()->set_aligned_size(7);
  EXPECT_EQ(fold.Add(event).reason(), kReasonProtocol);
  event = Comparison(0, Desc("a", 8), Desc("a", 8));
  event.mutable_tensor()->set_name("\x1b");
  EXPECT_EQ(fold.Add(event).reason(), kReasonProtocol);
  EXPECT_FALSE(fold.finished());
}

TEST(RunFold, AFailureKeepsCodeReasonAndHint) {
  v1::RunSummary wire = Summary(v1::RUN_STATE_FINISHED);
  wire.mutable_failure()->set_code(4);
  wire.mutable_failure()->set_message("no answer");
  wire.mutable_failure()->set_reason("runner_hung");
  wire.mutable_failure()->set_hint("reboot");
  const auto run = FromProto(wire);
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->error.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(run->error.reason(), kReasonRunnerHung);
  EXPECT_EQ(run->error.hint(), "reboot");
  EXPECT_EQ(run->verdict, analysis::Verdict::kNotCompared);
}

}  // namespace
}  // namespace plumb::client
