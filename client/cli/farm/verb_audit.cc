// `plumb audit`: what was done on the farm, by whom.
#include "client/cli/farm/farm_option.h"
#include "client/cli/frame/table.h"
#include "client/cli/frame/verbs.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

class AuditVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "audit",
        "List what was done on the farm, by whom",
        "Submissions, grants, results, reservations, kicks, boards in and out of service, in the\n"
        "order in which they happened. --after ID goes on where an earlier call ended.",
        "plumb audit --server 127.0.0.1:7070 --limit 1000 --json -"};
  }

  void Declare(CLI::App& app) override {
    AddFarm(app, farm_);
    app.add_option("--after", after_, "Only what came after this id")->type_name("ID");
    app.add_option("--limit", limit_, "At most so many (default 100)")
        ->type_name("N")
        ->check(CLI::Range(1, 1000));
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToFarm(farm_));
    PLUMB_ASSIGN_OR_RETURN(const auto entries, client->Audit(after_, limit_));
    auto json = nlohmann::ordered_json::array();
    Table table({{"id", Align::kRight}, {"when"}, {"who"}, {"did"}, {"to"}, {"detail"}});
    for (const AuditEntry& entry : entries) {
      json.push_back({{"id", entry.id},
                      {"at_unix_ms", entry.at_unix_ms},
                      {"actor", entry.actor},
                      {"action", entry.action},
                      {"subject", entry.subject},
                      {"detail", entry.detail}});
      table.AddRow({{std::to_string(entry.id)},
                    {TimeText(entry.at_unix_ms)},
                    {entry.actor},
                    {entry.action, Style::kBold},
                    {entry.subject},
                    {entry.detail}});
    }
    const nlohmann::ordered_json document = {{"schema", "plumb.audit/1"}, {"entries", json}};
    PLUMB_RETURN_IF_ERROR(context.json.Write(
        document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)));
    table.PrintTo(context.console);
    return kExitMatch;
  }

 private:
  FarmOption farm_;
  int64_t after_ = 0;
  uint32_t limit_ = 100;
};

}  // namespace

std::unique_ptr<Verb> MakeAuditVerb() {
  return std::make_unique<AuditVerb>();
}

}  // namespace plumb::client
