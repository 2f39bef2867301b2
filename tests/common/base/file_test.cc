#include "common/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::Create("plumb-file-");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(*std::move(folder));
    path_ = folder_->path() / "result.bin";
  }

  [[nodiscard]] std::string Content() const {
    const auto bytes = ReadFile(path_);
    return bytes.ok() ? std::string(bytes->view()) : "(" + bytes.status().ToString() + ")";
  }

  [[nodiscard]] size_t EntryCount() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_->path()), fs::directory_iterator()));
  }

  std::optional<TempFolder> folder_;
  fs::path path_;
};

TEST_F(FileTest, WritesWholeFiles) {
  ASSERT_TRUE(WriteFileAtomically(path_, "first").ok());
  EXPECT_EQ(Content(), "first");
  ASSERT_TRUE(WriteFileAtomically(path_, "second, longer").ok());
  EXPECT_EQ(Content(), "second, longer");
  ASSERT_TRUE(WriteFileAtomically(path_, "").ok());
  EXPECT_EQ(Content(), "");
  EXPECT_EQ(EntryCount(), 1U) << "no temporary file is left";
}

// On a 32-bit CPU a size of 4 GiB and one byte must not become a size of one byte.
TEST_F(FileTest, FilesAboveFourGibibytes) {
  constexpr uint64_t kSize = (uint64_t{4} << 30U) + 1;
  ASSERT_TRUE(WriteFileAtomically(path_, "").ok());
  fs::resize_file(path_, kSize);  // sparse: takes no room
  const auto mapped = MapFile(path_);
  const auto read = ReadFile(path_, uint64_t{1} << 30U);
  EXPECT_EQ(read.status().code(), StatusCode::kResourceExhausted);
  if (sizeof(void*) > 4) {
    ASSERT_TRUE(mapped.ok()) << mapped.status().ToString();
    EXPECT_EQ(mapped->size(), kSize);
  } else {
    EXPECT_EQ(mapped.status().code(), StatusCode::kResourceExhausted);
  }
}

TEST_F(FileTest, ReadsAndWritesBeyondFourGibibytes) {
  constexpr uint64_t kFar = (uint64_t{5} << 30U) + 3;
  ASSERT_TRUE(WriteFileAtomically(path_, "near").ok());
  const UniqueFd fd(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(fd.valid());
  ASSERT_TRUE(WriteAt(fd.get(), kFar, AsBytes("far")).ok());
  std::array<uint8_t, 3> there{};
  ASSERT_TRUE(ReadAt(fd.get(), kFar, there).ok());
  EXPECT_EQ(std::string(there.begin(), there.end()), "far");
  EXPECT_EQ(FileSize(path_).value(), kFar + 3);
}

TEST_F(FileTest, NothingIsSeenBeforeCommit) {
  ASSERT_TRUE(WriteFileAtomically(path_, "old").ok());
  auto file = AtomicFile::Create(path_);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->Append(AsBytes("new ")).ok());
  ASSERT_TRUE(file->Append(AsBytes("text")).ok());
  EXPECT_EQ(file->size(), 8U);
  EXPECT_EQ(Content(), "old");
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(Content(), "new text");
}

TEST_F(FileTest, WithoutCommitTheOldFileStaysAlone) {
  ASSERT_TRUE(WriteFileAtomically(path_, "old").ok());
  {
    auto file = AtomicFile::Create(path_);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->Append(AsBytes("half")).ok());
    const AtomicFile moved = *std::move(file);
  }
  EXPECT_EQ(Content(), "old");
  EXPECT_EQ(EntryCount(), 1U);
}

TEST_F(FileTest, ACrashInTheMiddleLeavesTheOldFile) {
  ASSERT_TRUE(WriteFileAtomically(path_, "old").ok());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto file = AtomicFile::Create(path_);
    const bool ok = file.ok() && file->Append(AsBytes("half")).ok();
    ::_exit(ok ? 0 : 1);  // no destructor runs
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(Content(), "old");
  EXPECT_EQ(EntryCount(), 2U) << "the part file is what is left, under another name";
}

TEST_F(FileTest, TwoWritersDoNotMix) {
  auto a = AtomicFile::Create(path_);
  auto b = AtomicFile::Create(path_);
  ASSERT_TRUE(a.ok() && b.ok());
  ASSERT_TRUE(a->Append(AsBytes("aaaa")).ok());
  ASSERT_TRUE(b->Append(AsBytes("bb")).ok());
  ASSERT_TRUE(b->Commit().ok());
  EXPECT_EQ(Content(), "bb");
  ASSERT_TRUE(a->Commit().ok());
  EXPECT_EQ(Content(), "aaaa");
}

TEST_F(FileTest, WritingWhereThereIsNoFolderFails) {
  EXPECT_EQ(WriteFileAtomically(folder_->path() / "none/x", "x").code(), StatusCode::kNotFound);
  EXPECT_FALSE(WriteFileAtomically(folder_->path(), "x").ok()) << "a folder in the way";
}

TEST_F(FileTest, ReadsRefuseWhatIsTooLargeOrNoFile) {
  ASSERT_TRUE(WriteFileAtomically(path_, "12345").ok());
  EXPECT_EQ(ReadFile(path_, 4).status().code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(ReadFile(path_, 5).ok());
  EXPECT_EQ(ReadFile(folder_->path() / "none").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ReadFile(folder_->path()).status().code(), StatusCode::kInvalidArgument);
  const fs::path pipe = folder_->path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(ReadFile(pipe).status().code(), StatusCode::kInvalidArgument) << "and does not block";
  EXPECT_EQ(MapFile(pipe).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(FileTest, MapsFilesAlsoEmptyOnes) {
  ASSERT_TRUE(WriteFileAtomically(path_, "mapped").ok());
  auto bytes = MapFile(path_);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->view(), "mapped");
  fs::remove(path_);
  EXPECT_EQ(bytes->view(), "mapped") << "the mapping outlives the name";
  ASSERT_TRUE(WriteFileAtomically(path_, "").ok());
  EXPECT_EQ(MapFile(path_)->size(), 0U);
}

TEST_F(FileTest, ErrorsShowHostileNamesEscaped) {
  const auto status = ReadFile(folder_->path() / "a\x1b[31m\n").status();
  EXPECT_THAT(status.message(), HasSubstr("a\\x1b[31m\\x0a'"));
}

TEST_F(FileTest, ReadsAndWritesAtOffsets) {
  const UniqueFd fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_TRUE(fd.valid());
  ASSERT_TRUE(WriteAt(fd.get(), 3, AsBytes("abc")).ok());
  std::vector<uint8_t> bytes(6);
  ASSERT_TRUE(ReadAt(fd.get(), 0, bytes).ok());
  EXPECT_EQ(Buffer::FromVector(bytes).view(), std::string_view("\0\0\0abc", 6));
  EXPECT_EQ(ReadAt(fd.get(), 1, bytes).code(), StatusCode::kDataLoss) << "ends too early";
  EXPECT_FALSE(ReadAt(-1, 0, bytes).ok());
  EXPECT_FALSE(WriteAt(-1, 0, bytes).ok());
}

TEST_F(FileTest, TempFolderRemovesItselfOnce) {
  fs::path path;
  {
    auto folder = TempFolder::Create("plumb-temp-");
    ASSERT_TRUE(folder.ok());
    const TempFolder moved = *std::move(folder);
    path = moved.path();
    fs::create_directories(path / "a/b");
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(FileTest, KnowsSizesAndItsOwnProgram) {
  ASSERT_TRUE(WriteFileAtomically(path_, "12345").ok());
  EXPECT_EQ(FileSize(path_).value(), 5U);
  EXPECT_EQ(FileSize(folder_->path() / "none").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(ProgramPath()->string(), HasSubstr("common_base_test"));
  EXPECT_TRUE(MakeFolders(folder_->path() / "x/y").ok());
  EXPECT_TRUE(SyncFolder(folder_->path() / "x/y").ok());
  EXPECT_FALSE(MakeFolders(path_ / "x").ok()) << "a file in the way";
}

}  // namespace
}  // namespace plumb
