#include "client/report/junit.h"

#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "common/base/text.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

using Json = nlohmann::ordered_json;

enum class Outcome { kPassed, kFailed, kError, kSkipped };

struct TestCase {
  std::string name;
  Outcome outcome = Outcome::kPassed;
  std::string type;     // a stable word
  std::string message;  // one line
  std::string text;     // all of it
};

struct Suite {
  std::string name;
  std::vector<std::pair<std::string, std::string>> properties;
  std::vector<TestCase> cases;
};

const Json& At(const Json& json, const char* key) {
  static const Json nothing;
  const auto found = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && found != json.end() ? *found : nothing;
}

std::string Text(const Json& json, const char* key) {
  const Json& value = At(json, key);
  return value.is_string() ? value.get<std::string>() : "";
}

std::string Number(const Json& json, const char* key) {
  const Json& value = At(json, key);
  if (!value.is_number()) {
    return "undefined";
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value.get<double>());
  return text.data();
}

// XML 1.0 knows no control characters, so they are written as \xNN; line ends are kept.
std::string Escaped(std::string_view text) {
  std::string lines;
  for (const std::string& line : Split(text, '\n')) {
    lines += (lines.empty() ? "" : "\n") + EscapeForDisplay(line);
  }
  std::string out;
  for (const char c : lines) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string Figures(const Json& tensor) {
  return Text(tensor, "name") + ": cosine " + Number(tensor, "cosine") + ", rel_l1 " +
         Number(tensor, "rel_l1") + ", largest difference " + Number(tensor, "max_abs_error") +
         ", " + Number(tensor, "different_elements") + " of " + Number(tensor, "count") +
         " elements differ";
}

std::string Diagnosis(const Json& comparison) {
  std::string text;
  for (const Json& finding : At(comparison, "diagnosis")) {
    text += "\ncause " + Text(finding, "cause") + ": " + Text(finding, "evidence") + "\n  -> " +
            Text(finding, "advice");
  }
  return text;
}

// What an error says; empty without one.
TestCase ErrorCase(std::string name, const Json& comparison) {
  const Json& error = At(comparison, "error");
  TestCase test;
  test.name = std::move(name);
  test.outcome = Outcome::kError;
  test.type = error.is_object() ? Text(error, "code") : "not_compared";
  test.message = error.is_object() ? Text(error, "message") : "could not be compared";
  test.text = test.message;
  const std::string hint = Text(error, "hint");
  test.text += hint.empty() ? "" : "\nhint: " + hint;
  test.text += Diagnosis(comparison);
  return test;
}

TestCase TensorCase(const Json& tensor) {
  TestCase test;
  test.name = Text(tensor, "name");
  if (Text(tensor, "verdict") != "match") {
    test.outcome = Outcome::kFailed;
    const std::string rule = Text(tensor, "rule");
    test.type = rule.empty() ? "mismatch" : rule;
    test.message = Text(tensor, "reason");
    test.text = Figures(tensor) + "\n" + test.message;
  }
  return test;
}

void AddMissing(const Json& coverage, const char* side, std::vector<TestCase>& cases) {
  for (const Json& name : At(coverage, side)) {
    if (name.is_string()) {
      cases.push_back({name.get<std::string>(),
                       Outcome::kFailed,
                       "coverage",
                       std::string(side) + ": the tensor has no partner",
                       ""});
    }
  }
}

Suite SuiteOfComparison(const Json& document) {
  Suite suite;
  suite.name = Text(At(document, "target"), "source");
  const Json& identity = At(document, "identity");
  for (const char* key : {"plumb", "board", "sdk", "model_sha256"}) {
    suite.properties.emplace_back(key, Text(identity, key));
  }
  suite.properties.emplace_back("reference", Text(At(document, "reference"), "source"));
  if (At(document, "error").is_object() || Text(document, "verdict") == "not_compared") {
    suite.cases.push_back(ErrorCase("run", document));
    return suite;
  }
  for (const Json& tensor : At(document, "tensors")) {
    suite.cases.push_back(TensorCase(tensor));
  }
  AddMissing(At(document, "coverage"), "missing_in_target", suite.cases);
  AddMissing(At(document, "coverage"), "missing_in_reference", suite.cases);
  const std::string diagnosis = Diagnosis(document);
  for (TestCase& test : suite.cases) {
    test.text += test.outcome == Outcome::kFailed ? diagnosis : "";
  }
  return suite;
}

std::string FilesOf(const Json& input) {
  std::vector<std::string> files;
  for (const Json& file : At(input, "files")) {
    files.push_back(file.is_string() ? file.get<std::string>() : "");
  }
  return Join(files, ",");
}

TestCase InputCase(const Json& input) {
  const Json& comparison = At(input, "comparison");
  const std::string verdict = Text(input, "verdict");
  if (verdict == "match") {
    return {FilesOf(input), Outcome::kPassed, "", "", ""};
  }
  if (verdict == "not_run" || verdict.empty()) {
    return {FilesOf(input), Outcome::kSkipped, "", "the batch ended before this input", ""};
  }
  if (verdict != "mismatch") {
    return ErrorCase(FilesOf(input), comparison);
  }
  TestCase test;
  test.name = FilesOf(input);
  test.outcome = Outcome::kFailed;
  const Json& diagnosis = At(comparison, "diagnosis");
  test.type = diagnosis.empty() ? "mismatch" : Text(diagnosis.front(), "cause");
  size_t tensors = 0;
  for (const Json& tensor : At(comparison, "tensors")) {
    if (Text(tensor, "verdict") != "match") {
      ++tensors;
      test.text += (test.text.empty() ? "" : "\n") + Figures(tensor);
    }
  }
  test.message = std::to_string(tensors) +
                 (tensors == 1 ? " tensor differs on " : " tensors differ on ") +
                 Text(input, "board") + (diagnosis.empty() ? "" : ": " + test.type);
  test.text += Diagnosis(comparison);
  return test;
}

Suite SuiteOfBatch(const Json& document) {
  Suite suite;
  suite.name = Text(At(document, "model"), "file");
  suite.properties.emplace_back("model_sha256", Text(At(document, "model"), "sha256"));
  // Inputs that were never given to a board are counted, not listed.
  suite.properties.emplace_back("not_run", Number(At(document, "summary"), "not_run"));
  for (const Json& input : At(document, "comparisons")) {
    suite.cases.push_back(InputCase(input));
  }
  if (At(document, "error").is_object()) {
    suite.cases.push_back(ErrorCase("batch", document));
  }
  return suite;
}

// A test suite for each model.
std::vector<Suite> SuitesOf(const Json& document) {
  std::vector<Suite> suites;
  const auto of_model = [&](const std::string& model) -> Suite& {
    for (Suite& known : suites) {
      if (known.name == model) {
        return known;
      }
    }
    Suite fresh;
    fresh.name = model;
    fresh.properties.emplace_back("suite", Text(document, "name"));
    return suites.emplace_back(std::move(fresh));
  };
  for (const Json& one : At(document, "cases")) {
    TestCase test = InputCase(one);
    // A run that somebody cancelled says nothing of its board, as if it had not begun.
    if (test.outcome == Outcome::kError && test.type == "cancelled") {
      test.outcome = Outcome::kSkipped;
    }
    const std::string name = Text(one, "name");
    const std::string model = Text(one, "model");
    test.name = name.rfind(model + "/", 0) == 0 ? name.substr(model.size() + 1) : name;
    of_model(model).cases.push_back(std::move(test));
  }
  if (At(document, "error").is_object()) {
    of_model(Text(document, "name")).cases.push_back(ErrorCase("suite", document));
  }
  return suites;
}

size_t Count(const std::vector<Suite>& suites, Outcome outcome) {
  size_t count = 0;
  for (const Suite& suite : suites) {
    for (const TestCase& test : suite.cases) {
      count += test.outcome == outcome ? 1 : 0;
    }
  }
  return count;
}

std::string Counts(const std::vector<Suite>& suites) {
  size_t tests = 0;
  for (const Suite& suite : suites) {
    tests += suite.cases.size();
  }
  return "tests=\"" + std::to_string(tests) + "\" failures=\"" +
         std::to_string(Count(suites, Outcome::kFailed)) + "\" errors=\"" +
         std::to_string(Count(suites, Outcome::kError)) + "\" skipped=\"" +
         std::to_string(Count(suites, Outcome::kSkipped)) + "\"";
}

std::string CaseXml(const Suite& suite, const TestCase& test) {
  std::string xml =
      "    <testcase classname=\"" + Escaped(suite.name) + "\" name=\"" + Escaped(test.name) + "\"";
  if (test.outcome == Outcome::kPassed) {
    return xml + "/>\n";
  }
  xml += ">\n";
  if (test.outcome == Outcome::kSkipped) {
    xml += "      <skipped message=\"" + Escaped(test.message) + "\"/>\n";
  } else {
    const std::string element = test.outcome == Outcome::kFailed ? "failure" : "error";
    xml += "      <" + element + " type=\"" + Escaped(test.type) + "\" message=\"" +
           Escaped(test.message) + "\">" + Escaped(test.text) + "</" + element + ">\n";
  }
  return xml + "    </testcase>\n";
}

std::string ToXml(const std::vector<Suite>& suites) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"plumb\" " +
                    Counts(suites) + ">\n";
  for (const Suite& suite : suites) {
    xml += "  <testsuite name=\"" + Escaped(suite.name) + "\" " + Counts({suite}) +
           ">\n    <properties>\n";
    for (const auto& [name, value] : suite.properties) {
      xml += "      <property name=\"" + Escaped(name) + "\" value=\"" + Escaped(value) + "\"/>\n";
    }
    xml += "    </properties>\n";
    for (const TestCase& test : suite.cases) {
      xml += CaseXml(suite, test);
    }
    xml += "  </testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

}  // namespace

Result<std::string> JunitXml(std::string_view json) {
  const auto document = Json::parse(json, nullptr, false);
  const std::string schema = document.is_object() ? Text(document, "schema") : "";
  if (schema == "plumb.batch/1") {
    return ToXml({SuiteOfBatch(document)});
  }
  if (schema == "plumb.suite/1") {
    return ToXml(SuitesOf(document));
  }
  if (schema == "plumb.comparison/1" || schema == "plumb.layers/1") {
    return ToXml({SuiteOfComparison(document)});
  }
  return InvalidArgumentError("no report of a run, a batch, a suite or layers");
}

}  // namespace plumb::client
