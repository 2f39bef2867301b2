#include "tests/support/postgres.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "common/base/unique_fd.h"

namespace plumb::test {
namespace {

constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin";
constexpr std::chrono::seconds kPatience{60};

// PostgreSQL refuses to be root, so it is the user that its package made; and dies with the test.
std::vector<std::string> AsItsUser(std::vector<std::string> argv) {
  if (::geteuid() != 0) {
    return argv;
  }
  std::vector<std::string> whole = {"setpriv",
                                    "--reuid=postgres",
                                    "--regid=postgres",
                                    "--clear-groups",
                                    "--pdeathsig=KILL",
                                    "--"};
  whole.insert(whole.end(), argv.begin(), argv.end());
  return whole;
}

std::string UserName() {
  if (::geteuid() == 0) {
    return "postgres";
  }
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : "postgres";
}

// The parent of a process; 0 when it is gone.
pid_t ParentOf(const std::string& pid) {
  std::string stat;
  std::getline(std::ifstream("/proc/" + pid + "/stat"), stat);
  // "PID (NAME) STATE PARENT …", and the name may hold anything.
  const size_t name_end = stat.rfind(')');
  return name_end == std::string::npos || name_end + 4 > stat.size()
             ? 0
             : static_cast<pid_t>(std::strtol(stat.c_str() + name_end + 4, nullptr, 10));
}

// Handles of the processes that this one has forked.
std::vector<UniqueFd> ChildrenOf(pid_t parent) {
  std::vector<UniqueFd> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") == std::string::npos && ParentOf(pid) == parent) {
      UniqueFd child(static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(pid), 0)));
      if (child.get() >= 0) {
        children.push_back(std::move(child));
      }
    }
  }
  return children;
}

}  // namespace

std::optional<std::string> TemporaryPostgres::MissingBecause() {
  if (::access((std::string(kPrograms) + "/initdb").c_str(), X_OK) == 0) {
    return std::nullopt;
  }
  return "PostgreSQL 15 is not installed: apt-get install postgresql-15";
}

Result<std::unique_ptr<TemporaryPostgres>> TemporaryPostgres::Start() {
  std::string folder = (std::filesystem::temp_directory_path() / "plumb_pg_XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    return ErrnoError(errno, "making " + folder);
  }
  std::unique_ptr<TemporaryPostgres> postgres(new TemporaryPostgres(folder));
  PLUMB_RETURN_IF_ERROR(postgres->Initialize());
  PLUMB_RETURN_IF_ERROR(postgres->Restart());
  return postgres;
}

Status TemporaryPostgres::Initialize() {
  const passwd* user = ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
  if (user != nullptr && ::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) {
    return ErrnoError(errno, "giving the folder to PostgreSQL's user");
  }
  SubprocessOptions options;
  options.argv = AsItsUser({std::string(kPrograms) + "/initdb",
                            "-D",
                            folder_ + "/data",
                            "-A",
                            "trust",
                            "-E",
                            "UTF8",
                            "--locale=C",
                            "--no-sync"});
  // initdb reads its working folder, which must be one its user may see.
  options.working_folder = folder_;
  const UniqueFd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  options.descriptors = {{STDOUT_FILENO, nowhere.get()}, {STDERR_FILENO, STDERR_FILENO}};
  PLUMB_ASSIGN_OR_RETURN(Subprocess initdb, Subprocess::Start(options));
  const std::optional<ExitInfo> end = initdb.WaitFor(kPatience);
  return end && end->clean() ? OkStatus() : InternalError("initdb failed");
}

Status TemporaryPostgres::Spawn() {
  SubprocessOptions options;
  options.argv = AsItsUser({std::string(kPrograms) + "/postgres",
                            "-D",
                            folder_ + "/data",
                            "-k",
                            folder_,
                            "-c",
                            "listen_addresses=",
                            "-c",
                            "max_connections=40",
                            "-c",
                            "log_min_messages=panic"});
  options.working_folder = folder_;
  options.descriptors = {{STDERR_FILENO, STDERR_FILENO}};
  PLUMB_ASSIGN_OR_RETURN(Subprocess server, Subprocess::Start(options));
  server_.emplace(std::move(server));
  return OkStatus();
}

Status TemporaryPostgres::Restart() {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  PLUMB_RETURN_IF_ERROR(Spawn());
  while (PQping(Address("postgres").c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > until) {
      return UnavailableError("PostgreSQL did not come up");
    }
    // After a crash it does not start until the last process of the old one has noticed.
    if (server_->WaitFor(std::chrono::milliseconds(20))) {
      PLUMB_RETURN_IF_ERROR(Spawn());
    }
  }
  return OkStatus();
}

void TemporaryPostgres::Crash() {
  if (!server_) {
    return;
  }
  // Its children lead sessions of their own: no signal to a group reaches them, and until one
  // notices that the server is gone it still answers. Stopped, the server forks no more of them.
  server_->Kill(SIGSTOP);
  const std::vector<UniqueFd> children = ChildrenOf(server_->pid());
  for (const UniqueFd& child : children) {
    ::syscall(SYS_pidfd_send_signal, child.get(), SIGKILL, nullptr, 0);
  }
  server_->Kill(SIGKILL);
  server_->Wait();
  server_.reset();
  for (const UniqueFd& child : children) {
    pollfd gone{child.get(), POLLIN, 0};
    ::poll(&gone, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count()));
  }
}

TemporaryPostgres::~TemporaryPostgres() {
  Crash();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TemporaryPostgres::Address(const std::string& database) const {
  return "host=" + folder_ + " user=" + UserName() + " dbname=" + database;
}

Result<std::string> TemporaryPostgres::CreateDatabase(const std::string& name) {
  PLUMB_RETURN_IF_ERROR(Execute("postgres", "CREATE DATABASE " + name));
  return Address(name);
}

Status TemporaryPostgres::Execute(const std::string& database, const std::string& statement) {
  PGconn* connection = PQconnectdb(Address(database).c_str());
  PGresult* result = PQexec(connection, statement.c_str());
  const ExecStatusType status = PQresultStatus(result);
  const std::string why = PQerrorMessage(connection);
  PQclear(result);
  PQfinish(connection);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? OkStatus() : InternalError(why);
}

}  // namespace plumb::test
