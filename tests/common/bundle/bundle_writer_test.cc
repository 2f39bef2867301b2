// Archives read back by libarchive's reader.
#include "common/bundle/bundle_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"

namespace plumb {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries Unpacked(const std::filesystem::path& path) {
  Entries entries;
  struct ::archive* reader = archive_read_new();
  archive_read_support_filter_zstd(reader);
  archive_read_support_format_tar(reader);
  EXPECT_EQ(archive_read_open_filename(reader, path.c_str(), 65536), ARCHIVE_OK)
      << archive_error_string(reader);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    EXPECT_EQ(archive_entry_mtime(entry), 0);
    EXPECT_EQ(archive_entry_perm(entry), 0644U);
    std::string content(static_cast<size_t>(archive_entry_size(entry)), '\0');
    EXPECT_EQ(archive_read_data(reader, content.data(), content.size()),
              static_cast<la_ssize_t>(content.size()));
    entries.emplace_back(archive_entry_pathname(entry), std::move(content));
  }
  archive_read_free(reader);
  return entries;
}

class BundleWriterTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path Path(const char* name) const { return folder_.path() / name; }

 private:
  TempFolder folder_ = TempFolder::Create("plumb-bundle-test-").value();
};

TEST_F(BundleWriterTest, EveryFileComesOutAsItWentIn) {
  const std::string large(3'000'000, 'x');  // more than one piece
  ASSERT_TRUE(WriteFileAtomically(Path("large"), large).ok());
  auto bundle = BundleWriter::Create(Path("b.tar.zst"), "ticket");
  ASSERT_TRUE(bundle.ok()) << bundle.status().ToString();
  ASSERT_TRUE(bundle->AddText("a.txt", "hello\n").ok());
  ASSERT_TRUE(bundle->AddFile("model/große datei.bin", Path("large")).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("b.tar.zst")));
  ASSERT_TRUE(bundle->Commit().ok());
  EXPECT_EQ(Unpacked(Path("b.tar.zst")),
            (Entries{{"ticket/a.txt", "hello\n"}, {"ticket/model/große datei.bin", large}}));
  // printf 'hello\n' | sha256sum
  EXPECT_EQ(bundle->files().at(0).sha256,
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
  EXPECT_EQ(bundle->files().at(1).size, 3'000'000U);
}

TEST_F(BundleWriterTest, TheSameFilesGiveTheSameBytes) {
  for (const char* name : {"a.tar.zst", "b.tar.zst"}) {
    auto bundle = BundleWriter::Create(Path(name), "t");
    ASSERT_TRUE(bundle->AddText("x", "y").ok());
    ASSERT_TRUE(bundle->Commit().ok());
  }
  EXPECT_EQ(ReadFile(Path("a.tar.zst"))->view(), ReadFile(Path("b.tar.zst"))->view());
}

TEST_F(BundleWriterTest, NamesThatLeaveTheFolderAreRefused) {
  auto bundle = BundleWriter::Create(Path("b.tar.zst"), "t");
  ASSERT_TRUE(bundle->AddText("x", "").ok());
  for (const char* name :
       {"", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".", "a\nb", "x"}) {
    EXPECT_FALSE(bundle->AddText(name, "z").ok()) << name;
  }
  EXPECT_FALSE(BundleWriter::Create(Path("c.tar.zst"), "a/b").ok());
  EXPECT_FALSE(BundleWriter::Create(Path("c.tar.zst"), "..").ok());
}

TEST_F(BundleWriterTest, WithoutCommitThereIsNoArchive) {
  {
    auto bundle = BundleWriter::Create(Path("b.tar.zst"), "t");
    ASSERT_TRUE(bundle->AddText("x", "y").ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(Path(".")));
}

}  // namespace
}  // namespace plumb
