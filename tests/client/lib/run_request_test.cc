#include "client/lib/run_request.h"

#include <gtest/gtest.h>

#include "common/runner/failure.h"

namespace plumb::client {
namespace {

RunRequest Request() {
  RunRequest request;
  request.model = {{}, std::string(64, 'a'), 10};
  request.inputs = {{{}, std::string(64, 'b'), 20}};
  request.model_name = "net.img";
  request.input_names = {"cat.bin"};
  request.board = {"lab", "S6"};
  request.repetitions = 3;
  request.invoke_timeout = std::chrono::seconds(2);
  request.deadline = std::chrono::minutes(5);
  request.tolerance.by_default.atol = 0.5;
  request.tolerance.by_tensor["scores"].min_cosine = 0.99;
  return request;
}

TEST(RunRequestToProto, CarriesEverything) {
  const auto wire = ToProto(Request());
  ASSERT_TRUE(wire.ok()) << wire.status().ToString();
  EXPECT_EQ(wire->request_id().size(), 32U);
  EXPECT_EQ(wire->model().size(), 10U);
  EXPECT_EQ(wire->inputs(0).sha256(), std::string(64, 'b'));
  EXPECT_EQ(wire->model_name(), "net.img");
  EXPECT_EQ(wire->input_names(0), "cat.bin");
  EXPECT_EQ(wire->board(1), "S6");
  EXPECT_EQ(wire->repetitions(), 3U);
  EXPECT_TRUE(wire->probe());
  EXPECT_EQ(wire->invoke_timeout_ms(), 2'000U);
  EXPECT_EQ(wire->deadline_ms(), 300'000U);
  EXPECT_EQ(wire->simulator(), v1::SIMULATOR_KIND_BUILTIN);
  EXPECT_EQ(wire->tolerance().defaults().atol(), 0.5);
  EXPECT_FALSE(wire->tolerance().defaults().has_rtol());
  EXPECT_EQ(wire->tolerance().per_tensor(0).tensor(), "scores");
  EXPECT_EQ(wire->tolerance().per_tensor(0).limits().min_cosine(), 0.99);
}

TEST(RunRequestToProto, EveryRequestIsItsOwn) {
  EXPECT_NE(ToProto(Request())->request_id(), ToProto(Request())->request_id());
}

TEST(RunRequestToProto, ARecordedReferenceReplacesTheSimulator) {
  RunRequest request = Request();
  request.reference_run = "20240101-000000-abcdef";
  const auto wire = ToProto(request);
  ASSERT_TRUE(wire.ok());
  EXPECT_EQ(wire->reference_run_id(), "20240101-000000-abcdef");
  EXPECT_FALSE(wire->has_simulator());
}

TEST(RunRequestToProto, NamesOfFilesAreMadeFitToSend) {
  RunRequest request = Request();
  request.model_name = "net\x1b.img";
  request.input_names = {std::string(300, 'x')};
  const auto wire = ToProto(request);
  ASSERT_TRUE(wire.ok());
  EXPECT_EQ(wire->model_name(), "net\\x1b.img");
  EXPECT_EQ(wire->input_names(0).size(), 255U);
  request.model_name.clear();
  EXPECT_EQ(ToProto(request)->model_name(), std::string(64, 'a'));
}

TEST(RunRequestToProto, WhatThePersonTypedWrongIsUsage) {
  const auto reason = [](auto change) {
    RunRequest request = Request();
    change(request);
    return ToProto(request).status().reason();
  };
  EXPECT_EQ(reason([](auto& r) { r.repetitions = 0; }), kReasonUsage);
  EXPECT_EQ(reason([](auto& r) { r.repetitions = 10'001; }), kReasonUsage);
  EXPECT_EQ(reason([](auto& r) { r.deadline = std::chrono::hours(25); }), kReasonUsage);
  EXPECT_EQ(reason([](auto& r) { r.invoke_timeout = std::chrono::milliseconds(0); }), kReasonUsage);
  EXPECT_EQ(reason([](auto& r) { r.simulator = "magic"; }), kReasonUsage);
}

}  // namespace
}  // namespace plumb::client
