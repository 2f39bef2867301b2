#include "server/farm/farm.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include "common/base/log.h"
#include "common/base/text.h"

namespace plumb::server {
namespace {

constexpr size_t kThreads = 4;  // as many as the store works on at once
constexpr size_t kClaimsAtOnce = 16;
constexpr size_t kMaxFollowed = 1000;
constexpr std::chrono::milliseconds kTryAgain{250};

Status MayBeOver() {
  return UnavailableError("the store could not be reached, and the board's lease may be over")
      .WithReason("lease_lost")
      .WithHint("look at the database and at the network to it, then run again");
}

Status IsOver(const store::Lease& lease) {
  return AbortedError("the run no longer has board '" + EscapeForDisplay(lease.board) +
                      "': it was taken away")
      .WithReason("lease_lost")
      .WithHint("it was cancelled, somebody freed the board, or this server was not heard of");
}

}  // namespace

struct Farm::Background {
  boost::asio::thread_pool pool{kThreads};
  boost::asio::strand<boost::asio::thread_pool::executor_type> in_order =
      boost::asio::make_strand(pool.get_executor());
  // Touched on in_order only, but for its making.
  boost::asio::steady_timer timer{in_order};
  bool over = false;
};

Farm::Farm(std::unique_ptr<store::Store> store, FarmOptions options, Post post, FarmEvents events)
    : store_(std::move(store)),
      options_(std::move(options)),
      post_(std::move(post)),
      events_(std::move(events)),
      background_(std::make_unique<Background>()) {
  boost::asio::post(background_->in_order, [this] { StartTimer(); });
}

Farm::~Farm() {
  boost::asio::post(background_->in_order, [this] {
    background_->over = true;
    background_->timer.cancel();
  });
  background_->pool.join();
}

const FarmOptions& Farm::options() const {
  return options_;
}

void Farm::InBackground(Work work) {
  boost::asio::post(background_->pool, [this, work = std::move(work)] { work(*store_); });
}

void Farm::InOrder(Work work) {
  boost::asio::post(background_->in_order, [this, work = std::move(work)] { work(*store_); });
}

void Farm::ToStrand(std::function<void()> task) {
  post_(std::move(task));
}

void Farm::StartTimer() {
  if (background_->over) {
    return;
  }
  background_->timer.expires_after(options_.poll);
  background_->timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      ToStrand([this] { OnTimer(); });
      StartTimer();
    }
  });
}

void Farm::OnTimer() {
  GiveUpLate();
  TellBegun();
  if (Clock::now() >= next_heartbeat_) {
    Heartbeat();
  }
  Reap();
  LookAtFollowed();
  Wake();
}

void Farm::Announce(store::BoardAnnouncement board, Done<Status> done) {
  board.server = options_.server;
  board.alive = options_.time_to_live;
  boards_[board.name] = board.instance;
  InOrder([this, board = std::move(board), done = std::move(done)](store::Store& store) {
    ToStrand(
        [this, status = store.Announce(board), done, name = board.name, instance = board.instance] {
          const auto found = boards_.find(name);
          if (!status.ok() && found != boards_.end() && found->second == instance) {
            boards_.erase(found);
          }
          done(status);
        });
  });
}

void Farm::Leave(const std::string& board, const std::string& instance) {
  const auto found = boards_.find(board);
  if (found != boards_.end() && found->second == instance) {
    boards_.erase(found);
  }
  InOrder([this, board, instance](store::Store& store) {
    Note("a board's leaving is not in the store", store.Leave(board, instance));
  });
}

Status NoSuchBoard(store::Store& store, const std::string& tags) {
  PLUMB_ASSIGN_OR_RETURN(const store::Waiting matching, store.Match(tags));
  const uint64_t there = matching.leased + matching.preparing + matching.quarantined +
                         matching.draining + matching.idle;
  if (there > 0) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const auto boards, store.Boards());
  constexpr size_t kMaxNamed = 20;
  std::vector<std::string> names;
  size_t connected = 0;
  for (const store::BoardRecord& board : boards) {
    if (board.state == store::BoardState::kOffline) {
      continue;
    }
    if (++connected <= kMaxNamed) {
      names.push_back("'" + board.name + "'" +
                      (board.tags.empty() ? "" : " (tags " + Join(board.tags, ", ") + ")"));
    }
  }
  if (connected > kMaxNamed) {
    names.push_back("and " + std::to_string(connected - kMaxNamed) + " more");
  }
  return NotFoundError(
             "no connected board fits: " + matching.reason + "; " +
             (names.empty() ? "no board is connected" : "connected: " + Join(names, "; ")))
      .WithReason("board_not_found")
      .WithHint(names.empty() ? "start plumb-agent on the board with --server and this address"
                              : "choose one of these with --board, by name or by tag");
}

void Farm::Submit(store::Submission submission, bool demand_board, Done<Result<std::string>> done) {
  Work work = [this, submission = std::move(submission), demand_board, done = std::move(done)](
                  store::Store& store) {
    const Status known = demand_board ? NoSuchBoard(store, submission.tags) : OkStatus();
    Result<std::string> id = known.ok() ? store.Submit(submission) : Result<std::string>(known);
    ToStrand([this, id = std::move(id), done] {
      done(id);
      Wake();
    });
  };
  // Boards that were announced before must be known.
  demand_board ? InOrder(std::move(work)) : InBackground(std::move(work));
}

void Farm::Follow(const std::string& run_id) {
  followed_.insert(run_id);
}

void Farm::Unfollow(const std::string& run_id) {
  followed_.erase(run_id);
}

void Farm::Wake() {
  if (std::exchange(claiming_, true)) {
    claim_again_ = true;
    return;
  }
  const size_t wanted =
      stopped_ || boards_.empty() ? 0 : std::min(events_.capacity(), kClaimsAtOnce);
  claim_again_ = false;
  if (wanted == 0) {
    claiming_ = false;
    return;
  }
  InBackground([this, wanted](store::Store& store) {
    const auto until = Clock::now() + options_.time_to_live;
    auto grants = store.ClaimSome(options_.server, options_.time_to_live, wanted);
    Note("no board can be granted", grants.status());
    const bool more = grants.ok() && grants->size() == wanted;
    ToStrand([this,
              grants = grants.ok() ? *std::move(grants) : std::vector<store::Grant>(),
              until,
              more]() mutable { OnClaimed(std::move(grants), until, more); });
  });
}

void Farm::OnClaimed(std::vector<store::Grant> grants, Clock::time_point until, bool more) {
  for (store::Grant& grant : grants) {
    leases_[grant.lease.run_id] = {grant.lease, until};
    events_.on_grant(std::move(grant));
  }
  claiming_ = false;
  if (more || claim_again_) {
    Wake();
  }
}

void Farm::Hurry() {
  next_heartbeat_ = {};
}

void Farm::Begin(const store::Lease& lease) {
  begun_.push_back(lease);
}

void Farm::TellBegun() {
  for (const store::Lease& lease : std::exchange(begun_, {})) {
    const auto held = leases_.find(lease.run_id);
    if (held == leases_.end() || !(held->second.lease == lease) || held->second.finishing) {
      continue;
    }
    InBackground([this, lease](store::Store& store) {
      const Status status = store.Begin(lease);
      if (status.reason() != "lease_lost") {  // it may have ended meanwhile
        Note("a run's beginning is not in the store", status);
      }
    });
  }
}

void Farm::Finish(const store::Lease& lease,
                  const std::string& outcome,
                  const std::string& result,
                  Done<Status> done) {
  if (const auto held = leases_.find(lease.run_id); held != leases_.end()) {
    held->second.finishing = true;
  }
  InBackground([this, lease, outcome, result, done = std::move(done)](store::Store& store) {
    const Status status = store.Finish(lease, outcome, result);
    ToStrand([this, lease, outcome, result, done, status] {
      const auto held = leases_.find(lease.run_id);
      const bool ours = held != leases_.end() && held->second.lease == lease;
      if (status.code() == StatusCode::kUnavailable && !stopped_) {
        auto timer = std::make_shared<boost::asio::steady_timer>(background_->in_order, kTryAgain);
        timer->async_wait([this, timer, lease, outcome, result, done](const auto& /*error*/) {
          ToStrand([this, lease, outcome, result, done] { Finish(lease, outcome, result, done); });
        });
        return;
      }
      if (ours) {
        leases_.erase(held);
      }
      done(status);
      Wake();
    });
  });
}

void Farm::GiveBack(const store::Lease& lease,
                    const std::string& outcome,
                    bool started,
                    Done<Result<bool>> done) {
  leases_.erase(lease.run_id);
  InBackground([this, lease, outcome, started, done = std::move(done)](store::Store& store) {
    ToStrand([result = store.GiveBack(lease, outcome, started), done] { done(result); });
  });
}

void Farm::StopClaiming() {
  stopped_ = true;
}

void Farm::Heartbeat() {
  if (std::exchange(beating_, true)) {
    return;
  }
  next_heartbeat_ = Clock::now() + options_.time_to_live / 3;
  std::vector<std::string> boards;
  for (const auto& [name, instance] : boards_) {
    boards.push_back(name);
  }
  std::vector<store::Lease> leases;
  for (const auto& [run_id, held] : leases_) {
    leases.push_back(held.lease);
  }
  InBackground([this, boards = std::move(boards), leases = std::move(leases)](store::Store& store) {
    const Status seen =
        boards.empty() ? OkStatus() : store.See(options_.server, boards, options_.time_to_live);
    Note("the store does not hear of the boards", seen);
    const auto until = Clock::now() + options_.time_to_live;
    auto lost = leases.empty() ? Result<std::vector<store::Lease>>(std::vector<store::Lease>())
                               : store.Renew(leases, options_.time_to_live);
    ToStrand([this, leases, lost = std::move(lost), until] { OnRenewed(leases, lost, until); });
  });
}

void Farm::OnRenewed(const std::vector<store::Lease>& asked,
                     const Result<std::vector<store::Lease>>& lost,
                     Clock::time_point until) {
  beating_ = false;
  if (!lost.ok()) {
    Note("leases could not be renewed", lost.status());
    next_heartbeat_ = Clock::now();
    return;
  }
  for (const store::Lease& lease : asked) {
    const auto held = leases_.find(lease.run_id);
    if (held != leases_.end() && held->second.lease == lease) {
      held->second.until = until;
    }
  }
  for (const store::Lease& lease : *lost) {
    Lose(lease, IsOver(lease));
  }
}

void Farm::Lose(const store::Lease& lease, const Status& why) {
  const auto held = leases_.find(lease.run_id);
  // One that was finished meanwhile is not found by Renew either.
  if (held == leases_.end() || !(held->second.lease == lease) || held->second.finishing) {
    return;
  }
  leases_.erase(held);
  events_.on_lost(lease, why);
}

void Farm::GiveUpLate() {
  // Earlier than the store, whose clock may be a little faster.
  const auto late = Clock::now() + options_.time_to_live / 5;
  std::vector<store::Lease> over;
  for (const auto& [run_id, held] : leases_) {
    if (held.until <= late) {
      over.push_back(held.lease);
    }
  }
  for (const store::Lease& lease : over) {
    Lose(lease, MayBeOver());
  }
}

void Farm::Note(const char* what, const Status& status) {
  if (status.ok()) {
    if (unreachable_.exchange(false)) {
      LogInfo("the store answers again");
    }
  } else if (status.code() != StatusCode::kUnavailable || !unreachable_.exchange(true)) {
    LogWarning(std::string(what) + ": " + status.ToString());
  }
}

void Farm::Reap() {
  if (std::exchange(reaping_, true)) {
    return;
  }
  InBackground([this](store::Store& store) {
    const auto expired = store.Reap();
    Note("expired leases could not be ended", expired.status());
    if (expired.ok()) {
      for (const store::Expired& one : *expired) {
        LogInfo("run " + one.lease.run_id +
                (one.lease.board.empty() ? " waited too long"
                                         : " lost board '" + EscapeForDisplay(one.lease.board) +
                                               "': its lease was not renewed") +
                (one.queued_again ? "; it waits again" : ""));
      }
    }
    ToStrand([this] { reaping_ = false; });
  });
}

void Farm::LookAtFollowed() {
  if (followed_.empty() || std::exchange(looking_, true)) {
    return;
  }
  std::vector<std::string> ids;
  for (const std::string& id : followed_) {
    if (ids.size() < kMaxFollowed) {
      ids.push_back(id);
    }
  }
  InBackground([this, ids = std::move(ids)](store::Store& store) {
    ToStrand([this, runs = store.FindAll(ids)] {
      looking_ = false;
      if (runs.ok()) {
        for (const store::RunRecord& run : *runs) {
          if (followed_.contains(run.id)) {
            events_.on_looked_at(run);
          }
        }
      }
    });
  });
}

}  // namespace plumb::server
