// The fixture of the suite: an opened store of the engine that the parameter names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/conformance/store_conformance/subject.h"

namespace plumb::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLife{30};

class StoreTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;

  // Fails the test when the step does.
  void Announce(const std::string& name,
                const std::vector<std::string>& tags = {},
                const std::string& server = "pc-1");
  std::string Submit(const std::string& key,
                     const std::string& owner = "ann",
                     const std::string& tags = "",
                     int32_t priority = 0,
                     uint32_t max_attempts = 2);
  // The next grant; empty when there is none.
  std::optional<store::Grant> Claim(const std::string& server = "pc-1");
  store::BoardRecord Board(const std::string& name);
  store::RunRecord Run(const std::string& id);
  void Advance(milliseconds time);
  // Closes the store and opens it again, as a restarted server does.
  void Reopen();

  std::unique_ptr<StoreSubject> subject_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace plumb::test
