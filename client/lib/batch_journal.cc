#include "client/lib/batch_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxJournal = uint64_t{16} << 30U;

std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json Header(const std::string& key, size_t count) {
  return {{"schema", kJournalSchema}, {"key", key}, {"inputs", count}};
}

std::string Text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<uint64_t> Number(const Json& object, const char* key, uint64_t limit) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned() || found->get<uint64_t>() > limit) {
    return std::nullopt;
  }
  return found->get<uint64_t>();
}

Json ToJson(const JournalEntry& entry) {
  const BatchOutcome& outcome = entry.outcome;
  Json json = {{"index", outcome.index},
               {"verdict", analysis::VerdictName(outcome.verdict)},
               {"exit_code", outcome.exit_code},
               {"board", outcome.board},
               {"run", outcome.run_id},
               {"losses", outcome.losses},
               {"sources", entry.sources}};
  // Whatever a server sent as its report, the line stays one object on one line.
  const Json report = Json::parse(outcome.report_json, nullptr, false);
  json["comparison"] = report.is_object() ? report : Json();
  return json;
}

// Empty for anything but a whole entry.
std::optional<JournalEntry> FromJson(const Json& json, size_t count) {
  if (!json.is_object() || count == 0) {
    return std::nullopt;
  }
  const auto index = Number(json, "index", count - 1);
  const auto exit_code = Number(json, "exit_code", 255);
  const auto losses = Number(json, "losses", kMaxLosses);
  const auto verdict = analysis::ParseVerdict(Text(json, "verdict"));
  const auto report = json.find("comparison");
  if (!index || !exit_code || !losses || !verdict || report == json.end()) {
    return std::nullopt;
  }
  JournalEntry entry;
  entry.outcome.index = static_cast<size_t>(*index);
  entry.outcome.exit_code = static_cast<int>(*exit_code);
  entry.outcome.losses = static_cast<uint32_t>(*losses);
  entry.outcome.verdict = *verdict;
  entry.outcome.board = Text(json, "board");
  entry.outcome.run_id = Text(json, "run");
  if (report->is_object()) {
    entry.outcome.report_json = report->dump();
  }
  for (const Json& digest : json.value("sources", Json::array())) {
    if (!digest.is_string() || !IsSha256Hex(digest.get<std::string>())) {
      return std::nullopt;
    }
    entry.sources.push_back(digest.get<std::string>());
  }
  return entry;
}

}  // namespace

Result<std::unique_ptr<BatchJournal>> BatchJournal::Open(const std::filesystem::path& path,
                                                         const std::string& key,
                                                         size_t count) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid()) {
    return ErrnoError(errno, "cannot open '" + EscapeForDisplay(path.string()) + "'");
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return UnavailableError("another plumb is at the batch of '" + EscapeForDisplay(path.string()) +
                            "'")
        .WithHint("wait for it, or name another file");
  }
  std::unique_ptr<BatchJournal> journal(new BatchJournal(path, std::move(fd)));
  PLUMB_RETURN_IF_ERROR(
      journal->Load(key, count).Annotate("'" + EscapeForDisplay(path.string()) + "'"));
  return journal;
}

// Where the first line ends, once it is the header of this very batch.
Result<uint64_t> BatchJournal::CheckHeader(std::string_view text, const std::string& key) const {
  const size_t length = text.find('\n');
  const Json json = length == std::string_view::npos || length > kMaxJournalLine
                        ? Json()
                        : Json::parse(text.substr(0, length), nullptr, false);
  if (!json.is_object() || Text(json, "schema") != kJournalSchema) {
    return InvalidArgumentError("is no journal of a batch").WithReason(kReasonUsage);
  }
  if (json != Header(key, count_)) {
    return FailedPreconditionError("is the journal of another batch: model, inputs or flags differ")
        .WithReason(kReasonUsage)
        .WithHint("repeat the command of that batch, or name another file");
  }
  return length + 1;
}

Status BatchJournal::Load(const std::string& key, size_t count) {
  count_ = count;
  PLUMB_ASSIGN_OR_RETURN(const uint64_t size, FileSize(path_));
  if (size == 0) {
    return Begin(key, count);
  }
  if (size > kMaxJournal) {
    return ResourceExhaustedError("is too large for a journal");
  }
  PLUMB_ASSIGN_OR_RETURN(const Buffer file, MapFile(path_));
  const std::string_view text = file.view();
  PLUMB_ASSIGN_OR_RETURN(end_, CheckHeader(text, key));
  for (;;) {
    const size_t length = text.substr(end_).find('\n');
    if (length == std::string_view::npos || length > kMaxJournalLine) {
      break;
    }
    if (const auto entry =
            FromJson(Json::parse(text.substr(end_, length), nullptr, false), count)) {
      places_[entry->outcome.index] = {end_, length};
    }
    end_ += length + 1;
  }
  // What was cut off is written over.
  return ::ftruncate(fd_.get(), static_cast<off_t>(end_)) == 0
             ? OkStatus()
             : ErrnoError(errno, "cannot cut it off");
}

Status BatchJournal::Begin(const std::string& key, size_t count) {
  return AppendLine(Line(Header(key, count)));
}

Status BatchJournal::AppendLine(const std::string& line) {
  PLUMB_RETURN_IF_ERROR(
      WriteAt(fd_.get(), end_, {reinterpret_cast<const uint8_t*>(line.data()), line.size()}));
  end_ += line.size();
  return OkStatus();
}

Status BatchJournal::Append(const JournalEntry& entry) {
  const std::string line = Line(ToJson(entry));
  if (line.size() > kMaxJournalLine) {
    return ResourceExhaustedError("the report of input " + std::to_string(entry.outcome.index) +
                                  " is too large for the journal");
  }
  const Place place{end_, line.size() - 1};
  PLUMB_RETURN_IF_ERROR(AppendLine(line));
  places_[entry.outcome.index] = place;
  return OkStatus();
}

Result<std::optional<JournalEntry>> BatchJournal::Read(size_t index) const {
  const auto place = places_.find(index);
  if (place == places_.end()) {
    return std::optional<JournalEntry>();
  }
  std::string line(static_cast<size_t>(place->second.size), '\0');
  PLUMB_RETURN_IF_ERROR(ReadAt(
      fd_.get(), place->second.offset, {reinterpret_cast<uint8_t*>(line.data()), line.size()}));
  auto entry = FromJson(Json::parse(line, nullptr, false), count_);
  if (!entry) {
    return DataLossError("the journal '" + EscapeForDisplay(path_.string()) +
                         "' was changed by somebody else");
  }
  return entry;
}

Status BatchJournal::Remove() {
  if (::unlink(path_.c_str()) != 0) {
    return ErrnoError(errno, "cannot remove '" + EscapeForDisplay(path_.string()) + "'");
  }
  return OkStatus();
}

}  // namespace plumb::client
