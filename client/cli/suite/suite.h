// A suite: which models are run with which inputs on which boards (docs/suite.md).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "client/lib/run_types.h"

namespace plumb::client {

constexpr size_t kMaxSuiteCases = 10'000;

struct SuiteModel {
  std::string name;  // unique in its suite
  std::string path;
  size_t line = 0;                                // of the suite's file
  std::vector<std::vector<std::string>> samples;  // files, one per input of the model
  RunRequest base;  // all but model, inputs and board, as the file's settings say
};

struct Suite {
  std::string name;
  std::vector<SuiteModel> models;
  std::vector<std::vector<std::string>> boards;  // words that a board must all have; empty: any
};

// One run to be: places in the suite's lists.
struct SuiteCase {
  size_t model = 0;
  size_t sample = 0;
  size_t board = 0;
  std::string input;  // "face.bin"; with its folder where two have that name
  std::string where;  // "S6+lab", "any board"
  std::string name;   // "blazeface/face.bin@S6+lab", unique in its suite
};

// Models × inputs × boards, the boards changing fastest, so that a suite that has begun is at all
// of its boards.
std::vector<SuiteCase> CasesOf(const Suite& suite);

}  // namespace plumb::client
