// plumb-runner under the vendor's name: its options, its text, its XOR line.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/runner/prog_dla/input_file.h"
#include "agent/runner/prog_dla/options.h"
#include "agent/runner/prog_dla/tensor_view.h"
#include "common/base/file.h"
#include "tests/support/process.h"
#include "tests/support/program.h"
#include "tests/support/small_model.h"

namespace plumb::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kRunner = std::string(PLUMB_BINARY_DIR) + "/bin/plumb-runner";
const std::string kVirtual = std::string(PLUMB_BINARY_DIR) + "/lib/libmi_ipu_virtual.so";

std::string Numbers(const std::vector<int>& quantised) {
  std::string text;
  for (size_t i = 0; i < quantised.size(); ++i) {
    std::array<char, 32> number{};
    std::snprintf(number.data(), number.size(), "%.6f", quantised[i] * kSmallScoreScale);
    text += (i == 0 ? "" : (i % 16 == 0 ? "\n" : "  ")) + std::string(number.data());
  }
  return text;
}

// The file that the vendor's tool would write, from the hand-computed answer.
std::string ExpectedText(const SmallAnswer& answer) {
  return "scores Tensor:\n{\ntensor dim:4,\tOriginal shape:[1 2 3 5 ]\ntensor data:\n" +
         Numbers(answer.scores) + "\n}\n\n" +
         "mean Tensor:\n{\ntensor dim:2,\tOriginal shape:[1 5 ]\ntensor data:\n" +
         Numbers(answer.mean) + "\n}\n\n";
}

// All values as INT16, byte i into lane i mod 4, computed another way: word by word.
std::string ExpectedXor(const SmallAnswer& answer) {
  std::vector<int16_t> words(answer.scores.begin(), answer.scores.end());
  words.insert(words.end(), answer.mean.begin(), answer.mean.end());
  words.resize((words.size() + 1) / 2 * 2);
  uint32_t all = 0;
  for (size_t i = 0; i < words.size(); i += 2) {
    uint32_t both = 0;
    std::memcpy(&both, &words[i], sizeof both);
    all ^= both;
  }
  std::array<char, 64> line{};
  std::snprintf(line.data(), line.size(), "All outputs XOR = 0x%08x\n", all);
  return line.data();
}

class ProgDlaTest : public testing::Test {
 protected:
  ProgDlaTest() : folder_(TempFolder::Create("plumb-prog-dla-").value()) {
    Write("x.jpg.bin", SmallPicture());
    WriteModel(Family::kS6);
  }

  void Write(const std::string& name, const std::vector<uint8_t>& bytes) {
    ASSERT_TRUE(WriteFileAtomically(path() / name, std::span<const uint8_t>(bytes)).ok());
  }

  void WriteModel(Family family) {
    SmallModelOptions options;
    options.family = family;
    Write("m.img", SmallModelFile(options));
    family_ = FamilyName(family);
  }

  // In the folder, as a lab's script calls it.
  Finished Call(const std::string& program, const std::string& arguments) {
    std::string command = "cd '" + path().string() + "' && exec ";
    for (const std::string& word : ProgramArgv(program)) {
      command += "'" + word + "' ";
    }
    const auto finished =
        RunProgram({"/bin/sh", "-c", command + arguments},
                   std::chrono::seconds(60),
                   {{"PLUMB_VIRTUAL_FAMILY", family_}, {"PLUMB_VIRTUAL_FAULT", fault_}});
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    return finished.ok() ? *finished : Finished{};
  }

  Finished Run(const std::string& arguments) {
    return Call(kRunner, "--mi-library '" + kVirtual + "' " + arguments);
  }

  std::string Read(const std::string& name) {
    const auto text = ReadFile(path() / name);
    EXPECT_TRUE(text.ok()) << text.status().ToString();
    return text.ok() ? std::string(text->view()) : "";
  }

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

  std::string fault_;

 private:
  TempFolder folder_;
  std::string family_;
};

TEST_F(ProgDlaTest, WritesTheDocumentedTextInEveryFamily) {
  const SmallAnswer answer = SolveSmallModel(SmallPicture());
  for (const Family family : {Family::k1x, Family::kQ, Family::kS1, Family::kS6}) {
    WriteModel(family);
    const Finished done = Run("-i x.jpg.bin -m m.img -c Unknown --format DUMP_RAWDATA");
    ASSERT_EQ(done.exit.code, 0) << done.err;
    EXPECT_EQ(Read("output/unknown_m.img_x.jpg.bin.txt"), ExpectedText(answer))
        << FamilyName(family);
    EXPECT_THAT(done.out, HasSubstr(ExpectedXor(answer)));
    EXPECT_THAT(done.out, HasSubstr("input: name: picture, dtype: U8, shape: [1 2 3 3 ]"));
    EXPECT_THAT(done.out, HasSubstr("invoke time: "));
  }
}

TEST_F(ProgDlaTest, TakesBothSyntaxesAndItsOwnName) {
  const std::string expected = ExpectedText(SolveSmallModel(SmallPicture()));
  for (const std::string arguments :
       {"--images x.jpg.bin --model m.img --category Detection -f DUMP_RAWDATA",
        "-i x.jpg.bin -m m.img --category detection --training_formats DUMP_RAWDATA",
        "-i x.jpg.bin -m m.img -c Detection --format DUMP_RAWDATA -n 3"}) {
    const Finished done = Run(arguments);
    ASSERT_EQ(done.exit.code, 0) << done.err;
    EXPECT_EQ(Read("output/detection_m.img_x.jpg.bin.txt"), expected);
  }
  std::filesystem::create_symlink(kRunner, path() / "prog_dla_simulator");
  const Finished help = Call((path() / "prog_dla_simulator").string(), "-h");
  EXPECT_EQ(help.exit.code, 0);
  EXPECT_THAT(help.out, HasSubstr("prog_dla_simulator -i x.bin"));
}

TEST_F(ProgDlaTest, EmptiesItsFolderButNothingElse) {
  std::filesystem::create_directories(path() / "output/mine");
  Write("output/old.txt", {1});
  Write("output/mine/note.txt", {1});
  const Finished done = Run("-i x.jpg.bin -m m.img -f DUMP_RAWDATA");
  ASSERT_EQ(done.exit.code, 0) << done.err;
  EXPECT_FALSE(std::filesystem::exists(path() / "output/old.txt"));
  EXPECT_TRUE(std::filesystem::exists(path() / "output/mine/note.txt"));
  // Twice: its own folder of raw outputs does not stand in its way.
  EXPECT_EQ(Run("-i x.jpg.bin -m m.img -f DUMP_RAWDATA").exit.code, 0);
}

TEST_F(ProgDlaTest, AFolderIsRunFileByFile) {
  std::filesystem::create_directories(path() / "pictures");
  Write("pictures/a.bin", SmallPicture());
  Write("pictures/b.bin", std::vector<uint8_t>(SmallPicture().size(), 128));
  const Finished done = Run("-i pictures -m m.img -f DUMP_RAWDATA");
  ASSERT_EQ(done.exit.code, 0) << done.err;
  EXPECT_EQ(Read("output/unknown_m.img_a.bin.txt"), ExpectedText(SolveSmallModel(SmallPicture())));
  EXPECT_EQ(Read("output/unknown_m.img_b.bin.txt"),
            ExpectedText(SolveSmallModel(std::vector<uint8_t>(SmallPicture().size(), 128))));
}

TEST_F(ProgDlaTest, RefusesWhatItCannotDoAndSaysSo) {
  Write("short.bin", std::vector<uint8_t>(17, 1));
  Write("long.bin", std::vector<uint8_t>(65, 1));

  struct Case {
    std::string arguments;
    int code;
    std::string complaint;
  };

  const std::vector<Case> cases = {
      {"-i short.bin -m m.img -f DUMP_RAWDATA",
       4,
       "has 17 bytes, but input 'picture' takes 18 to 64"},
      {"-i long.bin -m m.img -f DUMP_RAWDATA", 4, "has 65 bytes"},
      {"-i absent.bin -m m.img -f DUMP_RAWDATA", 4, "cannot be opened"},
      {"-i x.jpg.bin,x.jpg.bin -m m.img -f DUMP_RAWDATA", 4, "the model has 1 inputs"},
      {"-i x.jpg.bin -m m.img", 4, "pictures are not decoded here"},
      {"-i x.jpg.bin -m m.img -f RAWDATA_NHWC", 4, "the input is U8"},
      {"-i x.jpg.bin -m absent.img -f DUMP_RAWDATA", 4, "absent.img"},
      {"-i x.jpg.bin -f DUMP_RAWDATA", 2, "-m FILE"},
      {"-i x.jpg.bin -m m.img -c Cats", 2, "-c is Unknown"},
      {"-i x.jpg.bin -m m.img -n 0", 2, "-n is a number"},
      {"-i x.jpg.bin -m m.img --device 0", 2, "'--device' is not understood"},
  };
  for (const Case& one : cases) {
    const Finished done = Run(one.arguments);
    EXPECT_EQ(done.exit.code, one.code) << one.arguments << "\n" << done.err;
    EXPECT_THAT(done.err, HasSubstr(one.complaint)) << one.arguments;
    EXPECT_THAT(done.out, Not(HasSubstr("XOR"))) << one.arguments;
  }
}

TEST_F(ProgDlaTest, AFaultOfTheChipIsExitFour) {
  fault_ = "nomem";
  const Finished done = Run("-i x.jpg.bin -m m.img -f DUMP_RAWDATA");
  EXPECT_EQ(done.exit.code, 4) << done.out;
  EXPECT_FALSE(std::filesystem::exists(path() / "output/unknown_m.img_x.jpg.bin.txt"));
}

ring::TensorRecord Record(uint32_t format, const std::vector<uint32_t>& dims, uint64_t size) {
  ring::TensorRecord record{};
  record.mi_format = format;
  record.rank = static_cast<uint32_t>(dims.size());
  std::copy(dims.begin(), dims.end(), record.dims);
  record.aligned_size = size;
  record.scale = 0.25F;
  std::memcpy(record.name, "x", 2);
  return record;
}

TEST(ProgDlaInput, FloatsAreClippedAndTruncatedAtTheTensorsStride) {
  const auto folder = TempFolder::Create("plumb-floats-").value();
  const std::vector<float> values = {1.0F, 0.3F, -0.3F, 1e9F, -1e9F, 2.9F};
  const std::string path = (folder.path() / "x").string();
  ASSERT_TRUE(WriteFileAtomically(
                  path, {reinterpret_cast<const uint8_t*>(values.data()), values.size() * 4})
                  .ok());
  ring::TensorRecord record = Record(2, {2, 3}, 64);
  record.inner_stride = 16;
  std::vector<uint8_t> buffer(64, 0xEE);
  const auto outcome = mi::FillInput(path, "RAWDATA_S16_NHWC", record, buffer.data());
  ASSERT_TRUE(outcome.ok) << outcome.message;
  std::vector<int16_t> words(32);
  std::memcpy(words.data(), buffer.data(), buffer.size());
  std::vector<int16_t> expected(32, 0);
  const std::vector<int16_t> first = {4, 1, -1};  // x / 0.25, towards zero
  const std::vector<int16_t> second = {32767, -32767, 11};
  std::copy(first.begin(), first.end(), expected.begin());
  std::copy(second.begin(), second.end(), expected.begin() + 8);
  EXPECT_EQ(words, expected);
}

TEST(ProgDlaView, DescriptorsThatLieAreFound) {
  mi::TensorRows rows;
  std::string complaint;
  EXPECT_TRUE(mi::FindRows(Record(2, {2, 3}, 12), &rows, &complaint));
  EXPECT_FALSE(mi::FindRows(Record(2, {2, 3}, 11), &rows, &complaint));
  EXPECT_FALSE(mi::FindRows(Record(2, {0xFFFFFFFF, 0xFFFFFFFF, 1}, 64), &rows, &complaint));
  EXPECT_FALSE(mi::FindRows(Record(1, {2, 3}, 64), &rows, &complaint));
  EXPECT_FALSE(mi::FindRows(Record(77, {2, 3}, 64), &rows, &complaint));
  ring::TensorRecord record = Record(2, {2, 3}, 64);
  record.inner_stride = 4;
  EXPECT_FALSE(mi::FindRows(record, &rows, &complaint));
  record.rank = 11;
  EXPECT_FALSE(mi::FindRows(record, &rows, &complaint));
}

TEST(ProgDlaView, XorGoesByLanes) {
  mi::OutputXor all;
  const std::vector<uint8_t> first = {0x11, 0x22, 0x33};
  const std::vector<uint8_t> second = {0x44, 0x01};
  all.Add({1, 3, 3, 1}, first.data());
  all.Add({1, 2, 2, 1}, second.data());
  EXPECT_EQ(all.value(), 0x44332210U);  // byte 4 meets byte 0
}

}  // namespace
}  // namespace plumb::test
