#include "client/cli/debug/documents.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "common/base/text.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

const Json& At(const Json& document, const char* key) {
  static const Json nothing;
  const auto found = document.is_object() ? document.find(key) : document.end();
  return document.is_object() && found != document.end() ? *found : nothing;
}

std::optional<double> NumberAt(const Json& row, const char* key) {
  const Json& value = At(row, key);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::string StringAt(const Json& row, const char* key) {
  const Json& value = At(row, key);
  return value.is_string() ? value.get<std::string>() : "";
}

bool OutOfBounds(const Json& row) {
  return StringAt(row, "verdict") != "match";
}

std::string Figure(const Json& row, const char* key) {
  const auto number = NumberAt(row, key);
  if (!number) {
    return "undefined";
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", *number);
  return text.data();
}

std::string Described(const Json& row) {
  return StringAt(row, "name") + ": cosine " + Figure(row, "cosine") + ", rel_l1 " +
         Figure(row, "rel_l1");
}

// Larger is worse; what is undefined is worst.
double Badness(const Json& row) {
  return NumberAt(row, "rel_l1").value_or(StringAt(row, "verdict") == "match" ? -1 : 1e300);
}

bool IsOutput(const Json& row, const std::vector<std::string>& outputs) {
  return std::any_of(outputs.begin(), outputs.end(), [&row](const std::string& output) {
    return StringAt(row, "reference_name") == output || StringAt(row, "name") == output;
  });
}

std::vector<const Json*> OutputRows(const Json& rows, const std::vector<std::string>& outputs) {
  std::vector<const Json*> found;
  for (const Json& row : rows) {
    if (IsOutput(row, outputs)) {
      found.push_back(&row);
    }
  }
  if (found.empty() && !rows.empty()) {
    found.push_back(&rows.back());
  }
  return found;
}

}  // namespace

std::string WorstLayer(const Json& comparison) {
  const Json& rows = At(comparison, "tensors");
  size_t within = 0;
  const Json* worst = nullptr;
  for (const Json& row : rows) {
    within += OutOfBounds(row) ? 0 : 1;
    if (worst == nullptr || Badness(row) > Badness(*worst)) {
      worst = &row;
    }
  }
  std::string text =
      std::to_string(within) + " of " + std::to_string(rows.size()) + " layers agree";
  return worst == nullptr ? text : text + "; the worst is " + Described(*worst);
}

OutputJudgement JudgeOutputs(const Json& layers, const std::vector<std::string>& outputs) {
  const Json& rows = At(layers, "tensors");
  const std::vector<const Json*> judged = OutputRows(rows, outputs);
  OutputJudgement judgement;
  judgement.compared = judged.size();
  const Json* worst = nullptr;
  for (const Json* row : judged) {
    judgement.out_of_bounds += OutOfBounds(*row) ? 1 : 0;
    worst = worst == nullptr || Badness(*row) > Badness(*worst) ? row : worst;
  }
  for (const Json& row : rows) {
    const bool output = std::find(judged.begin(), judged.end(), &row) != judged.end();
    judgement.inner_out_of_bounds += !output && OutOfBounds(row) ? 1 : 0;
  }
  judgement.worst = worst != nullptr ? Described(*worst) : "";
  return judgement;
}

std::vector<std::string> Causes(const Json& run) {
  std::vector<std::string> causes;
  for (const Json& finding : At(run, "diagnosis")) {
    const std::string tensor = StringAt(finding, "tensor");
    causes.push_back(StringAt(finding, "cause") + (tensor.empty() ? "" : " in " + tensor) + ": " +
                     StringAt(finding, "evidence"));
  }
  return causes;
}

std::vector<std::string> Advice(const Json& document) {
  std::vector<std::string> advice;
  const auto add = [&advice](const std::string& text) {
    if (!text.empty() && std::find(advice.begin(), advice.end(), text) == advice.end()) {
      advice.push_back(text);
    }
  };
  for (const Json& rule : At(document, "advice")) {
    const Json& evidence = At(rule, "evidence");
    const std::string why = evidence.empty() ? "" : StringAt(evidence.front(), "text");
    const std::string layer = evidence.empty() ? "" : StringAt(evidence.front(), "layer");
    add(StringAt(rule, "what") +
        (why.empty() ? "" : " [" + (layer.empty() ? "" : layer + ": ") + why + "]"));
  }
  for (const Json& finding : At(document, "diagnosis")) {
    add(StringAt(finding, "advice"));
  }
  return advice;
}

std::string ErrorIn(const Json& document, const std::string& printed) {
  const std::string message = TextAt(document, {"error", "message"});
  if (message.empty()) {
    const std::vector<std::string> lines = Split(printed, '\n');
    return lines.empty() ? "it ended without a word" : lines.front();
  }
  const std::string hint = TextAt(document, {"error", "hint"});
  return message + (hint.empty() ? "" : " (" + hint + ")");
}

std::string TextAt(const Json& document, const std::vector<std::string>& keys) {
  const Json* at = &document;
  for (const std::string& key : keys) {
    at = &At(*at, key.c_str());
  }
  return at->is_string() ? at->get<std::string>() : "";
}

}  // namespace plumb::client
