// Folders of inputs on several boards, with real processes: order, the loss of a board, an
// interrupted command, recorded references. PLUMB_BATCH_INPUTS sets how many (default 24).
#include <csignal>
#include <cstdlib>
#include <set>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "tests/e2e/farm.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using nlohmann::json;

constexpr std::chrono::minutes kBatchPatience{4};

size_t InputCount() {
  const char* text = std::getenv("PLUMB_BATCH_INPUTS");  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? 24 : static_cast<size_t>(ParseUint(text).value_or(24));
}

std::string NameOf(size_t index) {
  std::string name = std::to_string(index);
  return std::string(4 - name.size(), '0') + name + ".jpg.bin";
}

class BatchTest : public testing::Test {
 protected:
  BatchTest() : count_(InputCount()) {
    const Buffer picture = *ReadFile(model_.input);
    std::filesystem::create_directories(inputs_);
    for (size_t i = 0; i < count_; ++i) {
      std::vector<uint8_t> bytes(picture.span().begin(), picture.span().end());
      for (size_t k = 0; k < bytes.size(); k += 97) {
        bytes[k] = static_cast<uint8_t>(bytes[k] + 3 * i);
      }
      EXPECT_TRUE(WriteFileAtomically(inputs_ / NameOf(i), bytes).ok());
    }
  }

  std::vector<std::string> Command(const std::vector<std::string>& flags) {
    std::vector<std::string> argv = {BinaryPath("plumb"),
                                     "run",
                                     "--server",
                                     farm_.address(),
                                     "--model",
                                     model_.model,
                                     "--input",
                                     inputs_.string(),
                                     "--json",
                                     document_.string()};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return argv;
  }

  Finished Batch(const std::vector<std::string>& flags = {}) {
    auto finished = RunProgram(Command(flags), kBatchPatience);
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    return finished.ok() ? std::move(finished).value() : Finished{};
  }

  json Document() const {
    const auto text = ReadFile(document_);
    return text.ok() ? json::parse(text->view(), nullptr, false) : json();
  }

  // Every input once, in order, judged as a match on its own bytes.
  void ExpectAllMatchInOrder(const json& document) const {
    ASSERT_TRUE(document.is_object());
    ASSERT_EQ(document["comparisons"].size(), count_);
    std::set<std::string> runs;
    for (size_t i = 0; i < count_; ++i) {
      const json& entry = document["comparisons"][i];
      EXPECT_EQ(entry["index"], i);
      EXPECT_EQ(std::filesystem::path(entry["files"][0].get<std::string>()).filename(), NameOf(i));
      EXPECT_EQ(entry["verdict"], "match") << entry.dump();
      EXPECT_EQ(entry["comparison"]["identity"]["input_sha256"][0],
                *Sha256HexOfFile(inputs_ / NameOf(i)));
      runs.insert(entry["run"].get<std::string>());
    }
    EXPECT_EQ(runs.size(), count_) << "a run was counted twice";
    EXPECT_EQ(document["summary"]["match"], count_);
    EXPECT_EQ(document["summary"]["not_run"], 0);
  }

  // One line for each input in their order.
  void ExpectLinesInOrder(const std::string& out) const {
    size_t next = 0;
    for (const std::string& line : Split(out, '\n')) {
      if (line.starts_with("match ")) {
        EXPECT_NE(line.find(NameOf(next)), std::string::npos) << line;
        ++next;
      }
    }
    EXPECT_EQ(next, count_);
  }

  Farm farm_;
  const OfflineModel& model_ = BlazeFace("S6");
  const size_t count_;
  const std::filesystem::path inputs_ = farm_.folder() / "inputs";
  const std::filesystem::path document_ = farm_.folder() / "batch.json";
};

TEST_F(BatchTest, AFolderRunsOnTwoBoardsInOrder) {
  farm_.AddBoard("left", "S6");
  farm_.AddBoard("right", "S6");
  const Finished run = Batch();
  EXPECT_EQ(run.exit.code, 0) << run.out << run.err;
  const json document = Document();
  ExpectAllMatchInOrder(document);
  ExpectLinesInOrder(run.out);
  for (const json& board : document["boards"]) {
    EXPECT_GT(board["inputs"], 0) << board.dump();
  }
  EXPECT_EQ(document["boards"].size(), 2U);
  EXPECT_FALSE(std::filesystem::exists(document_.string() + ".journal"));
}

TEST_F(BatchTest, ABoardKilledInTheMiddleCostsNoInputAndCountsNoneTwice) {
  Program& left = farm_.AddBoard("left", "S6");
  farm_.AddBoard("right", "S6");
  auto started = Program::Start(Command({}));
  ASSERT_TRUE(started.ok());
  ASSERT_TRUE((*started)->WaitForLine(NameOf(count_ / 4), kBatchPatience)) << (*started)->Output();
  left.Signal(SIGKILL);
  const auto run = (*started)->WaitForExit(kBatchPatience);
  ASSERT_TRUE(run.has_value()) << (*started)->Output();
  EXPECT_EQ(run->exit.code, 0) << run->out << run->err;
  const json document = Document();
  ExpectAllMatchInOrder(document);
  ExpectLinesInOrder(run->out);
  EXPECT_GE(document["summary"]["run_again"], 1) << run->err;
  EXPECT_EQ(document["boards"][0]["name"], "left");
  EXPECT_GE(document["boards"][0]["lost"], 1);
}

TEST_F(BatchTest, AnInterruptedBatchGoesOnWhereItStopped) {
  farm_.AddBoard("only", "S6");
  auto started = Program::Start(Command({}));
  ASSERT_TRUE(started.ok());
  ASSERT_TRUE((*started)->WaitForLine(NameOf(2), kBatchPatience)) << (*started)->Output();
  (*started)->Signal(SIGINT);
  const auto stopped = (*started)->WaitForExit(kBatchPatience);
  ASSERT_TRUE(stopped.has_value());
  EXPECT_EQ(stopped->exit.code, 3) << stopped->out << stopped->err;
  const json first = Document();
  const size_t judged = first["summary"]["match"];
  EXPECT_GE(judged, 3U);
  EXPECT_LT(judged, count_);
  EXPECT_EQ(first["comparisons"].size(), count_);
  // One input changed meanwhile: what was judged of it is no longer true.
  ASSERT_TRUE(WriteFileAtomically(inputs_ / NameOf(1), ReadFile(model_.input)->span()).ok());
  farm_.AwaitIdle("only");
  const Finished run = Batch();
  EXPECT_EQ(run.exit.code, 0) << run.out << run.err;
  const json document = Document();
  ExpectAllMatchInOrder(document);
  EXPECT_EQ(document["summary"]["resumed"], judged - 1);
}

TEST_F(BatchTest, RecordedRunsAreTheReferenceOfTheVeryInputsTheyWereMadeFrom) {
  farm_.AddBoard("only", "S6");
  EXPECT_EQ(Batch().exit.code, 0);
  const auto recorded = farm_.folder() / "recorded.json";
  std::filesystem::copy_file(document_, recorded);
  const Finished again = Batch({"--reference", recorded.string()});
  EXPECT_EQ(again.exit.code, 0) << again.out << again.err;
  const json document = Document();
  ExpectAllMatchInOrder(document);
  const std::string source = document["comparisons"][0]["comparison"]["reference"]["source"];
  EXPECT_TRUE(source.starts_with("recording ")) << source;
  // A single recorded run fits its own input alone.
  const std::string run = document["comparisons"][1]["run"];
  const Finished one =
      farm_.RunModel({model_.model, (inputs_ / NameOf(1)).string()}, {"--reference", run});
  EXPECT_EQ(one.exit.code, 0) << one.out << one.err;
  const Finished other =
      farm_.RunModel({model_.model, (inputs_ / NameOf(2)).string()}, {"--reference", run});
  EXPECT_EQ(other.exit.code, 3) << other.out << other.err;
  EXPECT_EQ(json::parse(farm_.report())["error"]["code"], "wrong_input") << other.err;
  EXPECT_NE(other.err.find("of another input"), std::string::npos) << other.err;
  const Finished model =
      farm_.RunModel({BlazeFace("S3").model, (inputs_ / NameOf(1)).string()}, {"--reference", run});
  EXPECT_EQ(json::parse(farm_.report())["error"]["code"], "wrong_model") << model.err;
}

TEST_F(BatchTest, AWorseInputDecidesTheExitCodeAndTheOthersGoOn) {
  farm_.AddBoard("only", "S6");
  ASSERT_TRUE(WriteFileAtomically(inputs_ / NameOf(1), std::string_view("short")).ok());
  const Finished run = Batch();
  EXPECT_EQ(run.exit.code, 4) << run.out << run.err;
  const json document = Document();
  EXPECT_EQ(document["comparisons"][1]["comparison"]["error"]["code"], "input_refused");
  EXPECT_EQ(document["summary"]["match"], count_ - 1);
}

TEST_F(BatchTest, FailFastStopsAtTheFirstMismatch) {
  farm_.AddBoard("only", "S6,fault=rounding");
  const Finished run = Batch({"--fail-fast"});
  EXPECT_EQ(run.exit.code, 1) << run.out << run.err;
  EXPECT_GT(Document()["summary"]["not_run"], 0);
}

TEST_F(BatchTest, PicturesGoThroughTheScriptOfTheSop) {
  if (std::system("/usr/bin/python3 -c 'import numpy, cv2' 2>/dev/null") != 0) {  // NOLINT
    GTEST_SKIP() << "apt-get install python3-numpy python3-opencv";
  }
  farm_.AddBoard("only", "S6");
  const auto script = farm_.folder() / "blazeface_preprocess.py";
  ASSERT_TRUE(WriteFileAtomically(script,
                                  std::string_view("import cv2, numpy\n"
                                                   "def image_preprocess(path, norm=True):\n"
                                                   "    image = cv2.imread(path)\n"
                                                   "    image = cv2.resize(image, (128, 128))\n"
                                                   "    image = image[:, :, ::-1]\n"
                                                   "    if norm:\n"
                                                   "        image = (image - 127.5) / 127.5\n"
                                                   "    return image\n"))
                  .ok());
  const Finished run = farm_.RunModel({model_.model, AstronautPicture()}, {"-n", script.string()});
  EXPECT_EQ(run.exit.code, 0) << run.out << run.err;
  // OpenCV made the very bytes that `plumb input make` did.
  EXPECT_EQ(json::parse(farm_.report())["identity"]["input_sha256"][0],
            *Sha256HexOfFile(model_.input));
}

}  // namespace
}  // namespace plumb::test
