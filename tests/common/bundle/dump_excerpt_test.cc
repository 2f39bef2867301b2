// Excerpts of dumps, read back by the reader of dumps.
#include "common/bundle/dump_excerpt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/dump/dump_file.h"

namespace plumb {
namespace {

using testing::ElementsAre;

dump::DumpEntry Entry(const std::string& name, std::optional<Shape> shape) {
  dump::DumpEntry entry;
  entry.name = name;
  entry.op = "RELU";
  entry.type = "UINT8";
  entry.scale = 0.5;
  entry.zero_point = 3;
  entry.shape = std::move(shape);
  return entry;
}

void WriteDump(const std::filesystem::path& path, dump::DumpVariant variant) {
  const bool shapes = variant != dump::DumpVariant::kSdk115;
  const auto shape = shapes ? std::optional(Shape{1, 2}) : std::nullopt;
  auto writer = dump::DumpWriter::Create(path, dump::DumpOptions{false, variant, false});
  ASSERT_TRUE(writer.ok());
  float value = 0;
  for (const char* name : {"a", "b", "c"}) {
    const std::vector<float> values = {value, value + 1};
    const dump::DumpEntry entry = Entry(name, shape);
    ASSERT_TRUE(writer->Begin(entry, 2).ok());
    ASSERT_TRUE(writer->Append(values).ok());
    ASSERT_TRUE(writer->End().ok());
    value += 2;
  }
  ASSERT_TRUE(writer->Commit().ok());
}

class DumpExcerptTest : public testing::TestWithParam<dump::DumpVariant> {};

TEST_P(DumpExcerptTest, KeepsTheNamedEntriesWithTheirHeadersAndValues) {
  const auto folder = TempFolder::Create("plumb-excerpt-").value();
  WriteDump(folder.path() / "all.bin", GetParam());
  const auto source = dump::DumpSource::Open(folder.path() / "all.bin");
  ASSERT_TRUE(source.ok());
  const auto index = dump::IndexDump(*source);
  ASSERT_TRUE(index.ok()) << index.status().ToString();
  const auto copied = WriteDumpExcerpt(*index, {"c", "a", "other"}, folder.path() / "some.bin");
  ASSERT_TRUE(copied.ok()) << copied.status().ToString();
  EXPECT_EQ(*copied, 2U);
  const auto read = dump::ParseDump(ReadFile(folder.path() / "some.bin").value());
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_FALSE(read->is_float);
  ASSERT_EQ(read->entries.size(), 2U);
  EXPECT_EQ(read->entries[0].name, "a");
  EXPECT_EQ(read->entries[1].name, "c");
  EXPECT_EQ(read->entries[1].op, "RELU");
  EXPECT_EQ(read->entries[1].scale, 0.5);
  EXPECT_EQ(read->entries[1].zero_point, 3);
  EXPECT_EQ(read->entries[1].shape.has_value(), GetParam() != dump::DumpVariant::kSdk115);
  EXPECT_THAT(dump::DumpValues(read->entries[1]).value(), ElementsAre(4, 5));
}

INSTANTIATE_TEST_SUITE_P(Variants,
                         DumpExcerptTest,
                         testing::Values(dump::DumpVariant::kSdk,
                                         dump::DumpVariant::kSdk115,
                                         dump::DumpVariant::kFramework));

}  // namespace
}  // namespace plumb
