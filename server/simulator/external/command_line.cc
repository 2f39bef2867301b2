#include "server/simulator/external/command_line.h"

#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

Status Usage(const std::string& what) {
  return InvalidArgumentError("--simulator-command: " + what)
      .WithReason(kReasonUsage)
      .WithHint(
          "write e.g. --simulator-command 'sim --model {model} --out {result} {inputs}' "
          "(docs/simulators.md)");
}

class Splitter {
 public:
  Result<std::vector<std::string>> Split(std::string_view command) {
    for (size_t i = 0; i < command.size(); ++i) {
      const char c = command[i];
      if (quote_ != '\'' && c == '\\' && i + 1 < command.size()) {
        Take(command[++i]);
      } else if (quote_ != 0) {
        Quoted(c);
      } else if (c == '\'' || c == '"') {
        quote_ = c;
        open_ = true;
      } else if (c == ' ' || c == '\t' || c == '\n') {
        EndWord();
      } else {
        Take(c);
      }
    }
    EndWord();
    if (quote_ != 0) {
      return Usage("a quote is not closed");
    }
    return words_.empty() ? Result<std::vector<std::string>>(Usage("it is empty")) : words_;
  }

 private:
  void Take(char c) {
    word_ += c;
    open_ = true;
  }

  void Quoted(char c) {
    if (c == quote_) {
      quote_ = 0;
    } else {
      word_ += c;
    }
  }

  void EndWord() {
    if (open_) {
      words_.push_back(word_);
    }
    word_.clear();
    open_ = false;
  }

  std::vector<std::string> words_;
  std::string word_;
  bool open_ = false;  // a word began, be it an empty one in quotes
  char quote_ = 0;
};

Result<std::string> ValueOf(const std::string& name,
                            const Job& job,
                            const std::filesystem::path& result) {
  if (name == "model") {
    return job.model.string();
  }
  if (name == "result") {
    return result.string();
  }
  if (name.starts_with("input") && name != "inputs") {
    const auto index = name == "input" ? 0 : ParseUint(name.substr(5));
    if (index && *index < job.inputs.size()) {
      return job.inputs[*index].string();
    }
    if (index) {
      return Usage("{" + name + "} is used, but the run has " + std::to_string(job.inputs.size()) +
                   " inputs");
    }
  }
  return Usage("{" + EscapeForDisplay(name) +
               "} is not one of {model}, {result}, {input}, {inputN}, {inputs}");
}

Result<std::string> FillWord(const std::string& word,
                             const Job& job,
                             const std::filesystem::path& result) {
  std::string filled;
  for (size_t i = 0; i < word.size(); ++i) {
    const bool brace = word[i] == '{' || word[i] == '}';
    if (brace && i + 1 < word.size() && word[i + 1] == word[i]) {
      filled += word[i++];
      continue;
    }
    if (word[i] != '{') {
      filled += word[i];
      continue;
    }
    const size_t end = word.find('}', i);
    if (end == std::string::npos) {
      return Usage("a { is not closed; write {{ for the character itself");
    }
    PLUMB_ASSIGN_OR_RETURN(const std::string value,
                           ValueOf(word.substr(i + 1, end - i - 1), job, result));
    filled += value;
    i = end;
  }
  return filled;
}

}  // namespace

Result<std::vector<std::string>> SplitCommand(std::string_view command) {
  return Splitter().Split(command);
}

Result<std::vector<std::string>> FillPlaceholders(const std::vector<std::string>& words,
                                                  const Job& job,
                                                  const std::filesystem::path& result) {
  std::vector<std::string> filled;
  for (const std::string& word : words) {
    if (word == "{inputs}") {
      for (const auto& input : job.inputs) {
        filled.push_back(input.string());
      }
      continue;
    }
    PLUMB_ASSIGN_OR_RETURN(std::string text, FillWord(word, job, result));
    filled.push_back(std::move(text));
  }
  return filled;
}

}  // namespace plumb::server
