// A verb of the command line: `plumb NAME …`. One file each (verb_NAME.cc) and one line in the
// table of verbs.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "client/cli/frame/console.h"
#include "client/cli/frame/exit_code.h"
#include "common/base/cancel.h"
#include "common/base/status.h"

namespace CLI {
class App;
}

namespace plumb::client {

struct VerbInfo {
  std::string name;     // "run"; two words for a verb of a group: "input make"
  std::string summary;  // one line, imperative, no full stop
  std::string details;  // some lines: what it does, what the exit code means
  std::string example;  // a command line that works as it stands, beginning with "plumb"
};

// Where --json leads.
class JsonOutput {
 public:
  // `destination`: a path, "-" for stdout, "" for none.
  JsonOutput(Console& console, std::string destination)
      : console_(console),
        destination_(std::move(destination)) {}

  [[nodiscard]] bool wanted() const { return !destination_.empty(); }

  // A path, "-" or "".
  [[nodiscard]] const std::string& destination() const { return destination_; }

  [[nodiscard]] bool written() const { return written_; }

  // A whole JSON document; a newline is added. A file is replaced whole or not at all. Does nothing
  // unless wanted().
  Status Write(std::string_view json);

  // The same for a document that comes piece by piece; `write` calls the sink and passes its errors
  // on.
  using Sink = std::function<Status(std::string_view piece)>;
  Status WriteParts(const std::function<Status(const Sink& sink)>& write);

 private:
  Console& console_;
  std::string destination_;
  bool written_ = false;
};

struct VerbContext {
  Console& console;
  JsonOutput& json;
  CancelToken cancel;  // Ctrl-C and SIGTERM
};

// Made anew for every command line, so options may be bound to members.
class Verb {
 public:
  Verb() = default;
  Verb(const Verb&) = delete;
  Verb& operator=(const Verb&) = delete;
  virtual ~Verb() = default;

  [[nodiscard]] virtual VerbInfo info() const = 0;

  // Adds the verb's options and positionals. --help --json --quiet --verbose --no-color --config
  // are added by the framework; every long option gets its default from PLUMB_NAME ('-' as '_') and
  // from the configuration file.
  virtual void Declare(CLI::App& app) = 0;

  // The exit code, or an error, which the framework prints, writes as JSON and maps by
  // ExitCodeOf. What the person did wrong is kInvalidArgument with a hint what to write instead.
  virtual Result<int> Run(VerbContext& context) = 0;

  // The JSON document for an error that came before the verb wrote its own (usage errors too).
  // Default: {"schema":"plumb.NAME/1","exit_code":…,"error":{code,message,hint}}.
  [[nodiscard]] virtual std::string ErrorJson(const Status& status) const;
};

// {"code","message","hint"} of an error, or "null"; for the verbs' own documents. The code is the
// status's reason where it has one, else its code's name.
std::string ErrorObjectJson(const Status& status);

}  // namespace plumb::client
