// `plumb token add | list | revoke`: who may do what on the farm.
#include <unistd.h>

#include "client/cli/farm/farm_option.h"
#include "client/cli/frame/table.h"
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

nlohmann::ordered_json ToJson(const Token& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"role", token.role},
          {"pool", token.pool},
          {"made_unix_ms", token.made_unix_ms},
          {"expires_unix_ms", token.expires_unix_ms},
          {"revoked_unix_ms", token.revoked_unix_ms}};
}

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

class TokenAddVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "token add",
        "Make a token for a person or a CI",
        "The token is printed this once, and kept by the farm as a hash only. Its holder puts it\n"
        "into a file of mode 600 and names that with --token-file. A viewer looks; an operator\n"
        "also runs, cancels and reserves; an admin does everything. It needs an admin's token, or\n"
        "the server's unix socket.",
        "plumb token add ci --role operator --pool lab1 --days 90 --server unix:/run/plumb/s"};
  }

  void Declare(CLI::App& app) override {
    AddFarm(app, farm_);
    app.add_option("NAME", wanted_.name, "Whose it is: the owner of what is done with it")
        ->required();
    app.add_option("--role", wanted_.role, "What it allows")
        ->check(CLI::IsMember({"viewer", "operator", "admin"}))
        ->capture_default_str();
    app.add_option("--pool", wanted_.pool, "The boards it is for, as an expression of tags")
        ->type_name("TAGS");
    app.add_option("--days", days_, "How long it lives")
        ->check(CLI::Range(1, 3650))
        ->capture_default_str();
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToFarm(farm_));
    PLUMB_ASSIGN_OR_RETURN(const auto made,
                           client->AddToken(wanted_, std::chrono::hours(24) * days_));
    PLUMB_RETURN_IF_ERROR(context.json.Write(Dump(
        {{"schema", "plumb.token/1"}, {"token", ToJson(made.first)}, {"secret", made.second}})));
    context.console.Say("token " + made.first.id + " of " + EscapeForDisplay(made.first.name) +
                        ", " + made.first.role + " until " + TimeText(made.first.expires_unix_ms) +
                        "; it is shown this once:");
    context.console.Say(made.second);
    return kExitMatch;
  }

 private:
  FarmOption farm_;
  Token wanted_{{}, {}, "operator", {}, 0, 0, 0};
  int days_ = 90;
};

class TokenListVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"token list",
            "List the farm's tokens",
            "Without their secrets, which nobody has but their holders.",
            "plumb token list --server unix:/run/plumb/s"};
  }

  void Declare(CLI::App& app) override { AddFarm(app, farm_); }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToFarm(farm_));
    PLUMB_ASSIGN_OR_RETURN(const auto list, client->Tokens());
    auto json = nlohmann::ordered_json::array();
    Table table({{"id"}, {"name"}, {"role"}, {"pool"}, {"until"}, {"revoked"}});
    for (const Token& token : list) {
      json.push_back(ToJson(token));
      table.AddRow(
          {{token.id},
           {token.name, Style::kBold},
           {token.role},
           {token.pool},
           {TimeText(token.expires_unix_ms)},
           {token.revoked_unix_ms > 0 ? TimeText(token.revoked_unix_ms) : "", Style::kWarning}});
    }
    PLUMB_RETURN_IF_ERROR(
        context.json.Write(Dump({{"schema", "plumb.tokens/1"}, {"tokens", json}})));
    if (list.empty()) {
      context.console.Say("there are no tokens");
    } else {
      table.PrintTo(context.console);
    }
    return kExitMatch;
  }

 private:
  FarmOption farm_;
};

class TokenRevokeVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"token revoke",
            "Let a token open nothing any more",
            "Servers heed it within five seconds.",
            "plumb token revoke 0123456789ab --server unix:/run/plumb/s"};
  }

  void Declare(CLI::App& app) override {
    AddFarm(app, farm_);
    app.add_option("ID", id_, "As `plumb token list` shows it")->required();
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto client, ConnectToFarm(farm_));
    PLUMB_RETURN_IF_ERROR(client->RevokeToken(id_));
    context.console.Say("token " + EscapeForDisplay(id_) + " is revoked");
    return kExitMatch;
  }

 private:
  FarmOption farm_;
  std::string id_;
};

}  // namespace

std::unique_ptr<Verb> MakeTokenAddVerb() {
  return std::make_unique<TokenAddVerb>();
}

std::unique_ptr<Verb> MakeTokenListVerb() {
  return std::make_unique<TokenListVerb>();
}

std::unique_ptr<Verb> MakeTokenRevokeVerb() {
  return std::make_unique<TokenRevokeVerb>();
}

}  // namespace plumb::client
