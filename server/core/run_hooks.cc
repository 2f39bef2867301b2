// RunManager's side towards the hooks: what the lab wants done to a board around its runs.
#include <algorithm>
#include <utility>

#include "common/analysis/outcome.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/runner/failure.h"
#include "server/core/run_manager.h"

namespace plumb::server {
namespace {

// Power-cycled, flashed, and hung again: somebody must look at it.
constexpr uint32_t kMostHangs = 3;

std::string HowItEnded(const analysis::ComparisonReport& report) {
  return report.error.ok() ? std::string(analysis::VerdictName(report.verdict))
                           : report.error.ToString();
}

}  // namespace

void RunManager::Prepare(const std::string& run_id) {
  Run* run = Get(run_id);
  if (!options_.hooks || !options_.hooks->Has(run->lease->board, Hook::kBeforeLease)) {
    StartOnBoard(run_id);
    return;
  }
  RunHooks(run_id, "", {Hook::kBeforeLease}, [this, run_id](const Status& failure) {
    if (failure.ok() || !Get(run_id)->lost.ok()) {
      StartOnBoard(run_id);  // one that was cancelled or lost meanwhile comes to its end there
    } else {
      OnUnprepared(run_id, failure);
    }
  });
}

void RunManager::RunHooks(const std::string& run_id,
                          const std::string& reason,
                          std::vector<Hook> hooks,
                          std::function<void(const Status& failure)> done) {
  Run* run = Get(run_id);
  run->hooked = true;
  ++unsettled_;
  const std::string board = run->lease->board;
  const auto end = [this, run_id, done = std::move(done)](const Status& failure) {
    --unsettled_;
    Get(run_id)->hooked = false;
    done(failure);
  };
  options_.hooks->Run(
      board, run_id, reason, std::move(hooks), [this, board, end](const Status& failure) {
        strand_->Post([this, board, end, failure] {
          if (failure.ok() || failure.code() == StatusCode::kCancelled) {
            end(failure);
          } else {
            Quarantine(board, failure.message(), [end, failure] { end(failure); });
          }
        });
      });
}

void RunManager::Quarantine(const std::string& board,
                            const std::string& reason,
                            std::function<void()> done) {
  LogError("board '" + board + "' is quarantined: " + reason);
  farm_->AskInOrder<Status>(
      [board, reason = EscapeForDisplay(reason), actor = farm_->options().server](
          store::Store& store) {
        return store.SetService(board, store::Service::kQuarantined, reason, actor);
      },
      [board, done = std::move(done)](const Status& status) {
        if (!status.ok()) {
          LogError("board '" + board + "' could not be quarantined: " + status.ToString());
        }
        done();
      });
}

void RunManager::OnUnprepared(const std::string& run_id, const Status& failure) {
  Run* run = Get(run_id);
  boards_.Release(run->lease->board, run_id);
  std::exchange(run->remote, nullptr)->Finish();
  run->hooked = true;  // until the store has the board back
  ++unsettled_;
  farm_->GiveBack(
      *run->lease,
      "hook_failed",
      /*started=*/false,
      [this, run_id, failure](const Result<bool>& again) {
        --unsettled_;
        Run* back = Get(run_id);
        back->hooked = false;
        const Status ended = back->cancel.status();
        const bool waits = again.ok() && *again;
        if (!waits || !back->lost.ok()) {
          analysis::ComparisonReport report;
          report.error = ended.ok() ? failure : ended;
          analysis::DecideOutcome({}, report);
          AfterLoss(run_id, report);
          return;
        }
        back->lease.reset();
        WaitAgain(run_id);
        if (!ended.ok()) {
          End(run_id, ended);
        }
      });
}

std::vector<Hook> RunManager::HooksAfter(const std::string& board, bool hung) {
  if (!hung) {
    return {Hook::kAfterLease};
  }
  std::vector<Hook> hooks = {Hook::kOnHang};
  if (hangs_[board] > 1) {
    hooks.push_back(Hook::kFlash);
  }
  hooks.push_back(Hook::kPowerCycle);
  hooks.push_back(Hook::kAfterLease);
  return hooks;
}

void RunManager::CleanUp(const std::string& run_id,
                         const rpc::Hello& board,
                         bool hung,
                         const analysis::ComparisonReport& report) {
  const std::string& name = board.board_name;
  if (hung) {
    ++hangs_[name];
  } else if (ClassifyFailure(report.error) == FailureClass::kNone) {
    hangs_.erase(name);
  }
  const bool cycled = hung && options_.hooks->Has(name, Hook::kPowerCycle);
  const bool hopeless = cycled && hangs_[name] >= kMostHangs;
  RunHooks(run_id,
           HowItEnded(report),
           HooksAfter(name, hung),
           [this, run_id, board, cycled, hopeless, report](const Status& failure) {
             if (cycled && failure.ok()) {
               Disconnect(board);
             }
             if (hopeless) {
               hangs_.erase(board.board_name);
             }
             // Before the board is free: nobody gets it until it is told.
             ++unsettled_;
             Get(run_id)->hooked = true;
             const auto end = [this, run_id, report] {
               --unsettled_;
               Get(run_id)->hooked = false;
               Conclude(run_id, report);
             };
             if (hopeless) {
               Quarantine(board.board_name,
                          "hung " + std::to_string(kMostHangs) +
                              " times in a row: " + report.error.message(),
                          end);
             } else {
               farm_->AskInOrder<Status>([](store::Store& /*store*/) { return OkStatus(); },
                                         [end](const Status& /*status*/) { end(); });
             }
           });
}

void RunManager::Disconnect(const rpc::Hello& board) {
  // Whatever comes on the old stream is of before; the board counts once its agent dials anew.
  boards_.Refuse(
      board.board_name, board.instance_id, UnavailableError("the board was power-cycled"));
  farm_->Leave(board.board_name, board.instance_id);
}

}  // namespace plumb::server
