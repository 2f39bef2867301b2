#include "server/core/board_care.h"

#include <utility>
#include <vector>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

// Power-cycled, flashed, and hung again: somebody must look at it.
constexpr uint32_t kMostHangs = 3;
// For boards to be left as the lab wants them; a stopping server takes a few seconds at most.
constexpr std::chrono::seconds kHooksAtStop{5};

std::string HowItEnded(const analysis::ComparisonReport& report) {
  return report.error.ok() ? std::string(analysis::VerdictName(report.verdict))
                           : report.error.ToString();
}

std::vector<Hook> HooksAfter(bool hung, uint32_t hangs) {
  if (!hung) {
    return {Hook::kAfterLease};
  }
  if (hangs == 1) {
    return {Hook::kOnHang, Hook::kPowerCycle, Hook::kAfterLease};
  }
  return {Hook::kOnHang, Hook::kFlash, Hook::kPowerCycle, Hook::kAfterLease};
}

}  // namespace

BoardCare::BoardCare(Strand* strand,
                     std::shared_ptr<HookRunner> hooks,
                     const BlobStore* blobs,
                     Farm* farm,
                     BoardHealth::Start start)
    : strand_(strand),
      hooks_(std::move(hooks)),
      farm_(farm),
      health_(strand, blobs, farm, &hooks_->config(), std::move(start)) {}

void BoardCare::OnAttached(const rpc::Hello& board, std::function<void()> then) {
  health_.OnAttached(board, std::move(then));
}

void BoardCare::OnRemoved(const std::string& board) {
  health_.OnRemoved(board);
}

bool BoardCare::Prepares(const std::string& board) const {
  return hooks_->Has(board, Hook::kBeforeLease);
}

void BoardCare::Prepare(const std::string& board,
                        const std::string& run_id,
                        std::function<void(const Status& failure)> done) {
  hooks_->Run(board,
              run_id,
              "",
              {Hook::kBeforeLease},
              [this, board, done = std::move(done)](const Status& failure) {
                strand_->Post([this, board, failure, done] { Settle(board, failure, done); });
              });
}

void BoardCare::Settle(const std::string& board,
                       const Status& failure,
                       std::function<void(const Status& failure)> done) {
  if (failure.ok() || failure.code() == StatusCode::kCancelled) {
    done(failure);
    return;
  }
  Quarantine(board, failure.message(), [failure, done = std::move(done)] { done(failure); });
}

void BoardCare::Quarantine(const std::string& board,
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

void BoardCare::CleanUp(const Used& used, std::function<void(bool disconnect)> done) {
  if (used.hung) {
    ++hangs_[used.board];
  } else if (ClassifyFailure(used.report.error) == FailureClass::kNone) {
    hangs_.erase(used.board);
  }
  health_.OnFinished({used.board, used.run_id, used.folder, used.report, used.hung},
                     [this, used, done = std::move(done)](const Status& failure) {
                       Settle(used.board, failure, [this, used, done](const Status& /*failure*/) {
                         RunHooks(used, done);
                       });
                     });
}

void BoardCare::RunHooks(const Used& used, std::function<void(bool disconnect)> done) {
  const bool cycles = used.hung && hooks_->Has(used.board, Hook::kPowerCycle);
  const bool hopeless = cycles && hangs_[used.board] >= kMostHangs;
  const auto end = [this, used, cycles, hopeless, done = std::move(done)](const Status& failure) {
    const bool disconnect = cycles && failure.ok();
    if (disconnect) {
      health_.OnPowerCycled(used.board);
    }
    if (!hopeless) {
      done(disconnect);
      return;
    }
    hangs_.erase(used.board);
    Quarantine(
        used.board,
        "hung " + std::to_string(kMostHangs) + " times in a row: " + used.report.error.message(),
        [done, disconnect] { done(disconnect); });
  };
  hooks_->Run(used.board,
              used.run_id,
              HowItEnded(used.report),
              HooksAfter(used.hung, hangs_.contains(used.board) ? hangs_[used.board] : 0),
              [this, board = used.board, end](const Status& failure) {
                strand_->Post([this, board, end, failure] { Settle(board, failure, end); });
              });
}

void BoardCare::Stop() {
  hooks_->EndWithin(kHooksAtStop);
  health_.Stop();
}

}  // namespace plumb::server
