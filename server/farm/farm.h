// The farm as one server sees it: what is in the store, asked without blocking, and kept alive.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/farm/farm_options.h"
#include "server/store/store.h"

namespace plumb::server {

// On the owner's strand only: calls return at once, answers and events come through `post`, in any
// order unless said. What concerns boards, and a Submit that demands one, happens in the order of
// the calls.
class Farm {
 public:
  using Post = std::function<void(std::function<void()> task)>;
  template <class T>
  using Done = std::function<void(T result)>;

  Farm(std::unique_ptr<store::Store> store, FarmOptions options, Post post, FarmEvents events);
  Farm(const Farm&) = delete;
  Farm& operator=(const Farm&) = delete;
  // Stops. `post` must still be callable.
  ~Farm();

  [[nodiscard]] const FarmOptions& options() const;

  // Any thread; its calls block.
  [[nodiscard]] store::Store& store() { return *store_; }

  // The board is kept alive until Leave. The store's errors.
  void Announce(store::BoardAnnouncement board, Done<Status> done);
  void Leave(const std::string& board, const std::string& instance);

  // With `demand_board`, kNotFound with board_not_found unless a board matches that is not offline.
  void Submit(store::Submission submission, bool demand_board, Done<Result<std::string>> done);
  // Looks at the run regularly until Unfollow.
  void Follow(const std::string& run_id);
  void Unfollow(const std::string& run_id);

  // A run or a board may have become free.
  void Wake();
  // A board may have been taken away: leases are renewed within `poll`.
  void Hurry();
  // Told to the store within `poll`, if the run has not ended by then.
  void Begin(const store::Lease& lease);
  // Goes on trying while the store cannot be reached. kAborted with lease_lost: it is not its
  // result.
  void Finish(const store::Lease& lease,
              const std::string& outcome,
              const std::string& result,
              Done<Status> done);
  // As Store::GiveBack.
  void GiveBack(const store::Lease& lease,
                const std::string& outcome,
                bool started,
                Done<Result<bool>> done);

  // Calls `question` on another thread and `done` with its result on the strand.
  template <class T>
  void Ask(std::function<T(store::Store&)> question, Done<T> done) {
    InBackground([this, question = std::move(question), done = std::move(done)](
                     store::Store& store) mutable {
      auto answer = std::make_shared<T>(question(store));
      ToStrand([answer, done = std::move(done)] { done(std::move(*answer)); });
    });
  }

  // As Ask, after all that was said of boards before.
  template <class T>
  void AskInOrder(std::function<T(store::Store&)> question, Done<T> done) {
    InOrder([this, question = std::move(question), done = std::move(done)](
                store::Store& store) mutable {
      auto answer = std::make_shared<T>(question(store));
      ToStrand([answer, done = std::move(done)] { done(std::move(*answer)); });
    });
  }

  // No more grants, and nothing is tried again. What was asked is still done.
  void StopClaiming();

 private:
  using Clock = std::chrono::steady_clock;
  using Work = std::function<void(store::Store&)>;

  struct Held {
    store::Lease lease;
    Clock::time_point until;  // by this server's clock, counted from before it was asked for
    bool finishing = false;
  };

  struct Background;

  void InBackground(Work work);
  void InOrder(Work work);
  void ToStrand(std::function<void()> task);
  void StartTimer();
  void OnTimer();
  void Heartbeat();
  void Reap();
  void LookAtFollowed();
  void GiveUpLate();
  void OnClaimed(std::vector<store::Grant> grants, Clock::time_point until, bool more);
  void TellBegun();
  void OnRenewed(const std::vector<store::Lease>& asked,
                 const Result<std::vector<store::Lease>>& lost,
                 Clock::time_point until);
  void Lose(const store::Lease& lease, const Status& why);
  // Logs what the store answers: an outage once, and its end. Any thread.
  void Note(const char* what, const Status& status);

  std::unique_ptr<store::Store> store_;
  const FarmOptions options_;
  const Post post_;
  const FarmEvents events_;
  std::map<std::string, std::string> boards_;  // name → instance, of those announced
  std::map<std::string, Held> leases_;         // by run
  std::set<std::string> followed_;
  std::vector<store::Lease> begun_;  // not yet told to the store
  Clock::time_point next_heartbeat_;
  std::atomic<bool> unreachable_{false};
  bool claiming_ = false;
  bool claim_again_ = false;
  bool beating_ = false;
  bool reaping_ = false;
  bool looking_ = false;
  bool stopped_ = false;
  std::unique_ptr<Background> background_;  // last: its threads use all of the above
};

// As Store::Match's answer, told to somebody who asked for `tags`: no board matches that is not
// offline.
Status NoSuchBoard(store::Store& store, const std::string& tags);

}  // namespace plumb::server
