#include "server/web/web_site.h"

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "common/base/text.h"
#include "server/core/run_history.h"
#include "server/web/farm_source.h"
#include "server/web/report_facts.h"
#include "server/web/web_assets.h"
#include "server/web/web_json.h"

namespace plumb::server {
namespace {

constexpr std::chrono::seconds kPatience{2};
constexpr std::chrono::milliseconds kFarmAge{500};
constexpr size_t kRecentRuns = 50;
constexpr size_t kMaxRuns = 1000;
constexpr size_t kMaxHistory = 100;
constexpr std::string_view kApi = "/api/v1/";

template <class T>
using Done = std::function<void(Result<T> result)>;

// What `ask`, on the strand, tells `done`, now or later; kUnavailable when that takes too long.
template <class T>
Result<T> Wait(ServerCore* core, std::function<void(Done<T> done)> ask) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  core->strand().Post([promise = std::move(promise), ask = std::move(ask)] {
    ask([promise](Result<T> result) { promise->set_value(std::move(result)); });
  });
  if (future.wait_for(kPatience) != std::future_status::ready) {
    return UnavailableError("the server is too busy to answer").WithHint("try again in a moment");
  }
  try {
    return future.get();
  } catch (const std::future_error&) {  // dropped unasked: the strand ends
    return UnavailableError("the server is stopping");
  }
}

std::optional<HttpReply> StaticFile(const std::string& path) {
  const std::string name = path == "/" ? "index.html" : path.substr(1);
  const std::string_view text = WebAsset(name);
  if (text.empty()) {
    return std::nullopt;
  }
  const std::string type = name.ends_with(".js")    ? "text/javascript"
                           : name.ends_with(".css") ? "text/css"
                           : name.ends_with(".svg") ? "image/svg+xml"
                                                    : "text/html";
  return HttpReply{200, type + "; charset=utf-8", std::string(text)};
}

unsigned HttpStatusOf(const Status& error) {
  switch (error.code()) {
    case StatusCode::kInvalidArgument:
      return 400;
    case StatusCode::kNotFound:
      return 404;
    case StatusCode::kFailedPrecondition:
      return 409;
    case StatusCode::kUnavailable:
    case StatusCode::kResourceExhausted:
      return 503;
    default:
      return 500;
  }
}

Status NoSuchPath() {
  return NotFoundError("there is no such document")
      .WithHint("docs/web-page.md lists what is under /api/v1/");
}

// Exactly "" or "limit=N".
Result<size_t> LimitFrom(const std::string& query) {
  if (query.empty()) {
    return kRecentRuns;
  }
  const auto limit =
      query.starts_with("limit=") ? ParseUint(query.substr(6)) : std::optional<uint64_t>();
  if (!limit || *limit == 0 || *limit > kMaxRuns) {
    return InvalidArgumentError("the query is not understood")
        .WithHint("write ?limit=N with N from 1 to " + std::to_string(kMaxRuns));
  }
  return static_cast<size_t>(*limit);
}

bool IsSha256(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

struct Seen {
  RunSnapshot snapshot;
  std::string note;
};

Result<Seen> SeenFrom(const Result<RunJournal::Update>& update) {
  PLUMB_RETURN_IF_ERROR(update.status());
  Seen seen;
  for (const JournalEvent& event : update->events) {
    if (const auto* snapshot = std::get_if<RunSnapshot>(&event)) {
      seen.snapshot = *snapshot;
    } else if (const auto* note = std::get_if<RunNote>(&event)) {
      seen.note = note->text;
    }
  }
  return seen;
}

Result<Seen> Look(ServerCore* core, const std::string& run_id) {
  return Wait<Seen>(core, [core, run_id](const Done<Seen>& done) {
    core->runs().Await(run_id, 0, [done](const auto& update) { done(SeenFrom(update)); });
  });
}

Result<std::string> ReportOf(ServerCore* core, const std::string& run_id) {
  PLUMB_ASSIGN_OR_RETURN(const std::string path,
                         Wait<std::string>(core, [core, run_id](const Done<std::string>& done) {
                           const auto found = core->runs().ReportPath(run_id);
                           done(found.ok() ? Result<std::string>(found->string()) : found.status());
                         }));
  return ReadReport(path);
}

}  // namespace

std::optional<HttpReply> WebSite::Answer(const HttpRequest& request) {
  if (!request.path.starts_with("/api/")) {
    return StaticFile(request.path);
  }
  const auto document = Document(request);
  HttpReply reply;
  reply.content_type = "application/json";
  reply.status = document.ok() ? 200 : HttpStatusOf(document.status());
  reply.body = document.ok() ? *document : ErrorJson(document.status());
  return reply;
}

Result<std::string> WebSite::Document(const HttpRequest& request) {
  if (!request.path.starts_with(kApi)) {
    return NoSuchPath();
  }
  const std::vector<std::string> parts = Split(request.path.substr(kApi.size()), '/');
  if (parts == std::vector<std::string>{"runs"}) {
    PLUMB_ASSIGN_OR_RETURN(const size_t limit, LimitFrom(request.query));
    PLUMB_ASSIGN_OR_RETURN(const auto runs, Runs(limit));
    return RunsJson(runs);
  }
  if (!request.query.empty()) {
    return InvalidArgumentError("this document takes no query");
  }
  if (parts.size() == 1 && (parts[0] == "farm" || parts[0] == "boards")) {
    PLUMB_ASSIGN_OR_RETURN(const FarmView farm, Farm());
    if (parts[0] == "boards") {
      return BoardsJson(farm);
    }
    PLUMB_ASSIGN_OR_RETURN(const auto runs, Runs(kRecentRuns));
    return FarmJson(farm, runs, version_);
  }
  if (parts.size() >= 2 && parts[0] == "runs" && !IsRunId(parts[1])) {
    return InvalidArgumentError("this is no run's id");
  }
  if (parts.size() == 2 && parts[0] == "runs") {
    return Run(parts[1]);
  }
  if (parts.size() == 3 && parts[0] == "runs" && parts[2] == "report") {
    return Report(parts[1]);
  }
  if (parts.size() == 3 && parts[0] == "models" && parts[2] == "history") {
    return IsSha256(parts[1]) ? History(parts[1])
                              : InvalidArgumentError("a model is named by its SHA-256: 64 digits");
  }
  return NoSuchPath();
}

Result<std::string> WebSite::Run(const std::string& run_id) {
  PLUMB_ASSIGN_OR_RETURN(const Seen seen, Look(core_, run_id));
  std::string report;
  if (seen.snapshot.run.state == RunState::kFinished) {
    // Without its report (removed, too large) the rest is still worth showing.
    auto read = ReportOf(core_, run_id);
    report = read.ok() ? *std::move(read) : std::string();
  }
  return RunJson(seen.snapshot, seen.note, report);
}

Result<std::string> WebSite::Report(const std::string& run_id) {
  PLUMB_RETURN_IF_ERROR(Look(core_, run_id).status());
  return ReportOf(core_, run_id);
}

Result<std::string> WebSite::History(const std::string& sha256) {
  PLUMB_ASSIGN_OR_RETURN(const auto runs, Runs(kMaxRuns));
  std::vector<HistoryView> history;
  for (const RunSummary& run : runs) {
    if (run.model.sha256 == sha256 && run.state == RunState::kFinished &&
        history.size() < kMaxHistory) {
      history.push_back(FactsOf(run));
    }
  }
  return HistoryJson(sha256, history);
}

HistoryView WebSite::FactsOf(const RunSummary& run) {
  if (const auto known = facts_.find(run.run_id); known != facts_.end()) {
    return known->second;
  }
  HistoryView view;
  view.run = run;
  const auto report = ReportOf(core_, run.run_id);
  if (!report.ok() || !AddReportFacts(*report, &view).ok()) {
    return view;
  }
  if (facts_.size() >= kMaxRuns) {
    facts_.clear();
  }
  return facts_.emplace(run.run_id, view).first->second;
}

Result<FarmView> WebSite::Farm() {
  if (Clock::now() < farm_until_) {
    return farm_;
  }
  PLUMB_ASSIGN_OR_RETURN(farm_, Wait<FarmView>(core_, [core = core_](const Done<FarmView>& done) {
                           core->runs().farm().Ask<Result<FarmView>>(
                               [](store::Store& store) { return ReadFarm(store); }, done);
                         }));
  farm_until_ = Clock::now() + kFarmAge;
  return farm_;
}

Result<std::vector<RunSummary>> WebSite::Runs(size_t max_count) {
  using List = std::vector<RunSummary>;
  return Wait<List>(core_, [core = core_, max_count](const Done<List>& done) {
    core->runs().ListAll(max_count, done);
  });
}

}  // namespace plumb::server
