#include "tests/e2e/farm.h"

#include <csignal>
#include <utility>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace plumb::test {

Farm::Farm(std::vector<std::string> server_flags)
    : folder_(TempFolder::Create("plumb-farm-").value()),
      server_flags_(std::move(server_flags)) {
  StartServer();
}

void Farm::StartServer() {
  std::vector<std::string> argv = {BinaryPath("plumb-server"),
                                   "--listen",
                                   address(),
                                   "--data",
                                   (folder_.path() / "data").string()};
  argv.insert(argv.end(), server_flags_.begin(), server_flags_.end());
  auto started = Program::Start(argv);
  ASSERT_TRUE(started.ok()) << started.status().ToString();
  server_ = std::move(started).value();
  ASSERT_TRUE(server_->WaitForLine("listens on", kPatience)) << server_->Output();
}

void Farm::KillServer() {
  server_->Signal(SIGKILL);
  ASSERT_TRUE(server_->WaitForExit(kPatience));
}

Program& Farm::AddBoard(const std::string& name,
                        const std::string& spec,
                        const std::vector<std::string>& flags,
                        const std::string& dialled) {
  std::vector<std::string> argv = {BinaryPath("plumb-agent"),
                                   "--server",
                                   dialled.empty() ? address() : dialled,
                                   "--name",
                                   name,
                                   "--virtual",
                                   spec,
                                   "--cache",
                                   (folder_.path() / ("cache-" + name)).string()};
  argv.insert(argv.end(), flags.begin(), flags.end());
  auto started = Program::Start(argv);
  EXPECT_TRUE(started.ok()) << started.status().ToString();
  agents_.push_back(std::move(started).value());
  AwaitBoard(name, true);
  return *agents_.back();
}

bool Farm::BoardIs(const std::string& name, const std::string& wanted) {
  const auto listed = Plumb("boards", {"--json", "-"});
  const auto document = nlohmann::json::parse(listed.out, nullptr, false);
  if (document.is_discarded()) {
    return false;
  }
  for (const auto& board : document["boards"]) {
    if (board["name"] == name) {
      return wanted.empty() ? board["state"] != "offline" : board["state"] == wanted;
    }
  }
  return false;
}

void Farm::AwaitBoard(const std::string& name, bool there) {
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (BoardIs(name, "") != there) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "board " << name << ", there " << there;
  }
}

void Farm::AwaitIdle(const std::string& name) {
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (!BoardIs(name, "idle")) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "board " << name << " stays busy";
  }
}

std::vector<std::string> Farm::RunCommand(const OfflineModel& model,
                                          const std::vector<std::string>& flags) const {
  std::vector<std::string> argv = {BinaryPath("plumb"),
                                   "run",
                                   "--server",
                                   address(),
                                   "--model",
                                   model.model,
                                   "--input",
                                   model.input,
                                   "--json",
                                   (folder_.path() / "report.json").string()};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return argv;
}

Finished Farm::RunModel(const OfflineModel& model, const std::vector<std::string>& flags) {
  auto finished = RunProgram(RunCommand(model, flags), kPatience);
  EXPECT_TRUE(finished.ok()) << finished.status().ToString();
  return finished.ok() ? std::move(finished).value() : Finished{};
}

std::unique_ptr<Program> Farm::StartRun(const OfflineModel& model,
                                        const std::vector<std::string>& flags) {
  auto started = Program::Start(RunCommand(model, flags));
  EXPECT_TRUE(started.ok()) << started.status().ToString();
  return std::move(started).value();
}

std::string Farm::report() const {
  const auto text = ReadFile(folder_.path() / "report.json");
  return text.ok() ? std::string(text->view()) : std::string();
}

Finished Farm::Plumb(const std::string& verb, const std::vector<std::string>& flags) {
  std::vector<std::string> argv = {BinaryPath("plumb"), verb, "--server", address()};
  argv.insert(argv.end(), flags.begin(), flags.end());
  auto finished = RunProgram(argv, kPatience);
  EXPECT_TRUE(finished.ok()) << finished.status().ToString();
  return finished.ok() ? std::move(finished).value() : Finished{};
}

}  // namespace plumb::test
