#include "common/tune/replay.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "common/base/file.h"
#include "common/base/text.h"

#include <nlohmann/json.hpp>

namespace plumb::tune {
namespace {

using nlohmann::json;

constexpr std::string_view kSchema = "plumb.tune-replay/1";
constexpr uint64_t kMaxSize = uint64_t{64} << 20U;

std::optional<Judgement> JudgementFrom(const std::string& name) {
  for (const Judgement judgement : {Judgement::kMeets, Judgement::kMisses, Judgement::kUnknown}) {
    if (name == JudgementName(judgement)) {
      return judgement;
    }
  }
  return std::nullopt;
}

// Empty unless `key` is a text.
std::string TextOf(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string()
             ? found->get<std::string>()
             : "";
}

}  // namespace

Result<Replay> Replay::Open(const std::filesystem::path& path,
                            const std::string& problem,
                            std::span<const Candidate> candidates) {
  Replay replay;
  replay.path_ = path;
  for (const Candidate& candidate : candidates) {
    replay.indices_.emplace(candidate.name, replay.names_.size());
    replay.names_.push_back(candidate.name);
  }
  if (replay.indices_.size() != replay.names_.size()) {
    return InvalidArgumentError("two tensors have the same name");
  }
  std::error_code ignored;
  std::string text;
  if (std::filesystem::exists(path, ignored)) {
    PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path, kMaxSize));
    text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  // What a crash left of the last line goes away, so that the next one begins a line.
  const size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  replay.file_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!replay.file_.valid() || ::ftruncate(replay.file_.get(), static_cast<off_t>(whole)) != 0) {
    return ErrnoError(errno, "cannot write '" + EscapeForDisplay(path.string()) + "'");
  }
  if (whole == 0) {
    PLUMB_RETURN_IF_ERROR(replay.Append(json({{"schema", kSchema}, {"problem", problem}}).dump()));
    return replay;
  }
  PLUMB_RETURN_IF_ERROR(replay.Load(text.substr(0, whole - 1), problem));
  return replay;
}

Status Replay::Load(const std::string& text, const std::string& problem) {
  const std::vector<std::string> lines = Split(text, '\n');
  const json head = json::parse(lines.front(), nullptr, false);
  const std::string where = "'" + EscapeForDisplay(path_.string()) + "'";
  if (TextOf(head, "schema") != kSchema) {
    return InvalidArgumentError(where + " is no replay file of plumb tune")
        .WithHint("name a file that does not exist yet");
  }
  if (TextOf(head, "problem") != problem) {
    return FailedPreconditionError(where +
                                   " belongs to another search: the model, its tensors, "
                                   "the tolerance or the command was another")
        .WithHint("remove the file to begin anew, or give the same options");
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    PLUMB_RETURN_IF_ERROR(LoadLine(lines[i]).Annotate(where + " line " + std::to_string(i + 1)));
  }
  loaded_ = known_.size();
  return OkStatus();
}

Status Replay::LoadLine(const std::string& line) {
  const json entry = json::parse(line, nullptr, false);
  const auto judgement = JudgementFrom(TextOf(entry, "judgement"));
  if (!judgement || !entry.contains("on") || !entry["on"].is_array()) {
    return InvalidArgumentError("no judgement");
  }
  std::vector<size_t> on;
  for (const json& name : entry["on"]) {
    const auto index = name.is_string() ? indices_.find(name.get<std::string>()) : indices_.end();
    if (index == indices_.end()) {
      return InvalidArgumentError("a tensor that is not searched");
    }
    on.push_back(index->second);
  }
  std::sort(on.begin(), on.end());
  known_[std::move(on)] = *judgement;
  return OkStatus();
}

Status Replay::Append(const std::string& line) {
  const std::string whole = line + "\n";
  const ssize_t written = ::write(file_.get(), whole.data(), whole.size());
  if (written != static_cast<ssize_t>(whole.size()) || ::fsync(file_.get()) != 0) {
    return ErrnoError(errno, "writing '" + EscapeForDisplay(path_.string()) + "'");
  }
  return OkStatus();
}

Judge Replay::Wrap(Judge judge) {
  return [this, judge = std::move(judge)](std::span<const size_t> on) -> Result<Judgement> {
    std::vector<size_t> key(on.begin(), on.end());
    const auto known = known_.find(key);
    if (known != known_.end()) {
      return known->second;
    }
    PLUMB_ASSIGN_OR_RETURN(const Judgement judgement, judge(on));
    json names = json::array();
    for (const size_t index : on) {
      names.push_back(names_.at(index));
    }
    PLUMB_RETURN_IF_ERROR(Append(json({{"on", names}, {"judgement", JudgementName(judgement)}})
                                     .dump(-1, ' ', false, json::error_handler_t::replace)));
    known_.emplace(std::move(key), judgement);
    return judgement;
  };
}

}  // namespace plumb::tune
