// The Runners that the conformance suite examines. A new Runner joins by one more entry in
// AllSubjects(); what it cannot do by its nature is excluded here, in writing.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "common/runner/runner.h"
#include "tests/conformance/runner_conformance/problem.h"

namespace plumb::test {

struct Subject {
  std::string name;
  std::shared_ptr<const Problem> problem;
  // A Runner fit for `spec`. `scratch` is an empty folder that outlives it.
  std::function<std::unique_ptr<Runner>(const RunSpec& spec, const std::filesystem::path& scratch)>
      make;
  // A recording holds its outputs; it neither reads the model nor the input's bytes.
  bool computes = true;
  // Why this machine cannot run it, and the command that mends that; empty: it can.
  std::string lacks = {};
};

std::vector<Subject> AllSubjects();

inline void PrintTo(const Subject& subject, std::ostream* out) {
  *out << subject.name;
}

}  // namespace plumb::test
