#include "client/cli/frame/verb.h"

#include <algorithm>

#include "common/base/file.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

Json ErrorObject(const Status& status) {
  if (status.ok()) {
    return nullptr;
  }
  const std::string code =
      status.reason().empty() ? std::string(StatusCodeName(status.code())) : status.reason();
  return {{"code", code}, {"message", status.message()}, {"hint", status.hint()}};
}

// A message may hold bytes of a broken file; invalid UTF-8 becomes U+FFFD.
std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Status JsonOutput::Write(std::string_view json) {
  if (!wanted()) {
    return OkStatus();
  }
  written_ = true;
  const std::string text = std::string(json) + "\n";
  if (destination_ == "-") {
    console_.Raw(text);
    return OkStatus();
  }
  return WriteFileAtomically(destination_, std::string_view(text)).Annotate("--json");
}

Status JsonOutput::WriteParts(const std::function<Status(const Sink& sink)>& write) {
  if (!wanted()) {
    return OkStatus();
  }
  written_ = true;
  if (destination_ == "-") {
    PLUMB_RETURN_IF_ERROR(write([this](std::string_view piece) {
      console_.Raw(piece);
      return OkStatus();
    }));
    console_.Raw("\n");
    return OkStatus();
  }
  auto file = AtomicFile::Create(destination_);
  PLUMB_RETURN_IF_ERROR(file.status().Annotate("--json"));
  const auto append = [&file](std::string_view piece) {
    return file->Append({reinterpret_cast<const uint8_t*>(piece.data()), piece.size()});
  };
  PLUMB_RETURN_IF_ERROR(write(append).Annotate("--json"));
  PLUMB_RETURN_IF_ERROR(append("\n").Annotate("--json"));
  return file->Commit().Annotate("--json");
}

std::string ErrorObjectJson(const Status& status) {
  return Dump(ErrorObject(status));
}

std::string Verb::ErrorJson(const Status& status) const {
  std::string name = info().name;
  std::replace(name.begin(), name.end(), ' ', '-');
  return Dump({{"schema", "plumb." + name + "/1"},
               {"exit_code", analysis::ExitCodeOf(status)},
               {"error", ErrorObject(status)}});
}

}  // namespace plumb::client
