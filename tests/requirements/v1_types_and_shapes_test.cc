// V1: rank at most 10 (what the largest struct generation allows), dimensions 0 … 2³¹ − 1, element
// types and every other enum known; an unknown one is refused, never read as a default.
#include <gtest/gtest.h>

#include "client/lib/run_fold.h"
#include "common/rpc/board_convert.h"
#include "common/rpc/convert.h"
#include "common/runner/failure.h"
#include "common/tensor/npy.h"
#include "server/rpc/run_convert.h"
#include "tests/requirements/doors.h"

namespace plumb::test {
namespace {

TEST(RequirementV1, ATrueClaimIsTaken) {
  ExpectTakenEverywhere({}, "the claim that the others spoil");
}

TEST(RequirementV1, RankAboveTenIsRefused) {
  Claim claim;
  claim.dims.assign(10, 1);
  ExpectTakenEverywhere(claim, "rank 10");
  claim.dims.assign(11, 1);
  ExpectRefusedEverywhere(claim, "rank 11");
  claim.dims.assign(5'000, 1);
  ExpectRefusedEverywhere(claim, "rank 5,000");
}

TEST(RequirementV1, DimensionsOutsideZeroTo2To31AreRefused) {
  Claim claim;
  claim.dims = {1, 0, 13};
  ExpectTakenEverywhere(claim, "an empty tensor");
  for (const int64_t dim : {int64_t{-1}, int64_t{1} << 31, int64_t{-2'147'483'648}}) {
    claim.dims = {1, dim, 13};
    ExpectRefusedEverywhere(claim, std::to_string(dim));
  }
}

TEST(RequirementV1, UnknownElementTypesAreRefusedNotDefaulted) {
  Claim claim;
  for (const int type : {0, 16, -1, 1'000'000}) {
    claim.element_type = type;
    claim.mi_format = type == 0 ? 77U : static_cast<uint32_t>(type);
    claim.type_name = type == 0 ? "s17" : std::to_string(type);
    ExpectRefusedEverywhere(claim, std::to_string(type));
  }
}

TEST(RequirementV1, UnknownEnumsOfTheWireAreRefusedNotDefaulted) {
  v1::TensorDesc desc = ToWire({});
  desc.set_layout(static_cast<v1::Layout>(3));
  EXPECT_EQ(rpc::FromProto(desc).status().reason(), kReasonProtocol);
  for (const int phase : {0, 4, -1}) {
    EXPECT_EQ(rpc::FromProto(static_cast<v1::RunPhase>(phase)).status().reason(), kReasonProtocol);
  }
  v1::RunSummary run;
  run.set_run_id("r");
  run.set_state(v1::RUN_STATE_QUEUED);
  EXPECT_TRUE(client::FromProto(run).ok());
  run.set_verdict(static_cast<v1::Verdict>(4));
  EXPECT_EQ(client::FromProto(run).status().reason(), kReasonProtocol);
  run.clear_verdict();
  for (const int state : {0, 6, -1}) {
    run.set_state(static_cast<v1::RunState>(state));
    EXPECT_EQ(client::FromProto(run).status().reason(), kReasonProtocol) << state;
  }
}

TEST(RequirementV1, AnUnknownSimulatorIsRefusedNotDefaulted) {
  v1::StartRunRequest request;
  request.set_request_id(std::string(32, 'a'));
  request.mutable_model()->set_sha256(std::string(64, 'a'));
  request.set_model_name("m");
  request.add_inputs()->set_sha256(std::string(64, 'b'));
  request.set_repetitions(1);
  request.set_invoke_timeout_ms(1);
  request.set_deadline_ms(1);
  request.set_simulator(v1::SIMULATOR_KIND_BUILTIN);
  EXPECT_TRUE(server::FromProto(request).ok()) << server::FromProto(request).status().ToString();
  for (const int kind : {0, 4, -1}) {
    request.set_simulator(static_cast<v1::SimulatorKind>(kind));
    EXPECT_EQ(server::FromProto(request).status().reason(), kReasonProtocol) << kind;
  }
  request.clear_reference();
  EXPECT_EQ(server::FromProto(request).status().reason(), kReasonProtocol) << "none";
}

std::string Npy(const std::string& descr, const std::string& shape, size_t data) {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(118, ' ');
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + std::string(data, '\0');
}

TEST(RequirementV1, NpyFilesObeyTheSame) {
  const auto read = [](const std::string& text) {
    return ParseNpy("x", Buffer::FromString(text)).status().code();
  };
  EXPECT_EQ(read(Npy("<i2", "1, 2", 4)), StatusCode::kOk);
  EXPECT_EQ(read(Npy("<i2", "1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1", 2)), StatusCode::kInvalidArgument);
  EXPECT_EQ(read(Npy("<i2", "-1, 2", 4)), StatusCode::kInvalidArgument);
  EXPECT_EQ(read(Npy("<i2", "2147483648, 0", 0)), StatusCode::kInvalidArgument);
  EXPECT_EQ(read(Npy("|O", "1, 2", 16)), StatusCode::kInvalidArgument) << "a pickle";
  EXPECT_EQ(read(Npy(">i2", "1, 2", 4)), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumb::test
