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

TEST_F(BlobStoreTest, AnUploadThatBreaksOffLeavesNothingBehind) {
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
