#include "client/lib/batch.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "client/lib/batch_queue.h"
#include "client/lib/batch_run.h"
#include "common/analysis/outcome.h"
#include "common/runner/failure.h"

namespace plumb::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kLanes = 2;  // inputs under way for a board
constexpr size_t kMaxEvents = 256;
constexpr uint32_t kMaxReturns = 3;  // of a lost board
constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kGrace{5'000};
constexpr std::string_view kReasonFailFast = "fail_fast";

struct Board {
  std::string name;
  bool lost = false;
  bool set_aside = false;
  uint32_t returns = 0;
  uint32_t failures = 0;  // in a row
  size_t out = 0;         // inputs under way
};

class Batch {
 public:
  Batch(ServerPort* port, const BatchOptions& options)
      : port_(port),
        options_(options),
        queue_(options.count, options.known),
        began_(Clock::now()),
        last_board_(began_) {}

  BatchEnd Run(const std::function<void(const BatchEvent& event)>& on_event,
               const CancelToken& cancel);

 private:
  void Lane(Board* board);
  std::optional<size_t> Next(Board* board);
  OneRun RunInput(const Board& board, size_t index);
  // What a run's end means; with mutex_ held.
  void Settle(std::unique_lock<std::mutex>& lock, Board* board, size_t index, OneRun run);
  void Finish(std::unique_lock<std::mutex>& lock, Board* board, size_t index, BatchOutcome outcome);
  void CountFailure(std::unique_lock<std::mutex>& lock, Board* board, const BatchOutcome& outcome);
  void Tell(std::unique_lock<std::mutex>& lock, BatchEvent event);
  void Stop(const Status& why);
  [[nodiscard]] size_t BoardsInUse() const;
  [[nodiscard]] bool MayTake(const Board& board) const;

  void LookForBoards();
  // On the main thread with mutex_ held:
  void TakeBoards(const std::vector<BoardSummary>& listed);
  void Admit(const BoardSummary& listed);
  void CheckThatBoardsAreLeft(const std::vector<BoardSummary>& listed);
  void CheckFirstBoard(const std::vector<BoardSummary>& listed, bool busy);
  void CheckTime();
  bool Dispatch(const std::function<void(const BatchEvent& event)>& on_event);

  ServerPort* const port_;
  const BatchOptions& options_;
  const CancelToken stop_;   // everything ends
  const CancelToken grace_;  // nor is the end of cancelled runs awaited any longer

  std::mutex mutex_;
  std::condition_variable changed_;
  BatchQueue queue_;
  std::map<std::string, std::unique_ptr<Board>> boards_;
  std::deque<BatchEvent> events_;
  std::vector<std::thread> lanes_;  // main thread only
  size_t lanes_at_work_ = 0;
  uint32_t failures_in_a_row_ = 0;
  Status last_failure_;  // for which a board was set aside
  const Clock::time_point began_;
  Clock::time_point last_board_;  // when there was one to use
  std::optional<Clock::time_point> stopped_;
};

// With mutex_ held or not: only wakes those who wait.
void Batch::Stop(const Status& why) {
  stop_.Cancel(why);
  changed_.notify_all();
}

// A lane waits for the main thread rather than pile up reports.
void Batch::Tell(std::unique_lock<std::mutex>& lock, BatchEvent event) {
  changed_.wait(lock, [this] { return events_.size() < kMaxEvents; });
  events_.push_back(std::move(event));
  changed_.notify_all();
}

size_t Batch::BoardsInUse() const {
  return static_cast<size_t>(std::count_if(boards_.begin(), boards_.end(), [](const auto& entry) {
    return !entry.second->lost && !entry.second->set_aside;
  }));
}

// The last inputs go to boards that have none.
bool Batch::MayTake(const Board& board) const {
  return board.out == 0 || queue_.waiting() >= BoardsInUse();
}

std::optional<size_t> Batch::Next(Board* board) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stop_.cancelled() || queue_.finished() || board->set_aside) {
      return std::nullopt;
    }
    if (!board->lost && MayTake(*board)) {
      if (const auto index = queue_.Take()) {
        ++board->out;
        Tell(lock, {BatchStep::kStarted, *index, board->name, {}, {}});
        return index;
      }
    }
    changed_.wait_for(lock, kTick);
  }
}

OneRun Batch::RunInput(const Board& board, size_t index) {
  RunRequest request = options_.base;
  request.board = {board.name};
  const Status ready = options_.prepare(index, stop_, &request);
  if (ready.ok()) {
    return RunOne(port_, request, stop_, grace_);
  }
  OneRun run;
  run.ending = stop_.cancelled()                     ? Ending::kStopped
               : ready.reason() == kReasonServerLost ? Ending::kServerLost
                                                     : Ending::kOutcome;
  run.why = ready;
  run.outcome.error = ready;
  run.outcome.exit_code = analysis::ExitCodeOf(ready);
  return run;
}

void Batch::Lane(Board* board) {
  while (const auto index = Next(board)) {
    OneRun run = RunInput(*board, *index);
    std::unique_lock lock(mutex_);
    Settle(lock, board, *index, std::move(run));
  }
  const std::lock_guard lock(mutex_);
  --lanes_at_work_;
  changed_.notify_all();
}

GivenBack HowGivenBack(Ending ending) {
  return ending == Ending::kBoardLost   ? GivenBack::kLost
         : ending == Ending::kBoardGone ? GivenBack::kGone
                                        : GivenBack::kStopped;
}

void Batch::Settle(std::unique_lock<std::mutex>& lock, Board* board, size_t index, OneRun run) {
  --board->out;
  const bool lost = run.ending == Ending::kBoardLost;
  if (run.ending == Ending::kOutcome || (lost && queue_.losses(index) + 1 >= kMaxLosses)) {
    board->lost = board->lost || lost;
    Finish(lock, board, index, std::move(run.outcome));
    return;
  }
  if (const Status status = queue_.GiveBack(index, HowGivenBack(run.ending)); !status.ok()) {
    Stop(status);
  }
  if (run.ending == Ending::kServerLost) {
    Stop(run.why);
  }
  if (lost || run.ending == Ending::kBoardGone) {
    board->lost = true;
    Tell(lock, {BatchStep::kBoardLost, index, board->name, run.why, {}});
  }
}

void Batch::Finish(std::unique_lock<std::mutex>& lock,
                   Board* board,
                   size_t index,
                   BatchOutcome outcome) {
  if (const Status status = queue_.Finish(index); !status.ok()) {
    Stop(status);
    return;
  }
  outcome.index = index;
  outcome.board = board->name;
  outcome.losses = queue_.losses(index);
  CountFailure(lock, board, outcome);
  if (options_.fail_fast && outcome.exit_code != analysis::kExitMatch) {
    Stop(
        AbortedError("stopped at the first input that does not match").WithReason(kReasonFailFast));
  }
  Tell(lock, {BatchStep::kFinished, index, board->name, {}, std::move(outcome)});
}

void Batch::CountFailure(std::unique_lock<std::mutex>& lock,
                         Board* board,
                         const BatchOutcome& outcome) {
  const bool board_failed =
      outcome.exit_code == analysis::kExitBoard && outcome.error.reason() != kReasonInputRefused;
  board->failures = board_failed ? board->failures + 1 : 0;
  failures_in_a_row_ = outcome.error.ok() ? 0 : failures_in_a_row_ + 1;
  if (options_.keep_going) {
    return;
  }
  if (board->failures >= kBoardFailures && !board->set_aside) {
    board->set_aside = true;
    last_failure_ = outcome.error;
    Tell(lock, {BatchStep::kBoardSetAside, outcome.index, board->name, outcome.error, {}});
  }
  if (failures_in_a_row_ >= kFailuresInARow) {
    Stop(Status(outcome.error)
             .Annotate(std::to_string(kFailuresInARow) + " inputs in a row ended without a verdict")
             .WithHint("mend it, or go through all inputs with --keep-going"));
  }
}

void Batch::Admit(const BoardSummary& listed) {
  std::unique_ptr<Board>& board = boards_[listed.name];
  if (board) {
    board->lost = false;
    ++board->returns;
  } else {
    board = std::make_unique<Board>();
    board->name = listed.name;
    lanes_at_work_ += kLanes;
    for (size_t i = 0; i < kLanes; ++i) {
      lanes_.emplace_back([this, lane = board.get()] { Lane(lane); });
    }
  }
  events_.push_back({BatchStep::kBoardJoined, 0, listed.name, {}, {}});
}

void Batch::TakeBoards(const std::vector<BoardSummary>& listed) {
  for (const BoardSummary& summary : listed) {
    const auto known = boards_.find(summary.name);
    const bool back = known != boards_.end() && known->second->lost && !known->second->set_aside &&
                      known->second->returns < kMaxReturns;
    if ((known == boards_.end() || back) && summary.state == BoardState::kIdle &&
        summary.run_id.empty() && BoardsInUse() < std::min(options_.max_boards, kMaxBatchBoards) &&
        options_.wants(summary)) {
      Admit(summary);
    }
  }
}

void Batch::CheckThatBoardsAreLeft(const std::vector<BoardSummary>& listed) {
  const bool usable = BoardsInUse() > 0;
  const bool busy = std::any_of(listed.begin(), listed.end(), [this](const BoardSummary& board) {
    return !board.run_id.empty() && !boards_.contains(board.name) && options_.wants(board);
  });
  if (usable) {
    last_board_ = Clock::now();
  } else if (boards_.empty()) {
    CheckFirstBoard(listed, busy);
  } else if (std::all_of(boards_.begin(), boards_.end(), [](const auto& entry) {
               return entry.second->set_aside;
             })) {
    Stop(Status(last_failure_)
             .Annotate("every board failed " + std::to_string(kBoardFailures) +
                       " inputs in a row and was set aside; the last failure")
             .WithHint("mend it, or go through all inputs with --keep-going"));
  } else if (Clock::now() - last_board_ > (busy ? options_.base.deadline : options_.patience)) {
    Stop(UnavailableError("all boards were lost and none came back")
             .WithReason(kReasonAgentLost)
             .WithHint("see the agents' logs; the same command goes on from here"));
  }
}

void Batch::CheckFirstBoard(const std::vector<BoardSummary>& listed, bool busy) {
  if (busy) {
    if (Clock::now() - began_ > options_.base.deadline) {
      Stop(DeadlineExceededError("no board became free before the deadline")
               .WithReason(kReasonBoardBusy)
               .WithHint("'plumb boards' shows what they are at; wait longer with --deadline"));
    }
    return;
  }
  std::string names;
  for (const BoardSummary& board : listed) {
    if (board.state == BoardState::kOffline) {
      continue;
    }
    names += (names.empty() ? "" : ", ") + board.name;
  }
  Stop(NotFoundError("no connected board fits; connected: " + (names.empty() ? "none" : names))
           .WithReason(kReasonBoardNotFound)
           .WithHint("--board chooses by name or tag, --boards by number or names; 'plumb boards' "
                     "lists what is there"));
}

void Batch::LookForBoards() {
  const auto listed = port_->ListBoards();
  if (!listed.ok()) {
    Stop(listed.status());
    return;
  }
  const std::lock_guard lock(mutex_);
  if (!stop_.cancelled() && !queue_.finished()) {
    TakeBoards(*listed);
    CheckThatBoardsAreLeft(*listed);
  }
}

void Batch::CheckTime() {
  const auto now = Clock::now();
  if (options_.deadline && now - began_ > *options_.deadline) {
    Stop(DeadlineExceededError("the batch's deadline is over")
             .WithHint("give it more time with --deadline; the same command goes on from here"));
  }
  if (stop_.cancelled()) {
    stopped_ = stopped_.value_or(now);
    if (now - *stopped_ > kGrace) {
      grace_.Cancel();
    }
  }
}

// Hands out what there is; false when no lane is at work any more and all is told.
bool Batch::Dispatch(const std::function<void(const BatchEvent& event)>& on_event) {
  std::unique_lock lock(mutex_);
  if (events_.empty()) {
    changed_.wait_for(lock, kTick);
  }
  const std::deque<BatchEvent> events = std::exchange(events_, {});
  const bool over = (stop_.cancelled() || queue_.finished()) && lanes_at_work_ == 0;
  changed_.notify_all();
  lock.unlock();
  for (const BatchEvent& event : events) {
    on_event(event);
  }
  on_event({});
  return !over || !events.empty();
}

BatchEnd Batch::Run(const std::function<void(const BatchEvent& event)>& on_event,
                    const CancelToken& cancel) {
  const auto forward = cancel.OnCancel([&] { Stop(cancel.status()); });
  auto next_look = Clock::now();
  do {
    if (!stop_.cancelled() && Clock::now() >= next_look) {
      LookForBoards();
      next_look = Clock::now() + options_.poll;
    }
    CheckTime();
  } while (Dispatch(on_event));
  for (std::thread& lane : lanes_) {
    lane.join();
  }
  BatchEnd end;
  end.run_again = queue_.given_again();
  // What stopped it in its last moment does not count when all is done.
  if (!queue_.finished() && stop_.status().reason() != kReasonFailFast) {
    end.error = stop_.status();
  }
  return end;
}

}  // namespace

BatchEnd RunBatch(ServerPort* port,
                  const BatchOptions& options,
                  const std::function<void(const BatchEvent& event)>& on_event,
                  const CancelToken& cancel) {
  return Batch(port, options).Run(on_event, cancel);
}

}  // namespace plumb::client
