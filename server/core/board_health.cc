#include "server/core/board_health.h"

#include <utility>
#include <vector>

#include "common/archive/recording.h"
#include "common/archive/run_folder.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/sha256.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kDeadline{10};
constexpr int32_t kPriority = 1000;
constexpr uint32_t kAttempts = 2;  // a link may break

// The file among the uploaded ones; it may have been removed since the last check.
Result<Artifact> Put(const BlobStore& blobs, const fs::path& file) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(file));
  const Artifact artifact{{}, Sha256Hex(bytes.span()), bytes.size()};
  if (blobs.Use(artifact).ok()) {
    return artifact;
  }
  PLUMB_ASSIGN_OR_RETURN(BlobStore::Upload upload, blobs.BeginUpload(artifact));
  PLUMB_RETURN_IF_ERROR(upload.Append(bytes.span()));
  PLUMB_RETURN_IF_ERROR(upload.Commit());
  return artifact;
}

// Blocks: reads the files.
Result<RunRequest> MakeRequest(const BlobStore& blobs,
                               const HealthCheck& check,
                               const std::string& board) {
  RunRequest request;
  PLUMB_ASSIGN_OR_RETURN(request.model, Put(blobs, check.model));
  for (const fs::path& file : check.inputs) {
    PLUMB_ASSIGN_OR_RETURN(Artifact input, Put(blobs, file));
    request.inputs.push_back(std::move(input));
    request.input_names.push_back(file.filename().string());
  }
  request.model_name = "health check: " + check.model.filename().string();
  request.board = {board};
  request.probe = false;
  request.deadline = kDeadline;
  request.owner = "health";
  request.priority = kPriority;
  request.max_attempts = kAttempts;
  request.wait = true;
  return request;
}

Status Judge(const HealthCheck& check, const fs::path& run, analysis::Verdict verdict) {
  PLUMB_ASSIGN_OR_RETURN(const std::string digest, DigestOfOutputs(run));
  if (check.digest.empty() && verdict != analysis::Verdict::kMatch) {
    return DataLossError("health check: the outputs differ from the simulator's");
  }
  if (!check.digest.empty() && digest != check.digest) {
    return DataLossError("health check: the outputs have digest " + digest + ", not " +
                         check.digest);
  }
  LogInfo("health check passed, digest " + digest);
  return OkStatus();
}

}  // namespace

Result<std::string> DigestOfOutputs(const fs::path& run) {
  PLUMB_ASSIGN_OR_RETURN(const fs::path leg, archive::FindLeg(run, analysis::Role::kTarget));
  PLUMB_ASSIGN_OR_RETURN(const auto recording, archive::ReadRecording(leg));
  Sha256 hash;
  for (const Tensor& output : recording.outputs) {
    PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(output.desc));
    for (uint64_t row = 0; row < region.rows; ++row) {
      hash.Update(output.bytes.span().subspan(row * region.row_pitch, region.row_size));
    }
  }
  return ToHex(hash.Finish());
}

BoardHealth::BoardHealth(
    Strand* strand, const BlobStore* blobs, Farm* farm, const HookConfig* config, Start start)
    : strand_(strand),
      blobs_(blobs),
      farm_(farm),
      config_(config),
      start_(std::move(start)) {}

void BoardHealth::OnAttached(const rpc::Hello& identity, std::function<void()> then) {
  if (config_->FindHealth(identity.board_name) == nullptr) {
    then();
    return;
  }
  Board& board = boards_[identity.board_name];
  board.connected = true;
  Arm(identity.board_name);
  if (std::exchange(board.instance, identity.instance_id) == identity.instance_id) {
    then();
    return;
  }
  board.failures = 0;
  Check(identity.board_name, "it came", std::move(then));
}

void BoardHealth::OnRemoved(const std::string& name) {
  if (const auto found = boards_.find(name); found != boards_.end()) {
    found->second.connected = false;
    found->second.timer = {};
  }
}

void BoardHealth::OnPowerCycled(const std::string& name) {
  if (const auto found = boards_.find(name); found != boards_.end()) {
    found->second.instance.clear();
  }
}

void BoardHealth::Arm(const std::string& name) {
  const HealthCheck* check = config_->FindHealth(name);
  if (check->every.count() > 0 && !stopped_) {
    boards_[name].timer = strand_->After(check->every, [this, name] {
      Arm(name);
      Check(name, "it is time", [] {});
    });
  }
}

void BoardHealth::Check(const std::string& name,
                        const std::string& why,
                        std::function<void()> then) {
  Board& board = boards_[name];
  if (stopped_ || (Clock::now() < board.until)) {
    then();  // one waits or is under way
    return;
  }
  board.until = Clock::now() + kDeadline;
  farm_->Ask<Result<RunRequest>>(
      [blobs = blobs_, check = *config_->FindHealth(name), name](store::Store& /*store*/) {
        return MakeRequest(*blobs, check, name);
      },
      [this, name, why, then = std::move(then)](const Result<RunRequest>& request) {
        const auto told = [this, name, why, then](const Result<std::string>& run_id) {
          if (run_id.ok()) {
            boards_[name].run_id = *run_id;
            LogInfo("board '" + name + "' is checked, since " + why + ": run " + *run_id);
          } else {
            boards_[name].until = {};
            LogError("board '" + name + "' cannot be checked: " + run_id.status().ToString());
          }
          then();
        };
        if (request.ok()) {
          start_(*request, told);
        } else {
          told(request.status());
        }
      });
}

void BoardHealth::OnFinished(const Finished& run, std::function<void(const Status& failure)> then) {
  const HealthCheck* check = config_->FindHealth(run.board);
  if (check == nullptr) {
    then(OkStatus());
    return;
  }
  Board& board = boards_[run.board];
  const Status& error = run.report.error;
  const bool boards_fault = run.hung || ClassifyFailure(error) == FailureClass::kBoard;
  if (board.run_id != run.run_id) {
    board.failures = boards_fault ? board.failures + 1 : error.ok() ? 0 : board.failures;
    if (check->after_failures > 0 && board.failures >= check->after_failures) {
      board.failures = 0;
      Check(run.board, "runs failed on it", [then = std::move(then)] { then(OkStatus()); });
    } else {
      then(OkStatus());
    }
    return;
  }
  board.until = {};
  if (boards_fault || error.reason() != kReasonAgentLost) {
    board.run_id.clear();  // else its next attempt is judged
  }
  if (!error.ok()) {
    LogWarning("the check of board '" + run.board + "' failed: " + error.ToString());
    then(boards_fault ? DataLossError("health check: " + error.message()) : OkStatus());
    return;
  }
  farm_->Ask<Status>([check = *check, folder = run.folder, verdict = run.report.verdict](
                         store::Store& /*store*/) { return Judge(check, folder, verdict); },
                     [then = std::move(then)](const Status& failure) { then(failure); });
}

void BoardHealth::Stop() {
  stopped_ = true;
  for (auto& [name, board] : boards_) {
    board.timer = {};
  }
}

}  // namespace plumb::server
