// `plumb run --check-input`: what an application fed against what the PC does, with real processes.
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/e2e/farm.h"

#include <nlohmann/json.hpp>

#define PLUMB_CAPTURE_INPUT_IMPLEMENTATION
#include "agent/capture/plumb_capture_input.h"

namespace plumb::test {
namespace {

using nlohmann::json;

class CheckInputTest : public testing::Test {
 protected:
  // As an application on the board does it, right before MI_IPU_Invoke.
  void Capture(const std::vector<uint8_t>& bytes) const {
    ASSERT_EQ(plumb_capture_input(captured().c_str(), bytes.data(), bytes.size()), 0);
  }

  [[nodiscard]] std::string captured() const { return (farm_.folder() / "input0.bin").string(); }

  [[nodiscard]] std::vector<uint8_t> PcBytes() const {
    const auto file = ReadFile(model_.input);
    return {file->span().begin(), file->span().end()};
  }

  // Four bytes a pixel, as BGRA is fed: the first and the third change places.
  [[nodiscard]] std::vector<uint8_t> RedAndBlueSwapped() const {
    std::vector<uint8_t> bytes = PcBytes();
    for (size_t i = 0; i + 2 < bytes.size(); i += PixelSize()) {
      std::swap(bytes[i], bytes[i + 2]);
    }
    return bytes;
  }

  [[nodiscard]] size_t PixelSize() const { return PcBytes().size() / (128 * 128); }

  void AddTappedBoard() { farm_.AddBoard("cam", "S6", {"--tap-input", captured()}); }

  Farm farm_;
  const OfflineModel& model_ = BlazeFace("S6");
};

TEST_F(CheckInputTest, AnInputThatIsThePcsLetsTheNetworkRun) {
  AddTappedBoard();
  Capture(PcBytes());
  const auto run = farm_.RunModel(model_, {"--check-input"});
  EXPECT_EQ(run.exit.code, 0) << run.out << run.err;
  const json report = json::parse(farm_.report());
  EXPECT_EQ(report["verdict"], "match");
  EXPECT_EQ(report["tensors"].size(), 2U);
}

TEST_F(CheckInputTest, AnotherInputIsNamedExplainedAndKept) {
  AddTappedBoard();
  Capture(RedAndBlueSwapped());
  const auto kept = farm_.folder() / "kept";
  const auto run = farm_.RunModel(model_, {"--check-input", "--captured", kept.string()});
  EXPECT_EQ(run.exit.code, 1) << run.out << run.err;
  const json report = json::parse(farm_.report());
  EXPECT_EQ(report["verdict"], "mismatch");
  EXPECT_EQ(report["diagnosis"][0]["cause"], "wrong_input");
  EXPECT_TRUE(report["tensors"].empty());
  const auto saved = ReadFile(kept / "input0.bin");
  ASSERT_TRUE(saved.ok());
  const auto fed = RedAndBlueSwapped();
  EXPECT_TRUE(std::equal(fed.begin(), fed.end(), saved->span().begin(), saved->span().end()));
  const std::string said = run.out + run.err;
  EXPECT_NE(said.find("wrong_input"), std::string::npos) << said;
  // What turns one into the other, found in the bytes alone.
  EXPECT_NE(said.find("the first and the third channel exchanged"), std::string::npos) << said;
}

TEST_F(CheckInputTest, ABoardWhoseApplicationCapturedNothingSaysHowTo) {
  AddTappedBoard();
  const auto run = farm_.RunModel(model_, {"--check-input"});
  EXPECT_EQ(run.exit.code, 4) << run.out << run.err;
  EXPECT_EQ(json::parse(farm_.report())["error"]["code"], "no_captured_input");
  EXPECT_NE(run.err.find("plumb_capture_input()"), std::string::npos) << run.err;
}

TEST_F(CheckInputTest, AnAgentWithoutATapIsNamed) {
  farm_.AddBoard("cam", "S6");
  const auto run = farm_.RunModel(model_, {"--check-input"});
  EXPECT_EQ(run.exit.code, 4) << run.out << run.err;
  EXPECT_NE(run.err.find("--tap-input"), std::string::npos) << run.err;
}

TEST_F(CheckInputTest, OneCommandDoesItWithAVirtualBoardAndAFile) {
  Capture(RedAndBlueSwapped());
  const auto run = RunProgram({BinaryPath("plumb"),
                               "run",
                               "--virtual",
                               "S6",
                               "--model",
                               model_.model,
                               "--input",
                               model_.input,
                               "--check-input",
                               "--tap-input",
                               captured()});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->exit.code, 1) << run->out << run->err;
  EXPECT_NE(run->out.find("wrong_input"), std::string::npos) << run->out;
}

}  // namespace
}  // namespace plumb::test
