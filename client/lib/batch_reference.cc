#include "client/lib/batch_reference.h"

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxDocument = uint64_t{1} << 30U;

const Json& Member(const Json& object, const char* key) {
  static const Json nothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : nothing;
}

std::string Text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace

Result<BatchReferences> BatchReferences::Load(const std::filesystem::path& path,
                                              const std::string& model_sha256) {
  const std::string name = "--reference: '" + EscapeForDisplay(path.string()) + "' ";
  PLUMB_ASSIGN_OR_RETURN(const Buffer text, ReadFile(path, kMaxDocument));
  const Json document = Json::parse(text.view(), nullptr, false);
  if (Text(Member(document, "schema")) != "plumb.batch/1") {
    return InvalidArgumentError(name + "is no document plumb.batch/1")
        .WithReason(kReasonUsage)
        .WithHint("name a run of the server, or what --json of an earlier batch wrote");
  }
  BatchReferences references;
  references.path_ = path.string();
  for (const Json& entry : Member(document, "comparisons")) {
    const Json& identity = Member(Member(entry, "comparison"), "identity");
    const std::string run = Text(Member(entry, "run"));
    const std::string model = Text(Member(identity, "model_sha256"));
    if (run.empty() || model.empty()) {
      continue;  // it never ran
    }
    if (model != model_sha256) {
      return FailedPreconditionError(name + "is of another model (" + model + ")")
          .WithReason(kReasonWrongModel)
          .WithHint("record the reference again with this model");
    }
    std::string digests;
    for (const Json& digest : Member(identity, "input_sha256")) {
      digests += Text(digest);
      digests += " ";
    }
    references.runs_[digests] = run;
  }
  return references;
}

Result<std::string> BatchReferences::RunOf(const std::vector<Artifact>& inputs) const {
  std::string digests;
  for (const Artifact& input : inputs) {
    digests += input.sha256;
    digests += " ";
  }
  const auto found = runs_.find(digests);
  if (found == runs_.end()) {
    return FailedPreconditionError("'" + EscapeForDisplay(path_) +
                                   "' holds no run of this very input")
        .WithReason(kReasonWrongInput)
        .WithHint("record the reference again with this input");
  }
  return found->second;
}

}  // namespace plumb::client
