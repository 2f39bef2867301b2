// Boards in and out of service, reservations, kicks and several servers, over real gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/lib/farm_client.h"
#include "common/analysis/outcome.h"
#include "common/runner/failure.h"
#include "tests/integration/server_fixture.h"
#include "tests/support/postgres.h"

namespace plumb::test {
namespace {

using client::BoardState;
using client::BoardSummary;
using client::FarmClient;
using client::RunState;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

class FarmTest : public ServerFixture {
 protected:
  [[nodiscard]] std::unique_ptr<FarmClient> As(const std::string& owner) const {
    auto client = FarmClient::Connect({address(), seconds(10), false}, owner);
    EXPECT_TRUE(client.ok()) << client.status().ToString();
    return client.ok() ? std::move(client).value() : nullptr;
  }

  static BoardSummary Board(client::Client* client, const std::string& name) {
    const auto boards = client->ListBoards();
    EXPECT_TRUE(boards.ok()) << boards.status().ToString();
    for (const BoardSummary& board : boards.ok() ? *boards : std::vector<BoardSummary>()) {
      if (board.name == name) {
        return board;
      }
    }
    ADD_FAILURE() << "there is no board " << name;
    return {};
  }

  client::RunRequest RequestBy(client::Client* client, const std::string& owner) {
    client::RunRequest request = Request(client);
    request.owner = owner;
    return request;
  }
};

TEST_F(FarmTest, ABoardOutOfServiceGetsNothingUntilItIsPutBack) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto farm = As("ann");
  ASSERT_TRUE(farm->SetBoardService("cam", BoardState::kQuarantined, "hung twice").ok());
  EXPECT_EQ(Board(client.get(), "cam").state, BoardState::kQuarantined);
  EXPECT_EQ(Board(client.get(), "cam").reason, "hung twice");
  const auto run_id = client->StartRun(Request(client.get()));
  ASSERT_TRUE(run_id.ok()) << run_id.status().ToString();
  const auto waiting = farm->Explain(*run_id);
  ASSERT_TRUE(waiting.ok()) << waiting.status().ToString();
  EXPECT_EQ(waiting->position, 1U);
  EXPECT_THAT(waiting->reason, HasSubstr("1 board matches: 1 quarantined since"));
  EXPECT_THAT(waiting->reason, HasSubstr("(hung twice)"));
  ASSERT_TRUE(farm->SetBoardService("cam", BoardState::kIdle, "").ok());
  Serve(&agent, CorrectUpload());
  EXPECT_EQ(client->Watch(*run_id, nullptr)->run.exit_code, 0);
  EXPECT_EQ(farm->Explain(*run_id).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(farm->SetBoardService("nope", BoardState::kDraining, "").reason(), "board_not_found");
}

TEST_F(FarmTest, ADrainingBoardFinishesItsRun) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto first = client->StartRun(Request(client.get()));
  ASSERT_TRUE(As("ann")->SetBoardService("cam", BoardState::kDraining, "new SDK").ok());
  const auto second = client->StartRun(Request(client.get()));
  Serve(&agent, CorrectUpload());
  EXPECT_EQ(client->Watch(*first, nullptr)->run.exit_code, 0);
  EXPECT_EQ(Board(client.get(), "cam").state, BoardState::kDraining);
  EXPECT_TRUE(As("ann")->Explain(*second).ok()) << "it still waits";
}

TEST_F(FarmTest, AReservedBoardIsItsOwnersAlone) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto ann = As("ann");
  const auto made = ann->Reserve({{"cam"}, "bring-up", milliseconds(0), minutes(5)});
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(Board(client.get(), "cam").reserved_by, "ann");
  const auto bobs = client->StartRun(RequestBy(client.get(), "bob"));
  EXPECT_THAT(As("bob")->Explain(*bobs)->reason, HasSubstr("1 reserved, by ann until"));
  const auto anns = client->StartRun(RequestBy(client.get(), "ann"));
  EXPECT_EQ(Serve(&agent, CorrectUpload()).run_id(), *anns) << "it came later, and goes first";
  const auto bob = As("bob");
  EXPECT_EQ(bob->EndReservation(made->front().id, false).code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(bob->Extend(made->front().id, minutes(9)).status().code(),
            StatusCode::kPermissionDenied);
  EXPECT_EQ(bob->Reserve({{"cam"}, "", milliseconds(0), minutes(1)}).status().reason(),
            "board_busy");
  EXPECT_GT(ann->Extend(made->front().id, minutes(9))->until_unix_ms, made->front().until_unix_ms);
  ASSERT_TRUE(ann->EndReservation(made->front().id, false).ok());
  EXPECT_EQ(Serve(&agent, CorrectUpload()).run_id(), *bobs);
  EXPECT_TRUE(ann->Reservations()->empty());
}

TEST_F(FarmTest, AKickEndsTheRunAndFreesTheBoard) {
  const auto client = Connect();
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto run_id = client->StartRun(Request(client.get()));
  const v1::RunKey key = NextRun(&agent);
  const auto kicked = As("root")->Kick("cam");
  ASSERT_TRUE(kicked.ok()) << kicked.status().ToString();
  EXPECT_EQ(*kicked, *run_id);
  // The server that had the board hears of it when it renews the lease.
  const auto cancel = agent.Next();
  ASSERT_TRUE(cancel.ok()) << cancel.status().ToString();
  EXPECT_EQ(cancel->cancel().key().run_id(), *run_id);
  ASSERT_TRUE(agent.SendFailed(key, CancelledError("stopped").WithReason("cancelled")).ok());
  const auto end = client->Watch(*run_id, nullptr);
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(end->run.exit_code, analysis::kExitInfrastructure);
  EXPECT_EQ(Board(client.get(), "cam").state, BoardState::kIdle);
  std::vector<std::string> actions;
  const auto audit = As("root")->Audit(0, 100);
  for (const auto& entry : *audit) {
    actions.push_back(entry.action);
  }
  EXPECT_THAT(actions, testing::ElementsAre("submit", "grant", "kick"));
}

TEST_F(FarmTest, ABoardThatWentAwayIsOfflineAndNeverGranted) {
  const auto client = Connect();
  {
    FakeAgent agent(address(), "cam");
    ASSERT_TRUE(agent.Connect().ok());
  }
  // Its stream's end is noticed by the server, not by us.
  const auto limit = std::chrono::steady_clock::now() + seconds(20);
  while (Board(client.get(), "cam").state != BoardState::kOffline) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit);
  }
  EXPECT_EQ(client->StartRun(Request(client.get())).status().reason(), "board_not_found");
  client::RunRequest patient = Request(client.get());
  patient.wait = true;
  const auto run_id = client->StartRun(patient);
  ASSERT_TRUE(run_id.ok()) << run_id.status().ToString();
  EXPECT_EQ(As("ann")->Explain(*run_id)->reason, "1 board matches: 1 offline");
  FakeAgent back(address(), "cam", 'b');
  ASSERT_TRUE(back.Connect().ok());
  EXPECT_EQ(Serve(&back, CorrectUpload()).run_id(), *run_id);
}

TEST_F(FarmTest, ALostBoardsRunIsStartedAgainAsItsNextAttempt) {
  StartServer(milliseconds(20));
  const auto client = Connect();
  client::RunRequest request = Request(client.get(), {});
  auto agent = std::make_unique<FakeAgent>(address(), "cam");
  ASSERT_TRUE(agent->Connect().ok());
  request.max_attempts = 2;
  request.wait = true;
  const auto run_id = client->StartRun(request);
  EXPECT_EQ(NextRun(agent.get()).attempt(), 1U);
  agent.reset();
  FakeAgent back(address(), "cam", 'b');
  Status status = back.Connect();
  ASSERT_TRUE(status.ok()) << status.ToString();
  const v1::RunKey key = Serve(&back, CorrectUpload());
  EXPECT_EQ(key.run_id(), *run_id);
  EXPECT_EQ(key.attempt(), 2U);
  const auto end = client->Watch(*run_id, nullptr);
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(end->run.exit_code, 0);
}

TEST_F(FarmTest, WhatCannotBeIsRefused) {
  const auto farm = As("ann");
  EXPECT_EQ(farm->Reserve({{}, "", milliseconds(0), minutes(1), 65}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(farm->Reserve({{}, "", milliseconds(0), milliseconds(0)}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(farm->Reserve({{}, "", milliseconds(0), std::chrono::hours(24 * 40)}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(farm->Reserve({std::vector<std::string>(33, "x"), "", milliseconds(0), minutes(1)})
                .status()
                .code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(farm->SetBoardService("a\nb", BoardState::kDraining, "").code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(farm->Kick("nope").status().reason(), "board_not_found");
  EXPECT_EQ(farm->Extend("nope", minutes(1)).status().reason(), "reservation_not_found");
}

// A server on loopback TCP that wants tokens; the unix socket is its administrator's.
class TokenTest : public FarmTest {
 protected:
  void SetUp() override {
    server_.reset();
    server::ServerAppOptions options;
    options.listen = {"unix:" + (folder_.path() / "s").string(), "127.0.0.1:0"};
    options.data = folder_.path() / "tokens";
    options.require_token = true;
    auto server = server::ServerApp::Start(options);
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = std::move(server).value();
  }

  // Over TCP with what `role` was given; the token's id too.
  std::pair<client::ClientOptions, std::string> With(const std::string& role,
                                                     const std::string& pool = "") {
    const auto made = As("root")->AddToken({"", role + "-1", role, pool, 0, 0, 0}, hours(1));
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    return {Options(made->second), made->first.id};
  }

  client::ClientOptions Options(const std::string& secret) {
    client::ClientOptions options{server_->addresses().at(1), seconds(10), false};
    if (!secret.empty()) {
      options.token_file = (folder_.path() / ("token" + std::to_string(files_++))).string();
      EXPECT_TRUE(WriteFileAtomically(options.token_file, secret + "\n").ok());
      std::filesystem::permissions(options.token_file, std::filesystem::perms::owner_read);
    }
    return options;
  }

  int files_ = 0;
};

TEST_F(TokenTest, NobodyWithoutATokenDoesAnything) {
  const auto client = client::Client::Connect(Options(""));
  ASSERT_TRUE(client.ok()) << "the greeting alone is free: " << client.status().ToString();
  const Status refused = (*client)->ListBoards().status();
  EXPECT_EQ(refused.code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(refused.reason(), "token_missing");
  EXPECT_EQ((*client)->CancelRun("x").reason(), "token_missing");
  EXPECT_EQ((*client)->GetReport("x").status().reason(), "token_missing");
  EXPECT_EQ((*client)->Watch("x", nullptr).status().reason(), "token_missing");
  for (const std::string& wrong :
       {std::string("plumb"), "plumb_" + std::string(12, 'a') + "_" + std::string(64, 'b')}) {
    const auto other = client::Client::Connect(Options(wrong));
    EXPECT_EQ((*other)->ListBoards().status().reason(), "token_unknown") << wrong;
  }
}

TEST_F(TokenTest, ARoleAllowsWhatItSaysAndNoMore) {
  const auto viewer = With("viewer");
  const auto looking = client::Client::Connect(viewer.first);
  EXPECT_TRUE((*looking)->ListBoards().ok());
  EXPECT_TRUE((*looking)->ListRuns().ok());
  EXPECT_EQ((*looking)->CancelRun("x").reason(), "role_too_low");
  EXPECT_EQ((*looking)->StartRun(Request(Connect().get())).status().reason(), "role_too_low");
  EXPECT_EQ((*looking)->EnsureArtifact(folder_.path() / "small.img").status().reason(),
            "role_too_low");
  const auto operating = FarmClient::Connect(With("operator").first, "forged");
  EXPECT_EQ((*operating)->SetBoardService("cam", BoardState::kDraining, "").reason(),
            "role_too_low");
  EXPECT_EQ((*operating)->Audit(0, 1).status().reason(), "role_too_low");
  EXPECT_EQ((*operating)->AddToken({"", "x", "admin", "", 0, 0, 0}, hours(1)).status().reason(),
            "role_too_low");
  const auto ruling = FarmClient::Connect(With("admin").first, "forged");
  EXPECT_TRUE((*ruling)->Audit(0, 1).ok());
}

TEST_F(TokenTest, ItsNameIsTheOwnerWhateverTheCallerSays) {
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto client = Connect();
  EXPECT_EQ(Board(client.get(), "cam").state, BoardState::kIdle);
  const auto farm = FarmClient::Connect(With("operator").first, "forged");
  const auto made = (*farm)->Reserve({{"cam"}, "", milliseconds(0), minutes(1)});
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(made->front().owner, "operator-1");
  EXPECT_EQ((*farm)->EndReservation(made->front().id, true).reason(), "role_too_low");
}

TEST_F(TokenTest, APoolIsAllThatItsHolderReaches) {
  FakeAgent agent(address(), "cam");
  agent.hello().add_tags("lab1");
  ASSERT_TRUE(agent.Connect().ok());
  const auto client = Connect();
  EXPECT_EQ(Board(client.get(), "cam").state, BoardState::kIdle);
  const auto inside = FarmClient::Connect(With("operator", "lab1").first, "");
  const auto outside = FarmClient::Connect(With("operator", "lab2").first, "");
  EXPECT_EQ((*outside)->Reserve({{"cam"}, "", milliseconds(0), minutes(1)}).status().reason(),
            "board_busy");
  EXPECT_TRUE((*inside)->Reserve({{"cam"}, "", milliseconds(0), minutes(1)}).ok());
}

TEST_F(TokenTest, ARevokedOneOpensNothing) {
  const auto [options, id] = With("viewer");
  ASSERT_TRUE(As("root")->RevokeToken(id).ok());
  const auto client = client::Client::Connect(options);
  EXPECT_EQ((*client)->ListBoards().status().reason(), "token_revoked");
  const auto list = As("root")->Tokens();
  ASSERT_EQ(list->size(), 1U);
  EXPECT_GT(list->front().revoked_unix_ms, 0);
  EXPECT_EQ(As("root")->RevokeToken("nope").reason(), "token_not_found");
}

TEST_F(TokenTest, WhatIsRefusedIsInTheAudit) {
  const auto client = client::Client::Connect(Options(""));
  EXPECT_FALSE((*client)->ListBoards().ok());
  const auto audit = As("root")->Audit(0, 100);
  ASSERT_FALSE(audit->empty());
  EXPECT_EQ(audit->back().action, "refused");
  EXPECT_EQ(audit->back().subject, "token_missing");
  EXPECT_THAT(audit->back().actor, HasSubstr("127.0.0.1"));
}

TEST_F(TokenTest, AFileThatOthersMayReadIsRefused) {
  client::ClientOptions options = With("viewer").first;
  std::filesystem::permissions(
      options.token_file, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
  EXPECT_THAT(client::Client::Connect(options).status().message(), HasSubstr("read by others"));
  options.token_file = (folder_.path() / "none").string();
  EXPECT_EQ(client::Client::Connect(options).status().code(), StatusCode::kInvalidArgument);
}

// Two servers of one PostgreSQL, each with a board of its own.
class TwoServersTest : public FarmTest {
 protected:
  void SetUp() override {
    if (const auto missing = TemporaryPostgres::MissingBecause()) {
      GTEST_SKIP() << *missing;
    }
    auto postgres = TemporaryPostgres::Start();
    ASSERT_TRUE(postgres.ok()) << postgres.status().ToString();
    postgres_ = std::move(*postgres);
    const auto store = postgres_->CreateDatabase("farm");
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    server_.reset();
    server_ = StartNamed("pc-1", *store);
    second_ = StartNamed("pc-2", *store);
  }

  std::unique_ptr<server::ServerApp> StartNamed(const std::string& name, const std::string& store) {
    server::ServerAppOptions options;
    options.listen = {"unix:" + (folder_.path() / name).string()};
    options.data = folder_.path() / "shared";
    options.store = store;
    options.server_name = name;
    server::SimulatorsOptions simulators;
    simulators.builtin = std::string(PLUMB_BINARY_DIR) + "/bin/plumb-simulator";
    options.simulators = std::make_shared<server::Simulators>(std::move(simulators));
    auto server = server::ServerApp::Start(options);
    EXPECT_TRUE(server.ok()) << server.status().ToString();
    return server.ok() ? std::move(server).value() : nullptr;
  }

  std::unique_ptr<TemporaryPostgres> postgres_;
  std::unique_ptr<server::ServerApp> second_;
};

TEST_F(TwoServersTest, ARunGoesToTheServerThatReachesTheBoard) {
  const auto client = Connect();
  FakeAgent agent(second_->addresses().front(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  // The first server sees the board as soon as the store has it.
  const auto limit = std::chrono::steady_clock::now() + seconds(20);
  while (client->ListBoards()->empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit);
  }
  EXPECT_EQ(Board(client.get(), "cam").server, "pc-2");
  const auto run_id = client->StartRun(Request(client.get(), {"cam"}));
  ASSERT_TRUE(run_id.ok()) << run_id.status().ToString();
  EXPECT_EQ(Serve(&agent, CorrectUpload(3)).run_id(), *run_id);
  const auto end = client->Watch(*run_id, nullptr);
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(end->run.exit_code, analysis::kExitMismatch);
  EXPECT_THAT(end->report_json, HasSubstr("\"scores\""));
}

TEST_F(TwoServersTest, ACancelReachesTheBoardOfTheOtherServer) {
  const auto client = Connect();
  FakeAgent agent(second_->addresses().front(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  client::RunRequest request = Request(client.get(), {"cam"});
  request.wait = true;
  const auto run_id = client->StartRun(request);
  ASSERT_TRUE(run_id.ok()) << run_id.status().ToString();
  const v1::RunKey key = NextRun(&agent);
  EXPECT_EQ(key.run_id(), *run_id);
  ASSERT_TRUE(client->CancelRun(*run_id).ok());
  // The other server hears of it when it renews the lease.
  const auto cancel = agent.Next();
  ASSERT_TRUE(cancel.ok()) << cancel.status().ToString();
  EXPECT_EQ(cancel->cancel().key().run_id(), *run_id);
  ASSERT_TRUE(agent.SendFailed(key, CancelledError("stopped").WithReason("cancelled")).ok());
  // Whoever asks for the run later, at either server, is told the same.
  for (const auto& server : {address(), second_->addresses().front()}) {
    const auto asking = client::Client::Connect({server, seconds(10), false});
    ASSERT_TRUE(asking.ok());
    const auto limit = std::chrono::steady_clock::now() + seconds(30);
    const auto state = [&] {
      const auto runs = (*asking)->ListRuns();
      return runs.ok() && runs->size() == 1 ? runs->front().state : RunState::kQueued;
    };
    while (state() != RunState::kFinished) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << server;
    }
    EXPECT_EQ((*asking)->ListRuns()->front().exit_code, analysis::kExitInfrastructure) << server;
  }
}

TEST_F(TwoServersTest, ABoardsNameIsItsOwnOnBoth) {
  FakeAgent agent(address(), "cam");
  ASSERT_TRUE(agent.Connect().ok());
  const auto client = Connect();
  EXPECT_EQ(Board(client.get(), "cam").server, "pc-1");
  FakeAgent other(second_->addresses().front(), "cam", 'b');
  // The second server learns it from the store, after the welcome.
  Status refused = other.Connect();
  if (refused.ok()) {
    refused = other.Next().status();
  }
  EXPECT_EQ(refused.reason(), kReasonBoardNameTaken) << refused.ToString();
}

TEST_F(TwoServersTest, AnExpiredTokenOpensNothing) {
  const auto farm = As("root");
  const auto made = farm->AddToken({"", "ci", "viewer", "", 0, 0, 0}, hours(1));
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  client::ClientOptions options{address(), seconds(10), false};
  options.token_file = (folder_.path() / "token").string();
  ASSERT_TRUE(WriteFileAtomically(options.token_file, made->second).ok());
  std::filesystem::permissions(options.token_file, std::filesystem::perms::owner_read);
  EXPECT_TRUE((*client::Client::Connect(options))->ListBoards().ok());
  ASSERT_TRUE(postgres_->Execute("farm", "UPDATE tokens SET expires_ms = plumb_now() - 1").ok());
  // A server that was not asked before remembers nothing of it.
  options.address = second_->addresses().front();
  EXPECT_EQ((*client::Client::Connect(options))->ListBoards().status().reason(), "token_expired");
}

TEST_F(TwoServersTest, AServerOfTheSameNameIsRefused) {
  server::ServerAppOptions options;
  options.listen = {"unix:" + (folder_.path() / "third").string()};
  options.data = folder_.path() / "shared";
  options.store = *postgres_->CreateDatabase("other");
  options.server_name = "pc-2";
  const auto third = server::ServerApp::Start(options);
  EXPECT_EQ(third.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(third.status().hint(), HasSubstr("--server-name"));
}

}  // namespace
}  // namespace plumb::test
