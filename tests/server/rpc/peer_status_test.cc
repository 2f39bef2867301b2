#include "server/rpc/peer_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/rpc/status_bridge.h"

namespace plumb::server {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

TEST(PeerStatusTest, AnErrorKeepsWhatItSaysAndGetsAnId) {
  const auto told = ToPeer(NotFoundError("no board 'cam'")
                               .WithReason("board_not_found")
                               .WithHint("'plumb boards' lists them"));
  EXPECT_EQ(told.error_code(), grpc::StatusCode::NOT_FOUND);
  const Status heard = rpc::FromGrpc(told);
  EXPECT_EQ(heard.message(), "no board 'cam'");
  EXPECT_EQ(heard.reason(), "board_not_found");
  EXPECT_EQ(heard.hint(), "'plumb boards' lists them");
  EXPECT_THAT(rpc::RequestIdOf(told), MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(rpc::RequestIdOf(told).size(), 12U);
  EXPECT_NE(rpc::RequestIdOf(ToPeer(NotFoundError("no"))), rpc::RequestIdOf(told));
}

TEST(PeerStatusTest, ADefectOfOursSaysNothingOfTheInside) {
  for (const Status& inside : {InternalError("cannot open '/var/lib/plumbline/x'"),
                               Status(StatusCode::kUnknown, "SELECT failed at /var/lib")}) {
    const grpc::Status told = ToPeer(inside);
    const Status heard = rpc::FromGrpc(told);
    EXPECT_EQ(heard.code(), inside.code());
    EXPECT_THAT(heard.ToString(), Not(HasSubstr("/var/lib")));
    EXPECT_THAT(heard.hint(), HasSubstr("at request " + rpc::RequestIdOf(told)));
  }
}

TEST(PeerStatusTest, ASuccessIsOne) {
  EXPECT_TRUE(ToPeer(OkStatus()).ok());
}

TEST(PeerStatusTest, AnIdOfAnotherFormIsDropped) {
  EXPECT_EQ(rpc::RequestIdOf(rpc::ToGrpc(NotFoundError("no"), "12\n34")), "");
}

}  // namespace
}  // namespace plumb::server
