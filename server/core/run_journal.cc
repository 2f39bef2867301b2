#include "server/core/run_journal.h"

namespace plumb::server {

void RunJournal::SetRun(RunSummary run) {
  run_ = std::move(run);
  run_changed_ = ++now_;
}

void RunJournal::Restart(RunSummary run) {
  models_.clear();
  progress_.clear();
  tensors_.clear();
  SetRun(std::move(run));
}

void RunJournal::Apply(const SessionEvent& event) {
  ++now_;
  if (const auto* state = std::get_if<RunState>(&event)) {
    run_.state = *state;
    run_changed_ = now_;
  } else if (const auto* model = std::get_if<ModelLoaded>(&event)) {
    models_[model->role] = {model->model, now_};
  } else if (const auto* bytes = std::get_if<TensorBytes>(&event)) {
    progress_[{bytes->role, bytes->index}] = {*bytes, now_};
  } else if (const auto* tensor = std::get_if<TensorComparison>(&event)) {
    tensors_[tensor->report.index] = {*tensor, now_};
  } else if (const auto* note = std::get_if<RunNote>(&event)) {
    note_ = {*note, now_};
  }
}

RunSnapshot RunJournal::Snapshot() const {
  RunSnapshot snapshot;
  snapshot.run = run_;
  const auto model = [&](analysis::Role role) {
    const auto found = models_.find(role);
    return found == models_.end() ? std::nullopt : std::optional<ModelInfo>(found->second.value);
  };
  snapshot.reference_model = model(analysis::Role::kReference);
  snapshot.target_model = model(analysis::Role::kTarget);
  for (const auto& [key, bytes] : progress_) {
    snapshot.progress.push_back(bytes.value);
  }
  for (const auto& [index, tensor] : tensors_) {
    snapshot.tensors.push_back(tensor.value);
  }
  return snapshot;
}

RunJournal::Update RunJournal::Since(uint64_t cursor) const {
  Update update;
  update.cursor = now_;
  update.finished = run_.state == RunState::kFinished;
  if (cursor == 0) {
    update.events.emplace_back(Snapshot());
    if (note_.changed > 0 && !update.finished) {
      update.events.emplace_back(note_.value);
    }
  }
  if (cursor > 0 && run_changed_ > cursor && !update.finished) {
    update.events.emplace_back(run_);
  }
  const auto add = [&](const auto& parts, const auto& make) {
    for (const auto& [key, part] : parts) {
      if (cursor > 0 && part.changed > cursor) {
        update.events.emplace_back(make(key, part.value));
      }
    }
  };
  add(models_, [](analysis::Role role, const ModelInfo& model) {
    return ModelLoaded{role, model};
  });
  add(progress_, [](const auto&, const TensorBytes& bytes) { return bytes; });
  add(tensors_, [](uint32_t, const TensorComparison& tensor) { return tensor; });
  if (cursor > 0 && note_.changed > cursor) {
    update.events.emplace_back(note_.value);
  }
  if (update.finished && run_changed_ > cursor) {
    update.events.emplace_back(run_);
  }
  return update;
}

}  // namespace plumb::server
