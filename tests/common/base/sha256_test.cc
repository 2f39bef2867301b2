#include "common/base/sha256.h"

#include <gtest/gtest.h>

#include "common/base/buffer.h"
#include "common/base/file.h"

namespace plumb {
namespace {

// FIPS 180-4 examples and NIST's "one million a".
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kTwoBlocks =
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
constexpr const char* kMillion = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(Sha256Hex({}), kEmpty);
  EXPECT_EQ(Sha256Hex(AsBytes("abc")), kAbc);
  EXPECT_EQ(Sha256Hex(AsBytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            kTwoBlocks);
}

TEST(Sha256, PiecesGiveTheSameDigestAndTheObjectStartsAnew) {
  Sha256 hash;
  const std::string thousand(1000, 'a');
  for (int i = 0; i < 1000; ++i) {
    hash.Update(AsBytes(thousand));
  }
  EXPECT_EQ(ToHex(hash.Finish()), kMillion);
  hash.Update(AsBytes("ab"));
  hash.Update(AsBytes("c"));
  EXPECT_EQ(ToHex(hash.Finish()), kAbc);
  EXPECT_EQ(ToHex(hash.Finish()), kEmpty);
}

TEST(Sha256, OfAFile) {
  auto folder = TempFolder::Create("plumb-sha256-");
  ASSERT_TRUE(folder.ok());
  const auto path = folder->path() / "million";
  ASSERT_TRUE(WriteFileAtomically(path, std::string(1'000'000, 'a')).ok());
  EXPECT_EQ(Sha256HexOfFile(path).value(), kMillion);
  EXPECT_EQ(Sha256HexOfFile(folder->path() / "none").status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(Sha256HexOfFile(folder->path()).ok()) << "a folder";
}

TEST(Sha256, OnlyLowerCaseHexadecimalIsADigest) {
  EXPECT_TRUE(IsSha256Hex(kAbc));
  EXPECT_FALSE(IsSha256Hex(std::string(kAbc).substr(1)));
  EXPECT_FALSE(IsSha256Hex(std::string(kAbc) + "0"));
  EXPECT_FALSE(IsSha256Hex("B" + std::string(kAbc).substr(1)));
  EXPECT_FALSE(IsSha256Hex("../" + std::string(kAbc).substr(3)));
  EXPECT_FALSE(IsSha256Hex(""));
}

}  // namespace
}  // namespace plumb
