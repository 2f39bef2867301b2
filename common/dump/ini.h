// The syntax of input_config.ini, without its meaning.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace plumb::dump {

struct IniEntry {
  size_t line = 0;                  // counted from 1
  std::string section;              // upper case
  std::string key;                  // lower case
  std::vector<std::string> values;  // cut at commas, trimmed, unquoted
};

// A heading, whether or not an entry follows.
struct IniSection {
  size_t line = 0;
  std::string name;  // upper case
};

struct IniText {
  std::vector<IniSection> sections;
  std::vector<IniEntry> entries;
};

// kInvalidArgument naming the line: no '=', no section yet, more than 1 MiB of text, control
// characters, or a quote that is not closed.
Result<IniText> ParseIni(std::string_view text);

}  // namespace plumb::dump
