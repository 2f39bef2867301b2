#include "client/cli/run/wrong_input.h"

#include <chrono>
#include <filesystem>
#include <optional>

#include "client/cli/option/recipe_option.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/explain/explain.h"

#include <CLI/CLI.hpp>

namespace plumb::client {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxExplained = uint64_t{256} << 20;
constexpr std::chrono::milliseconds kSearchLimit{5'000};

// The input's description, as far as the model tells it; bytes in one row where it does not.
explain::Request Describe(const WrongInput& wrong, size_t index, Console& console) {
  explain::Request request;
  request.recipe.buffer.format = npu::InputFormat::kGray;
  RecipeFlags flags;
  flags.model = wrong.model;
  flags.input_index = index;
  const auto wanted = LoadWantedInputs(flags, console);
  if (wanted.ok() && wanted->inputs.size() == 1) {
    request.recipe = wanted->inputs.front().recipe;
    request.innermost = wanted->inputs.front().innermost;
  }
  return request;
}

std::string CausesOf(const explain::Finding& finding) {
  std::vector<std::string> whats;
  for (const explain::Cause& cause : finding.causes) {
    whats.push_back(cause.what);
  }
  return Join(whats, "; and ");
}

Status Explain(const WrongInput& wrong, size_t index, const fs::path& board, VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer ours, ReadFile(wrong.inputs.at(index).path, kMaxExplained));
  PLUMB_ASSIGN_OR_RETURN(const Buffer theirs, ReadFile(board, kMaxExplained));
  if (ours.view() == theirs.view()) {
    return OkStatus();
  }
  explain::Request request = Describe(wrong, index, context.console);
  request.reference = ours.span();
  request.target = theirs.span();
  request.limit = kSearchLimit;
  request.cancel = context.cancel;
  PLUMB_ASSIGN_OR_RETURN(const auto explanation, explain::Explain(request));
  const bool found = !explanation.findings.empty() && explanation.findings.front().accepted;
  const std::string name = "input " + std::to_string(index) + ": ";
  if (!found) {
    context.console.Say(name +
                        "the two buffers alone do not say why; with the picture more can be "
                        "tried: plumb input explain --image");
    return OkStatus();
  }
  const explain::Finding& finding = explanation.findings.front();
  context.console.Say(name + CausesOf(finding));
  for (const explain::Cause& cause : finding.causes) {
    context.console.Say("  -> " + cause.advice);
  }
  return OkStatus();
}

}  // namespace

void AddInputCheckFlags(CLI::App& app, CLI::Option* of_virtual, InputCheckFlags& flags) {
  auto* check = app.add_flag("--check-input",
                             flags.wanted,
                             "First compare what the application on the board feeds with --input "
                             "(plumb-agent --tap-input); if it is another, say so and run nothing");
  app.add_option("--captured", flags.captured, "With --check-input: save a wrong input here")
      ->needs(check)
      ->type_name("DIR");
  app.add_option("--tap-input",
                 flags.taps,
                 "With --virtual: file with what an application fed, in place of one; once per "
                 "input")
      ->needs(of_virtual)
      ->expected(1)
      ->take_all()
      ->type_name("FILE");
}

Status ExplainWrongInput(const WrongInput& wrong, VerbContext& context) {
  PLUMB_ASSIGN_OR_RETURN(const TempFolder scratch, TempFolder::Create("plumb-captured-"));
  const fs::path folder = wrong.captured.empty() ? scratch.path() : fs::path(wrong.captured);
  PLUMB_RETURN_IF_ERROR(MakeFolders(folder));
  for (size_t i = 0; i < wrong.inputs.size(); ++i) {
    const fs::path path = folder / ("input" + std::to_string(i) + ".bin");
    const Status saved =
        wrong.client->SaveCapturedInput(wrong.run_id, static_cast<uint32_t>(i), path);
    if (saved.code() == StatusCode::kNotFound) {
      return OkStatus();  // the network was run, and it is what differs
    }
    PLUMB_RETURN_IF_ERROR(saved);
    if (!wrong.captured.empty()) {
      context.console.Detail("captured   " + path.string());
    }
    PLUMB_RETURN_IF_ERROR(Explain(wrong, i, path, context));
  }
  return OkStatus();
}

}  // namespace plumb::client
