// RunManager's side towards the care of boards: before a run begins on one, and after it.
#include <utility>

#include "common/analysis/outcome.h"
#include "server/core/run_manager.h"

namespace plumb::server {

void RunManager::Prepare(const std::string& run_id) {
  Run* run = Get(run_id);
  if (!care_ || !care_->Prepares(run->lease->board)) {
    StartOnBoard(run_id);
    return;
  }
  run->hooked = true;
  ++unsettled_;
  care_->Prepare(run->lease->board, run_id, [this, run_id](const Status& failure) {
    --unsettled_;
    Run* prepared = Get(run_id);
    prepared->hooked = false;
    if (failure.ok() || !prepared->lost.ok()) {
      StartOnBoard(run_id);  // one that was cancelled or lost meanwhile comes to its end there
    } else {
      OnUnprepared(run_id, failure);
    }
  });
}

void RunManager::OnUnprepared(const std::string& run_id, const Status& failure) {
  Run* run = Get(run_id);
  boards_.Release(run->lease->board, run_id);
  std::exchange(run->remote, nullptr)->Finish();
  run->hooked = true;  // until the store has the board back
  ++unsettled_;
  farm_->GiveBack(*run->lease,
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

void RunManager::CleanUp(const std::string& run_id,
                         bool hung,
                         const analysis::ComparisonReport& report) {
  Run* run = Get(run_id);
  run->hooked = true;
  ++unsettled_;
  BoardCare::Used used;
  used.board = run->lease->board;
  used.run_id = run_id;
  used.folder = data_->RunPath(run_id, run->journal.run().attempt);
  used.report = report;
  used.hung = hung;
  care_->CleanUp(used, [this, run_id, board = used.board, report](bool disconnect) {
    const auto conclude = [this, run_id, report] {
      --unsettled_;
      Get(run_id)->hooked = false;
      Conclude(run_id, report);
    };
    if (!disconnect) {
      conclude();
      return;
    }
    // Whatever comes on the old stream is of before; the board counts once its agent dials anew.
    // The store hears of that before it hears that the board is free.
    const std::string instance =
        boards_.Disconnect(board, UnavailableError("the board was power-cycled"));
    farm_->Leave(board, instance);
    farm_->AskInOrder<Status>([](store::Store& /*store*/) { return OkStatus(); },
                              [conclude](const Status& /*status*/) { conclude(); });
  });
}

}  // namespace plumb::server
