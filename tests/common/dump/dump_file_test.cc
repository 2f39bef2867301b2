#include "common/dump/dump_file.h"

#include <algorithm>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "common/base/file.h"

namespace plumb::dump {
namespace {

using std::string_literals::operator""s;

// 1.0f and -2.0f.
const std::string kPayload = "\x00\x00\x80\x3f\x00\x00\x00\xc0"s;

const std::string kFloatDump =
    "isFloat: 1\n"
    "//out 0 s: 0.000000 z: 0 type: float name: conv 1 bConstant:0 shape:[1, 2] dims:2\n"
    "op_out[0] CONV_2D = {\n"
    "//buffer data size: 8\n" +
    kPayload + "\n};\n//buffer data size: 8\n";

Result<DumpFile> Parse(const std::string& text) {
  return ParseDump(Buffer::FromString(text));
}

TEST(ParseDump, ReadsAnEntryByItsSize) {
  const auto dump = Parse(kFloatDump);
  ASSERT_TRUE(dump.ok()) << dump.status().ToString();
  EXPECT_TRUE(dump->is_float);
  ASSERT_EQ(dump->entries.size(), 1U);
  const DumpEntry& entry = dump->entries[0];
  EXPECT_EQ(entry.direction, Direction::kOutput);
  EXPECT_EQ(entry.name, "conv 1");
  EXPECT_EQ(entry.op, "CONV_2D");
  EXPECT_EQ(entry.type, "float");
  EXPECT_FALSE(entry.constant);
  EXPECT_EQ(entry.shape, (Shape{1, 2}));
  const auto values = DumpValues(entry);
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(*values, (std::vector<float>{1.0F, -2.0F}));
}

// The 1.1.5 tools write no shape; TFLite records close without a trailer, ONNX ones likewise, and
// the next header may follow at once.
TEST(ParseDump, ReadsTheVariantsOfOtherWriters) {
  const auto dump = Parse(
      "isFloat: 0\n"
      "//in 2 s: 0.007843 z: 128 type: UINT8 name: a/b:0 bConstant:1\n"
      "op_in[2] ADD = {\n"
      "//buffer data size: 8\n" +
      kPayload +
      "\n};\n"
      "//out 0 s: 0.5 z: -3 type: INT16 name: c bConstant:0 shape:[2] dims:1\n"
      "op_out[0] MUL = {\n"
      "//buffer data size: 8\n" +
      kPayload + "\n};\n\n\n//buffer data size: 8\n");
  ASSERT_TRUE(dump.ok()) << dump.status().ToString();
  EXPECT_FALSE(dump->is_float);
  ASSERT_EQ(dump->entries.size(), 2U);
  EXPECT_EQ(dump->entries[0].direction, Direction::kInput);
  EXPECT_EQ(dump->entries[0].index, 2U);
  EXPECT_DOUBLE_EQ(dump->entries[0].scale, 0.007843);
  EXPECT_EQ(dump->entries[0].zero_point, 128);
  EXPECT_TRUE(dump->entries[0].constant);
  EXPECT_FALSE(dump->entries[0].shape.has_value());
  EXPECT_EQ(dump->entries[1].zero_point, -3);
}

// A payload may hold any byte, even a complete header and the closing brace.
TEST(ParseDump, IsNotFooledByAPayloadThatLooksLikeText) {
  const std::string trap =
      "\n};\n//out 9 s: 0.000000 z: 0 type: float name: trap bConstant:0 shape:[1] dims:1\n\n";
  const auto dump = Parse(
      "isFloat: 1\n"
      "//out 0 s: 0.000000 z: 0 type: float name: real bConstant:0\n"
      "op_out[0] ADD = {\n"
      "//buffer data size: " +
      std::to_string(trap.size()) + "\n" + trap + "\n};\n");
  ASSERT_TRUE(dump.ok()) << dump.status().ToString();
  ASSERT_EQ(dump->entries.size(), 1U);
  EXPECT_EQ(dump->entries[0].name, "real");
  EXPECT_EQ(dump->entries[0].payload.size(), trap.size());
}

TEST(DumpValues, CutsPaddingOffAndRefusesTooFew) {
  DumpEntry entry;
  entry.name = "x";
  entry.payload = Buffer::FromString(kPayload);
  entry.shape = Shape{1};
  EXPECT_EQ(*DumpValues(entry), (std::vector<float>{1.0F}));
  entry.shape = Shape{3};
  EXPECT_FALSE(DumpValues(entry).ok());
  entry.shape.reset();
  EXPECT_EQ(DumpValues(entry)->size(), 2U);
}

std::string WithHeader(const std::string& header) {
  return "isFloat: 1\n" + header + "\nop_out[0] ADD = {\n//buffer data size: 8\n" + kPayload +
         "\n};\n";
}

class RefusesDump : public ::testing::TestWithParam<std::string> {};

TEST_P(RefusesDump, NamingTheByte) {
  const auto dump = Parse(GetParam());
  ASSERT_FALSE(dump.ok());
  EXPECT_EQ(dump.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(dump.status().message().find("byte "), std::string::npos) << dump.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Files,
    RefusesDump,
    ::testing::Values(
        "",
        "isFloat: 1\n",
        // a size beyond the end, one that is no number, one that overflows
        "isFloat: 1\n//out 0 s: 0 z: 0 type: f name: a bConstant:0\n//buffer data size: "
        "9\n12345678",
        "isFloat: 1\n//out 0 s: 0 z: 0 type: f name: a bConstant:0\n//buffer data size: -1\n1234",
        "isFloat: 1\n//out 0 s: 0 z: 0 type: f name: a bConstant:0\n"
        "//buffer data size: 18446744073709551615\n1234",
        // no size line at all
        "isFloat: 1\n//out 0 s: 0 z: 0 type: f name: a bConstant:0\nop_out[0] ADD = {\n",
        // a size that is too small: the rest of the payload is where the brace should be
        "isFloat: 1\n//out 0 s: 0 z: 0 type: f name: a bConstant:0\n//buffer data size: 4\n" +
            kPayload + "\n};\n",
        WithHeader("//out x s: 0 z: 0 type: f name: a bConstant:0"),
        WithHeader("//out 0 s: ten z: 0 type: f name: a bConstant:0"),
        WithHeader("//out 0 s: 0 z: 0 type: f name: a"),
        WithHeader("//out 0 s: 0 z: 0 type: f bConstant:0"),
        WithHeader("//out 0 s: 0 z: 0 type: f name: a\x01 bConstant:0"),
        WithHeader("//out 0 s: 0 z: 0 type: f name: a bConstant:0 shape:[-1] dims:1"),
        WithHeader("//out 0 s: 0 z: 0 type: f name: a bConstant:0 shape:[1, two] dims:2"),
        WithHeader("//out 0 s: 0 z: 0 type: f name: a bConstant:0 "
                   "shape:[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] dims:11")));

TEST(ParseDump, EveryPrefixIsReadOrRefused) {
  for (size_t size = 0; size < kFloatDump.size(); ++size) {
    const auto dump = Parse(kFloatDump.substr(0, size));
    if (dump.ok()) {
      EXPECT_EQ(dump->entries[0].payload.view(), kPayload) << size;
    }
  }
}

// Byte for byte the vendor's layout: what its own scripts read.
TEST(DumpWriter, WritesTheVendorsBytes) {
  const auto folder = TempFolder::Create("plumb-dump");
  ASSERT_TRUE(folder.ok());
  const auto path = folder->path() / "dump.bin";
  auto writer = DumpWriter::Create(path, true);
  ASSERT_TRUE(writer.ok());
  DumpEntry entry;
  entry.type = "float";
  entry.name = "conv 1";
  entry.op = "CONV_2D";
  entry.shape = Shape{1, 2};
  const std::vector<float> values = {1.0F, -2.0F};
  ASSERT_TRUE(writer->Add(entry, values).ok());
  EXPECT_FALSE(std::filesystem::exists(path)) << "it must appear whole or not at all";
  ASSERT_TRUE(writer->Commit().ok());
  const auto file = ReadFile(path);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->view(), kFloatDump);
}

TEST(DumpWriter, RefusesWhatAReaderCouldNotTell) {
  const auto folder = TempFolder::Create("plumb-dump");
  ASSERT_TRUE(folder.ok());
  auto writer = DumpWriter::Create(folder->path() / "dump.bin", false);
  ASSERT_TRUE(writer.ok());
  DumpEntry entry;
  entry.type = "UINT8";
  entry.name = "line\nbreak";
  entry.op = "ADD";
  const std::vector<float> values = {1.0F};
  EXPECT_FALSE(writer->Add(entry, values).ok());
  entry.name = "x";
  entry.shape = Shape{2};
  EXPECT_FALSE(writer->Add(entry, values).ok());
}

DumpEntry Named(const std::string& name, std::optional<Shape> shape) {
  DumpEntry entry;
  entry.type = "float";
  entry.name = name;
  entry.op = "ADD";
  entry.shape = shape;
  return entry;
}

std::vector<float> Ramp(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(i) / 8 - 2;
  }
  return values;
}

// Eighteen values: one whole line and two more, as dumpasstring writes them. The size still counts
// the floats' bytes.
TEST(ParseDump, ReadsValuesThatWereWrittenAsText) {
  std::string line;
  for (int i = 0; i < 16; ++i) {
    line += "0.500000, ";
  }
  for (const std::string ending : {"\n};\n", "};\n", "\n\n};\n//buffer data size: 72\n"}) {
    const auto dump = Parse(
        "isFloat: 0\n"
        "//out 0 s: 0.5 z: 0 type: UINT8 name: a bConstant:0 shape:[1, 18] dims:2\n"
        "op_out[0] ADD = {\n//buffer data size: 72\n" +
        line + "\n-1.250000, 340282346638528859811704183484516925440.000000, " + ending);
    ASSERT_TRUE(dump.ok()) << dump.status().ToString();
    const DumpEntry& entry = dump->entries.at(0);
    EXPECT_TRUE(entry.as_text);
    const auto values = DumpValues(entry);
    ASSERT_TRUE(values.ok());
    ASSERT_EQ(values->size(), 18U);
    EXPECT_EQ(values->at(15), 0.5F);
    EXPECT_EQ(values->at(16), -1.25F);
    EXPECT_EQ(values->at(17), 3.40282347e38F);
  }
}

// Floats whose bytes happen to be digits stay floats: the shape explains the size.
TEST(ParseDump, TakesDigitsForBytesWhereTheShapeExplainsTheSize) {
  const auto dump = Parse(
      "isFloat: 1\n//out 0 s: 0 z: 0 type: f name: a bConstant:0 shape:[5] dims:1\n"
      "//buffer data size: 20\n1.000000, 2.000000, \n};\n");
  ASSERT_TRUE(dump.ok()) << dump.status().ToString();
  EXPECT_FALSE(dump->entries.at(0).as_text);
  EXPECT_EQ(dump->entries.at(0).payload.view(), "1.000000, 2.000000, ");
}

TEST(ParseDump, RefusesTextThatIsNeitherItsSizeNorItsShape) {
  EXPECT_FALSE(Parse("isFloat: 1\n//out 0 s: 0 z: 0 type: f name: a bConstant:0\n"
                     "//buffer data size: 12\n1.000000, 2.000000, \n};\n")
                   .ok());
}

// 'a/b' and 'a_b' are one folder to the vendor's script.
TEST(ParseDump, KeepsNamesApartThatSanitiseAlike) {
  std::string text = "isFloat: 1\n";
  for (const std::string name : {"a/b", "a_b", "a:_b c", "a bConstant:1 b"}) {
    text += "//out 0 s: 0 z: 0 type: f name: " + name + " bConstant:0\n//buffer data size: 8\n" +
            kPayload + "\n};\n";
  }
  const auto dump = Parse(text);
  ASSERT_TRUE(dump.ok()) << dump.status().ToString();
  ASSERT_EQ(dump->entries.size(), 4U);
  EXPECT_EQ(dump->entries[0].name, "a/b");
  EXPECT_EQ(dump->entries[1].name, "a_b");
  EXPECT_EQ(dump->entries[2].name, "a:_b c");
  EXPECT_EQ(dump->entries[3].name, "a bConstant:1 b");
}

class DumpVariants : public ::testing::TestWithParam<DumpOptions> {};

// Whatever the variant, the pieces and the size of the reader's window, the values come back.
TEST_P(DumpVariants, AreReadBackInPieces) {
  const auto folder = TempFolder::Create("plumb-dump");
  ASSERT_TRUE(folder.ok());
  const auto path = folder->path() / "dump.bin";
  auto writer = DumpWriter::Create(path, GetParam());
  ASSERT_TRUE(writer.ok());
  const std::vector<float> values = Ramp(10'000);
  const std::span<const float> all(values);
  ASSERT_TRUE(writer->Begin(Named("first", Shape{100, 100}), values.size()).ok());
  ASSERT_TRUE(writer->Append(all.first(1)).ok());
  ASSERT_TRUE(writer->Append(all.subspan(1, 4999)).ok());
  EXPECT_FALSE(writer->End().ok()) << "half of the values are missing";
  ASSERT_TRUE(writer->Append(all.subspan(5000)).ok());
  EXPECT_FALSE(writer->Append(all.first(1)).ok()) << "one too many";
  ASSERT_TRUE(writer->End().ok());
  ASSERT_TRUE(writer->Add(Named("second", Shape{3}), all.first(3)).ok());
  ASSERT_TRUE(writer->Commit().ok());

  const auto source = DumpSource::Open(path);
  ASSERT_TRUE(source.ok());
  const auto index = IndexDump(*source);
  ASSERT_TRUE(index.ok()) << index.status().ToString();
  EXPECT_EQ(index->is_float, GetParam().is_float);
  ASSERT_EQ(index->entries.size(), 2U);
  EXPECT_EQ(index->entries[1].name, "second");
  EXPECT_EQ(index->entries[0].shape.has_value(), GetParam().variant != DumpVariant::kSdk115);
  DumpValueReader reader(*index, index->entries[0]);
  for (const uint64_t first : {uint64_t{0}, uint64_t{4321}, uint64_t{17}, uint64_t{9999}}) {
    std::vector<float> piece(std::min<size_t>(1000, 10'000 - first));
    ASSERT_TRUE(reader.Read(first, piece).ok());
    EXPECT_TRUE(std::equal(piece.begin(), piece.end(), values.begin() + static_cast<long>(first)))
        << first;
  }
  std::vector<float> beyond(2);
  EXPECT_FALSE(reader.Read(9999, beyond).ok());
}

INSTANTIATE_TEST_SUITE_P(All,
                         DumpVariants,
                         ::testing::Values(DumpOptions{true, DumpVariant::kSdk, false},
                                           DumpOptions{false, DumpVariant::kSdk115, false},
                                           DumpOptions{true, DumpVariant::kFramework, false},
                                           DumpOptions{false, DumpVariant::kSdk, true},
                                           DumpOptions{true, DumpVariant::kSdk115, true},
                                           DumpOptions{true, DumpVariant::kFramework, true}));

// Character for character what dumpasstring is said to write: "%.6f, ", sixteen a line.
TEST(DumpWriter, WritesTextSixteenValuesALine) {
  const auto folder = TempFolder::Create("plumb-dump");
  ASSERT_TRUE(folder.ok());
  const auto path = folder->path() / "dump.bin";
  auto writer = DumpWriter::Create(path, DumpOptions{true, DumpVariant::kSdk, true});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->Add(Named("a", Shape{17}), std::vector<float>(17, -0.5F)).ok());
  ASSERT_TRUE(writer->Commit().ok());
  std::string line;
  for (int i = 0; i < 16; ++i) {
    line += "-0.500000, ";
  }
  EXPECT_EQ(ReadFile(path)->view(),
            "isFloat: 1\n//out 0 s: 0.000000 z: 0 type: float name: a bConstant:0 shape:[17] "
            "dims:1\nop_out[0] ADD = {\n//buffer data size: 68\n" +
                line + "\n-0.500000, \n};\n//buffer data size: 68\n");
}

TEST(DumpWriter, AnOpenTensorIsNotCommitted) {
  const auto folder = TempFolder::Create("plumb-dump");
  ASSERT_TRUE(folder.ok());
  auto writer = DumpWriter::Create(folder->path() / "dump.bin", true);
  ASSERT_TRUE(writer.ok());
  EXPECT_FALSE(writer->Append(Ramp(1)).ok());
  ASSERT_TRUE(writer->Begin(Named("a", std::nullopt), 2).ok());
  EXPECT_FALSE(writer->Begin(Named("b", std::nullopt), 2).ok());
  EXPECT_FALSE(writer->Commit().ok());
}

}  // namespace
}  // namespace plumb::dump
