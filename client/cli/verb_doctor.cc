// `plumb doctor`: what is missing on this machine, and the command that mends it.
#include <dlfcn.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "client/cli/frame/table.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/option/server_option.h"
#include "client/lib/client.h"
#include "common/base/file.h"
#include "common/base/subprocess.h"
#include "common/framework/engines.h"
#include "server/app/simulator_flags.h"
#include "server/app/simulators.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

namespace fs = std::filesystem;

enum class Health { kGood, kNote, kBad };

struct Finding {
  std::string what;
  Health health = Health::kGood;
  std::string detail;
  std::string mend;
};

std::string_view HealthName(Health health) {
  switch (health) {
    case Health::kGood:
      return "ok";
    case Health::kNote:
      return "note";
    case Health::kBad:
      return "missing";
  }
  return "";
}

Health HealthOf(server::SdkFinding::State state) {
  return state == server::SdkFinding::State::kGood   ? Health::kGood
         : state == server::SdkFinding::State::kNote ? Health::kNote
                                                     : Health::kBad;
}

Finding CheckProgram(const fs::path& folder, const std::string& name) {
  const fs::path path = folder / name;
  if (::access(path.c_str(), X_OK) == 0) {
    return {name, Health::kGood, path.string(), ""};
  }
  return {name, Health::kBad, "not beside plumb in " + folder.string(), "tools/build"};
}

// Loads the library as the runner will, so that a missing dependency shows here.
Finding CheckLibrary(const std::string& what, const std::string& path, const std::string& mend) {
  void* library = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = ::dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
    return {what, Health::kBad, reason == nullptr ? path : reason, mend};
  }
  const bool complete = ::dlsym(library, "MI_IPU_Invoke") != nullptr &&
                        ::dlsym(library, "MI_IPU_CreateCHN") != nullptr;
  ::dlclose(library);
  if (!complete) {
    return {what,
            Health::kBad,
            path + " exports no MI_IPU functions",
            "give the path of libmi_ipu.so, not of another MI library"};
  }
  return {what, Health::kGood, path, ""};
}

Finding CheckTemporary() {
  auto folder = TempFolder::Create("plumb-doctor-");
  if (!folder.ok()) {
    return {"temporary folder",
            Health::kBad,
            folder.status().message(),
            "set TMPDIR to a folder that can be written"};
  }
  std::error_code error;
  const auto space = fs::space(folder->path(), error);
  constexpr uint64_t kLow = uint64_t{1} << 30U;
  if (!error && space.available < kLow) {
    return {"temporary folder",
            Health::kNote,
            "less than 1 GiB is free in " + folder->path().parent_path().string(),
            "free space or set TMPDIR"};
  }
  return {"temporary folder", Health::kGood, folder->path().parent_path().string(), ""};
}

// Optional, so an absent engine is no more than a note.
Finding CheckEngine(framework::NetworkFormat format) {
  const framework::EngineState state = framework::ExamineEngine(format);
  return {state.engine, state.usable ? Health::kGood : Health::kNote, state.detail, state.mend};
}

Finding CheckServer(const std::string& address, const rpc::TlsFiles& tls) {
  ClientOptions options;
  options.address = address;
  options.tls = tls;
  options.connect_timeout = std::chrono::seconds(2);
  auto client = Client::Connect(options);
  if (!client.ok()) {
    return {"server", Health::kBad, client.status().message(), client.status().hint()};
  }
  const auto boards = (*client)->ListBoards();
  if (!boards.ok()) {
    return {"server", Health::kBad, boards.status().message(), "restart the server"};
  }
  if (boards->empty()) {
    return {"server",
            Health::kNote,
            address + ": answers, but no board is connected",
            "plumb-agent --server " + address + " --name NAME --mi-library libmi_ipu.so"};
  }
  return {"server",
          Health::kGood,
          address + ": " + std::to_string(boards->size()) + " board(s) connected",
          ""};
}

class DoctorVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"doctor",
            "Say what is missing on this machine and the command that mends it",
            "Checks the programs beside plumb, the virtual IPU, a place for temporary files, the\n"
            "vendor's SDK (--sdk, or where it usually is) and whether its Python loads it, the\n"
            "engines of 'plumb dump --stage framework' and, with --server, the server and its\n"
            "boards; with --mi-library the board's runtime.\n"
            "Exit code 0 when nothing is missing, 3 otherwise.",
            "plumb doctor --server 127.0.0.1:7070"};
  }

  void Declare(CLI::App& app) override {
    AddServer(app, server_, tls_);
    server::AddSdkFlags(app, sdk_);
    app.add_option("--mi-library", mi_library_, "Also check this libmi_ipu.so")->type_name("FILE");
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto program, ProgramPath());
    const fs::path folder = program.parent_path();
    std::vector<Finding> findings;
    for (const char* name : {"plumb-server", "plumb-agent", "plumb-runner", "plumb-simulator"}) {
      findings.push_back(CheckProgram(folder, name));
    }
    const fs::path libraries = folder.parent_path() / "lib";
    for (const auto& [what, file] : {std::pair("virtual IPU", "libmi_ipu_virtual.so"),
                                     std::pair("virtual IPU B", "libmi_ipu_virtual_b61.so")}) {
      findings.push_back(CheckLibrary(what, (libraries / file).string(), "tools/build"));
    }
    findings.push_back(CheckTemporary());
    PLUMB_ASSIGN_OR_RETURN(const auto external, server::OptionsFrom(sdk_));
    for (const server::SdkFinding& found : server::ExamineSdk(external.sgs)) {
      findings.push_back({found.what, HealthOf(found.state), found.detail, found.mend});
    }
    for (const auto format : {framework::NetworkFormat::kOnnx,
                              framework::NetworkFormat::kTflite,
                              framework::NetworkFormat::kCaffe}) {
      findings.push_back(CheckEngine(format));
    }
    if (!mi_library_.empty()) {
      findings.push_back(CheckLibrary("MI library",
                                      mi_library_,
                                      "load it on the board, with the vendor's other libraries in "
                                      "LD_LIBRARY_PATH"));
    }
    if (!server_.empty()) {
      findings.push_back(CheckServer(server_, tls_));
    }
    return Report(context, findings);
  }

 private:
  static Result<int> Report(VerbContext& context, const std::vector<Finding>& findings);

  std::string server_;
  ServerTrust tls_;
  std::string mi_library_;
  server::SimulatorFlags sdk_;
};

Result<int> DoctorVerb::Report(VerbContext& context, const std::vector<Finding>& findings) {
  Table table({{"check"}, {"state"}, {"what was found"}});
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  bool bad = false;
  for (const Finding& finding : findings) {
    const Style style = finding.health == Health::kGood
                            ? Style::kGood
                            : (finding.health == Health::kNote ? Style::kWarning : Style::kBad);
    table.AddRow(
        {{finding.what}, {std::string(HealthName(finding.health)), style}, {finding.detail}});
    list.push_back({{"check", finding.what},
                    {"state", HealthName(finding.health)},
                    {"detail", finding.detail},
                    {"mend", finding.mend}});
    bad = bad || finding.health == Health::kBad;
  }
  table.PrintTo(context.console);
  for (const Finding& finding : findings) {
    if (!finding.mend.empty()) {
      context.console.Say({{finding.what + ": ", Style::kBold}, {finding.mend}});
    }
  }
  const int code = bad ? kExitInfrastructure : kExitMatch;
  PLUMB_RETURN_IF_ERROR(context.json.Write(
      nlohmann::ordered_json(
          {{"schema", "plumb.doctor/1"}, {"exit_code", code}, {"checks", std::move(list)}})
          .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)));
  context.console.Conclude(
      {{bad ? "something is missing" : "all is there", bad ? Style::kBad : Style::kGood}});
  return code;
}

}  // namespace

std::unique_ptr<Verb> MakeDoctorVerb() {
  return std::make_unique<DoctorVerb>();
}

}  // namespace plumb::client
