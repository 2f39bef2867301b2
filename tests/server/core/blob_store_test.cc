#include "server/core/blob_store.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/data_folder.h"

namespace plumb::server {
namespace {

// SHA-256 of "abc" (FIPS 180-2, appendix B.1).
const Artifact kAbc{{}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3};

class BlobStoreTest : public testing::Test {
 protected:
  TempFolder folder_ = *TempFolder::Create("plumb-blobs-");
  BlobStore store_ = *BlobStore::Open(folder_.path());

  [[nodiscard]] size_t FileCount() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_.path()),
                                             std::filesystem::directory_iterator()));
  }

  Status Put(const Artifact& artifact, std::string_view bytes) {
    auto upload = store_.BeginUpload(artifact);
    PLUMB_RETURN_IF_ERROR(upload.status());
    PLUMB_RETURN_IF_ERROR(upload->Append(AsBytes(bytes)));
    return upload->Commit();
  }
};

TEST_F(BlobStoreTest, HoldsWhatWasUploaded) {
  EXPECT_EQ(store_.Find(kAbc).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(Put(kAbc, "abc").ok());
  const auto found = store_.Find(kAbc);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(ReadFile(found->path)->view(), "abc");
  EXPECT_TRUE(store_.Verify(kAbc).ok());
}

TEST_F(BlobStoreTest, OtherBytesThanAnnouncedLeaveNothingBehind) {
  EXPECT_EQ(Put(kAbc, "abd").code(), StatusCode::kDataLoss);
  EXPECT_EQ(Put(kAbc, "ab").code(), StatusCode::kDataLoss);
  EXPECT_EQ(Put(kAbc, "abcd").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(FileCount(), 0U);
}

class BrokenUploadTest : public BlobStoreTest {
 protected:
  BrokenUploadTest() {
    for (size_t i = 0; i < bytes_.size(); ++i) {
      bytes_[i] = static_cast<char>('a' + i % 26);
    }
    big_.sha256 = Sha256Hex(AsBytes(bytes_));
    big_.size = bytes_.size();
  }

  // As many bytes as come before the link breaks.
  void SendFirst(std::string_view bytes) {
    auto upload = store_.BeginUpload(big_);
    ASSERT_TRUE(upload.ok()) << upload.status().ToString();
    ASSERT_TRUE(upload->Append(AsBytes(bytes)).ok());
  }

  [[nodiscard]] std::string_view Bytes(size_t begin) const {
    return std::string_view(bytes_).substr(begin);
  }

  static constexpr size_t kHalf = size_t{1536} << 10;
  std::string bytes_ = std::string(2 * kHalf, '\0');
  Artifact big_;
};

TEST_F(BrokenUploadTest, GoesOnWhereItBrokeOff) {
  EXPECT_EQ(store_.Committed(big_), 0U);
  SendFirst(Bytes(0).substr(0, kHalf));
  EXPECT_EQ(store_.Committed(big_), kHalf);
  EXPECT_EQ(store_.Find(big_).status().code(), StatusCode::kNotFound);
  auto upload = store_.BeginUpload(big_, kHalf);
  ASSERT_TRUE(upload.ok()) << upload.status().ToString();
  ASSERT_TRUE(upload->Append(AsBytes(Bytes(kHalf))).ok());
  ASSERT_TRUE(upload->Commit().ok());
  EXPECT_TRUE(store_.Verify(big_).ok());
  EXPECT_EQ(FileCount(), 1U);
}

TEST_F(BrokenUploadTest, MayGoOnEarlierOrFromTheBeginning) {
  SendFirst(Bytes(0).substr(0, kHalf));
  {
    auto upload = store_.BeginUpload(big_, kHalf - 7);
    ASSERT_TRUE(upload->Append(AsBytes(Bytes(kHalf - 7))).ok());
    EXPECT_TRUE(upload->Commit().ok());
  }
  std::filesystem::remove(store_.PathOf(big_.sha256));
  SendFirst(Bytes(0).substr(0, kHalf));
  EXPECT_TRUE(Put(big_, bytes_).ok());
}

TEST_F(BrokenUploadTest, WhatIsNotThereCannotBeGoneOnWith) {
  SendFirst(Bytes(0).substr(0, kHalf));
  const auto beyond = store_.BeginUpload(big_, kHalf + 1);
  EXPECT_EQ(beyond.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(beyond.status().reason(), "offset_lost");
  EXPECT_EQ(store_.Committed(big_), kHalf) << "and is not lost by asking";
}

TEST_F(BrokenUploadTest, WrongBytesBeforeTheBreakAreFoundAndThrownAway) {
  SendFirst(std::string(kHalf, '?'));
  auto upload = store_.BeginUpload(big_, kHalf);
  ASSERT_TRUE(upload->Append(AsBytes(Bytes(kHalf))).ok());
  EXPECT_EQ(upload->Commit().code(), StatusCode::kDataLoss);
  EXPECT_EQ(store_.Committed(big_), 0U);
  EXPECT_EQ(FileCount(), 0U);
}

TEST_F(BrokenUploadTest, TwoWhoSendTheSameFileDoNotMix) {
  auto one = store_.BeginUpload(big_);
  auto other = store_.BeginUpload(big_);
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_EQ(store_.Committed(big_), 0U) << "somebody is at it";
  ASSERT_TRUE(one->Append(AsBytes(Bytes(0).substr(0, kHalf))).ok());
  ASSERT_TRUE(other->Append(AsBytes(bytes_)).ok());
  EXPECT_TRUE(other->Commit().ok());
  ASSERT_TRUE(one->Append(AsBytes(Bytes(kHalf))).ok());
  EXPECT_TRUE(one->Commit().ok());
  EXPECT_TRUE(store_.Verify(big_).ok());
}

TEST_F(BrokenUploadTest, WhatNobodyWentOnWithForADayGoes) {
  SendFirst(Bytes(0).substr(0, kHalf));
  const auto part = folder_.path() / (big_.sha256 + ".upload");
  ASSERT_TRUE(std::filesystem::exists(part));
  ASSERT_TRUE(Put(kAbc, "abc").ok());
  EXPECT_TRUE(std::filesystem::exists(part));
  std::filesystem::last_write_time(
      part, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  std::filesystem::remove(store_.PathOf(kAbc.sha256));
  ASSERT_TRUE(Put(kAbc, "abc").ok());
  EXPECT_FALSE(std::filesystem::exists(part));
}

TEST_F(BlobStoreTest, AFewBytesThatBrokeOffLeaveNothingBehind) {
  {
    auto upload = store_.BeginUpload(kAbc);
    ASSERT_TRUE(upload.ok());
    ASSERT_TRUE(upload->Append(AsBytes("ab")).ok());
  }
  EXPECT_EQ(FileCount(), 0U);
}

TEST_F(BlobStoreTest, AFileThatRottedOnDiskIsFoundAndRemoved) {
  ASSERT_TRUE(Put(kAbc, "abc").ok());
  std::ofstream(store_.Find(kAbc)->path) << "abX";
  EXPECT_EQ(store_.Verify(kAbc).code(), StatusCode::kDataLoss);
  EXPECT_EQ(store_.Find(kAbc).status().code(), StatusCode::kNotFound);
}

TEST_F(BlobStoreTest, ADigestThatIsAPathIsRefused) {
  EXPECT_EQ(store_.Find({{}, "../../etc/passwd", 3}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.BeginUpload({{}, "../x", 3}).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(BlobStoreTest, ANewServerClearsUnfinishedUploadsAway) {
  std::ofstream(folder_.path() / (kAbc.sha256 + ".abcdef.part")) << "ab";
  ASSERT_TRUE(BlobStore::Open(folder_.path()).ok());
  EXPECT_EQ(FileCount(), 0U);
}

TEST(DataFolderTest, BelongsToOneServer) {
  const TempFolder folder = *TempFolder::Create("plumb-data-");
  {
    const auto first = DataFolder::Open(folder.path());
    ASSERT_TRUE(first.ok());
    const Status second = DataFolder::Open(folder.path()).status();
    EXPECT_EQ(second.code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(second.hint(), testing::HasSubstr("--data"));
  }
  EXPECT_TRUE(DataFolder::Open(folder.path()).ok());
}

TEST(DataFolderTest, ClearsUnfinishedRunsAway) {
  const TempFolder folder = *TempFolder::Create("plumb-data-");
  const auto leftover = folder.path() / "runs" / "20260101-000000-aaaaaa.Xy12Zw.part";
  std::filesystem::create_directories(leftover / "target");
  std::ofstream(leftover / "target" / "output_00.raw") << "half";
  ASSERT_TRUE(DataFolder::Open(folder.path()).ok());
  EXPECT_FALSE(std::filesystem::exists(leftover));
}

}  // namespace
}  // namespace plumb::server
