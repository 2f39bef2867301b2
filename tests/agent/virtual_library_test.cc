#include "agent/core/virtual_library.h"

#include <gmock/gmock.h>

namespace plumb::agent {
namespace {

TEST(VirtualLibrary, TheFamilyDecidesTheGeneration) {
  for (const char* family : {"1.x", "Q"}) {
    EXPECT_EQ(VirtualLibraryFor(family, "")->file, "libmi_ipu_virtual_b61.so") << family;
    EXPECT_EQ(VirtualLibraryFor(family, "")->abi, "gen-b61") << family;
  }
  for (const char* family : {"S1", "S3", "S6"}) {
    EXPECT_EQ(VirtualLibraryFor(family, "")->file, "libmi_ipu_virtual.so") << family;
  }
}

TEST(VirtualLibrary, AbiAsksForAnother) {
  EXPECT_EQ(VirtualLibraryFor("1.x", "gen0")->file, "libmi_ipu_virtual_0.so");
  EXPECT_EQ(VirtualLibraryFor("1.x", "gen-b13")->file, "libmi_ipu_virtual_b13.so");
  const auto unknown = VirtualLibraryFor("S6", "gen-d");
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.status().ToString(), testing::HasSubstr("gen-d"));
}

}  // namespace
}  // namespace plumb::agent
