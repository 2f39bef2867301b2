#include "server/core/run_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/analysis/outcome.h"
#include "common/archive/run_folder.h"
#include "common/base/text.h"
#include "common/runner/failure.h"
#include "server/core/run_diagnosis.h"
#include "server/core/run_history.h"

namespace plumb::server {
namespace {

constexpr std::chrono::milliseconds kPublishInterval{50};
// Why a leg was stopped that had done nothing wrong; never shown.
constexpr std::string_view kReasonOtherLegFailed = "other_leg_failed";

// The order of docs/cli.md: 70, 2, 3, 4.
int Rank(const Status& status) {
  constexpr std::array kOrder = {analysis::kExitInternal,
                                 analysis::kExitUsage,
                                 analysis::kExitInfrastructure,
                                 analysis::kExitBoard};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), analysis::ExitCodeOf(status)) -
                          kOrder.begin());
}

bool FailedItself(const Leg& leg) {
  return leg.done() && !leg.status().ok() && leg.status().reason() != kReasonOtherLegFailed;
}

std::vector<std::string> Digests(const std::vector<Artifact>& artifacts) {
  std::vector<std::string> digests;
  digests.reserve(artifacts.size());
  for (const Artifact& artifact : artifacts) {
    digests.push_back(artifact.sha256);
  }
  return digests;
}

}  // namespace

RunSession::RunSession(SessionJob job, Publish publish)
    : job_(std::move(job)),
      publish_(std::move(publish)) {}

RunSession::~RunSession() = default;

analysis::ComparisonReport RunSession::Execute(const CancelToken& cancel) {
  FillIdentity();
  auto folder = archive::RunFolderWriter::Create(job_.folder);
  Status status = job_.failure;
  if (status.ok()) {
    status = folder.status();
  }
  if (status.ok()) {
    status = Prepare(folder->LegFolder(analysis::Role::kReference),
                     folder->LegFolder(analysis::Role::kTarget));
  }
  if (status.ok() && job_.ask_for_inputs) {
    status = PrepareInputCheck(CapturedFolder(folder->path()));
  }
  if (status.ok()) {
    status = RunLegs(cancel);
  }
  if (status.ok() && !wrong_input()) {
    status = Judge(cancel);
  }
  report_.error = status;
  if (!status.ok()) {
    report_.diagnosis = analysis::DiagnoseFailure(status);
  }
  analysis::OutcomeOptions options;
  options.wrong_input = status.ok() && wrong_input();
  if (options.wrong_input) {
    report_.diagnosis = input_check_->Diagnoses();
  } else if (input_check_) {
    input_check_->Forget();
  }
  options.target_repeatable = !status.ok() || target_->recorder().evidence().repeatable();
  analysis::DecideOutcome(options, report_);
  if (folder.ok()) {
    const Status written =
        folder->Commit({job_.run_id, job_.model_name, job_.created_unix_ms, UnixMsNow()}, report_);
    if (!written.ok() && report_.error.ok()) {
      report_.error = Status(written).Annotate("writing the run's archive");
      analysis::DecideOutcome(options, report_);
    }
  }
  return report_;
}

Status RunSession::VerifyArtifacts() const {
  Status model = job_.blobs->Verify(job_.spec.model);
  if (!model.ok()) {
    return std::move(model).Annotate("model").WithReason(kReasonWrongModel);
  }
  for (const Artifact& input : job_.spec.inputs) {
    Status status = job_.blobs->Verify(input);
    if (!status.ok()) {
      return std::move(status).Annotate("input").WithReason(kReasonWrongInput);
    }
  }
  return OkStatus();
}

Status RunSession::Prepare(const std::filesystem::path& reference_folder,
                           const std::filesystem::path& target_folder) {
  publish_({RunState::kPreparing});
  PLUMB_RETURN_IF_ERROR(VerifyArtifacts());
  archive::RecordingIdentity identity;
  identity.model_sha256 = job_.spec.model.sha256;
  identity.input_sha256 = Digests(job_.spec.inputs);
  PLUMB_ASSIGN_OR_RETURN(const std::shared_ptr<Runner> reference, job_.make_reference());
  report_.reference.source = reference->name();
  identity.source = reference->name();
  PLUMB_ASSIGN_OR_RETURN(
      reference_,
      Leg::Create(analysis::Role::kReference, reference, reference_folder, identity, &beacon_));
  identity.source = job_.target->name();
  identity.board = job_.board;
  PLUMB_ASSIGN_OR_RETURN(
      target_,
      Leg::Create(analysis::Role::kTarget, job_.target, target_folder, identity, &beacon_));
  return OkStatus();
}

Status RunSession::PrepareInputCheck(const std::filesystem::path& folder) {
  PLUMB_ASSIGN_OR_RETURN(InputCheck check, InputCheck::Create(job_.spec.inputs, folder));
  input_check_.emplace(std::move(check));
  job_.ask_for_inputs({input_check_->Limits(),
                       [this](const rpc::InputChunk& piece) { return input_check_->Take(piece); }});
  return OkStatus();
}

Status RunSession::RunLegs(const CancelToken& cancel) {
  publish_({RunState::kRunning});
  const auto forward = cancel.OnCancel([&] { leg_cancel_.Cancel(cancel.status()); });
  RunSpec reference_spec = job_.spec;
  reference_spec.repetitions = 1;
  reference_spec.probe = false;
  target_->Start(job_.spec, leg_cancel_);
  reference_->Start(reference_spec, leg_cancel_);
  Status status;
  while (true) {
    const uint64_t seen = beacon_.count();
    const bool last = reference_->done() && target_->done();
    if (status.ok()) {
      status = Step();
    }
    if (!status.ok() || FailedItself(*reference_) || FailedItself(*target_)) {
      leg_cancel_.Cancel(
          AbortedError("the other side of the run failed").WithReason(kReasonOtherLegFailed));
    }
    PublishProgress(last);
    if (last) {
      break;
    }
    beacon_.WaitPast(seen, kPublishInterval);
  }
  if (wrong_input() && !cancel.cancelled()) {
    return OkStatus();
  }
  const Status failure = LegFailure(cancel);
  return failure.ok() ? status : failure;
}

Status RunSession::LegFailure(const CancelToken& cancel) const {
  const bool reference = FailedItself(*reference_);
  const bool target = FailedItself(*target_);
  if (cancel.cancelled() && (reference || target)) {
    return cancel.status();
  }
  if (reference && (!target || Rank(reference_->status()) <= Rank(target_->status()))) {
    return Status(reference_->status()).Annotate("reference");
  }
  return target ? target_->status() : OkStatus();
}

Status RunSession::Step() {
  if (!comparer_) {
    PLUMB_RETURN_IF_ERROR(CreateComparer());
  }
  if (comparer_) {
    PLUMB_RETURN_IF_ERROR(comparer_->Advance());
  }
  return OkStatus();
}

Status RunSession::CreateComparer() {
  const auto reference = reference_->recorder().model();
  const auto target = target_->recorder().model();
  if (!reference || !target) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(
      LiveComparer comparer,
      LiveComparer::Create(
          &reference_->writer(), *reference, &target_->writer(), *target, job_.tolerance));
  comparer_ = std::make_unique<LiveComparer>(std::move(comparer));
  return OkStatus();
}

void RunSession::PublishProgress(bool last) {
  // A verdict is not kept back.
  const bool decided = comparer_ && comparer_->HasVerdict();
  if (!last && !decided && Clock::now() < next_publish_) {
    return;
  }
  next_publish_ = Clock::now() + kPublishInterval;
  std::vector<SessionEvent> events;
  std::vector<TensorBytes> bytes;
  const auto collect = [&](const Leg& leg, analysis::Role role, bool* told) {
    const auto model = leg.recorder().model();
    if (model && !*told) {
      *told = true;
      events.emplace_back(ModelLoaded{role, *model});
    }
    const auto progress = leg.recorder().progress();
    bytes.insert(bytes.end(), progress.begin(), progress.end());
  };
  collect(*reference_, analysis::Role::kReference, &reference_told_);
  collect(*target_, analysis::Role::kTarget, &target_told_);
  for (const TensorBytes& now : bytes) {
    if (std::find(told_.begin(), told_.end(), now) == told_.end()) {
      events.emplace_back(now);
    }
  }
  told_ = std::move(bytes);
  if (comparer_) {
    for (TensorComparison& change : comparer_->TakeChanges()) {
      events.emplace_back(std::move(change));
    }
  }
  if (!events.empty()) {
    publish_(std::move(events));
  }
  if (decided) {
    verdict_at_ = Clock::now();
  }
}

Status RunSession::Judge(const CancelToken& cancel) {
  publish_({RunState::kJudging});
  if (!comparer_) {
    return InternalError("both runners ended without describing the model");
  }
  PLUMB_RETURN_IF_ERROR(reference_->writer().Finish());
  PLUMB_RETURN_IF_ERROR(target_->writer().Finish());
  report_.tensors = comparer_->Reports();
  report_.coverage = comparer_->coverage();
  if (!comparer_->note().empty()) {
    report_.notes.push_back(comparer_->note());
  }
  FillTiming();
  const bool differs = std::any_of(
      report_.tensors.begin(), report_.tensors.end(), [](const analysis::TensorReport& tensor) {
        return tensor.verdict == analysis::Verdict::kMismatch;
      });
  if (differs || !target_->recorder().evidence().repeatable()) {
    PLUMB_RETURN_IF_ERROR(DiagnoseDifferences(cancel));
  }
  return cancel.cancelled() ? cancel.status() : OkStatus();
}

Status RunSession::DiagnoseDifferences(const CancelToken& cancel) {
  publish_({RunNote{"looking for the cause of the difference"}});
  RunDiagnosis diagnosis;
  diagnosis.reference_folder = reference_->folder();
  diagnosis.target_folder = target_->folder();
  diagnosis.scratch_folder = job_.folder.string() + ".resimulation.part";
  diagnosis.pairs = comparer_->pairs();
  diagnosis.reports = report_.tensors;
  diagnosis.target = &target_->recorder();
  diagnosis.resimulator = job_.resimulator;
  diagnosis.spec = job_.spec;
  PLUMB_ASSIGN_OR_RETURN(report_.diagnosis, diagnosis.Find(cancel));
  return OkStatus();
}

void RunSession::FillIdentity() {
  report_.identity.model_sha256 = job_.spec.model.sha256;
  report_.identity.input_sha256 = Digests(job_.spec.inputs);
  report_.identity.board = job_.board;
  report_.identity.plumb = job_.plumb_version;
  if (job_.target) {
    report_.target.source = job_.target->name();
  }
}

void RunSession::FillTiming() {
  const LegRecorder& reference = reference_->recorder();
  const LegRecorder& target = target_->recorder();
  if (const auto model = target.model()) {
    report_.identity.sdk = model->sdk;
  }
  report_.timing.board_ms = target.invoke_ms();
  if (const auto& ipu = target.ipu()) {
    report_.timing.ipu_ms = static_cast<double>(ipu->time_us) / 1e3;
    report_.timing.bandwidth = static_cast<double>(ipu->bandwidth);
    report_.timing.bandwidth_read = static_cast<double>(ipu->bandwidth_read);
    report_.timing.bandwidth_write = static_cast<double>(ipu->bandwidth_write);
  }
  report_.timing.simulator_ms = reference.invoke_ms();
  report_.timing.transfer_ms = target.transfer_ms();
  report_.timing.compare_ms = comparer_->compare_ms();
  const auto last_byte = std::max(reference.last_byte(), target.last_byte());
  if (verdict_at_ != Clock::time_point()) {
    // An output without a partner may come after the last verdict.
    report_.timing.verdict_after_last_byte_ms =
        std::max(0.0, std::chrono::duration<double, std::milli>(verdict_at_ - last_byte).count());
  }
}

}  // namespace plumb::server
