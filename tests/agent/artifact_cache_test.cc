#include "agent/core/artifact_cache.h"

#include <fstream>

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/runner/failure.h"
#include "tests/agent/fakes.h"

namespace plumb::agent {
namespace {

namespace fs = std::filesystem;

class ArtifactCacheTest : public ::testing::Test {
 protected:
  ArtifactCache Open(uint64_t max_size = 1'000) {
    auto cache = ArtifactCache::Open({folder_.path() / "cache",
                                      max_size,
                                      std::chrono::milliseconds(100),
                                      std::chrono::milliseconds(1)});
    EXPECT_TRUE(cache.ok()) << cache.status().ToString();
    return std::move(cache).value();
  }

  static WantedFile Model(const Artifact& artifact) {
    return {artifact, "model", kReasonWrongModel};
  }

  Result<std::vector<fs::path>> Provide(ArtifactCache& cache, const Artifact& artifact) {
    return cache.Provide({Model(artifact)}, source_, CancelToken());
  }

  std::string ContentOf(const Result<std::vector<fs::path>>& paths, size_t index = 0) {
    EXPECT_TRUE(paths.ok()) << paths.status().ToString();
    return paths.ok() ? std::string(ReadFile(paths->at(index)).value().view()) : "";
  }

  size_t FilesInCache() {
    size_t count = 0;
    for (const auto& entry : fs::directory_iterator(folder_.path() / "cache")) {
      count += entry.path().filename() == ".lock" ? 0 : 1;
    }
    return count;
  }

  TempFolder folder_ = TempFolder::Create("cache-test-").value();
  test::FakeSource source_;
};

TEST_F(ArtifactCacheTest, FetchesOnceAndThenServesFromDisk) {
  ArtifactCache cache = Open();
  const Artifact model = source_.Add("the model");
  EXPECT_EQ(ContentOf(Provide(cache, model)), "the model");
  EXPECT_EQ(ContentOf(Provide(cache, model)), "the model");
  EXPECT_EQ(source_.offsets.size(), 1u);
  EXPECT_EQ(cache.size(), 9u);
}

TEST_F(ArtifactCacheTest, KeepsWhatItHasAcrossARestart) {
  const Artifact model = source_.Add("the model");
  {
    ArtifactCache cache = Open();
    ContentOf(Provide(cache, model));
  }
  ArtifactCache cache = Open();
  EXPECT_EQ(cache.size(), 9u);
  EXPECT_EQ(ContentOf(Provide(cache, model)), "the model");
  EXPECT_EQ(source_.offsets.size(), 1u);
}

TEST_F(ArtifactCacheTest, GoesOnWhereABrokenReadStopped) {
  ArtifactCache cache = Open();
  const Artifact model = source_.Add("0123456789");
  source_.break_after = 4;
  EXPECT_EQ(ContentOf(Provide(cache, model)), "0123456789");
  EXPECT_EQ(source_.offsets, (std::vector<uint64_t>{0, 4}));
}

TEST_F(ArtifactCacheTest, GivesUpWhenTheLinkStaysBroken) {
  ArtifactCache cache = Open();
  const Artifact model = source_.Add("0123456789");
  source_.always_broken = true;
  const auto paths = Provide(cache, model);
  EXPECT_EQ(paths.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(paths.status().reason(), kReasonAgentLost);
  EXPECT_EQ(FilesInCache(), 0u);
}

TEST_F(ArtifactCacheTest, OtherBytesThanAnnouncedAreTheWrongModel) {
  ArtifactCache cache = Open();
  Artifact model = source_.Add("0123456789");
  source_.files[model.sha256] = "0123456780";
  const auto paths = Provide(cache, model);
  EXPECT_EQ(paths.status().reason(), kReasonWrongModel);
  EXPECT_EQ(FilesInCache(), 0u) << "half-written or wrong files stay behind";
}

TEST_F(ArtifactCacheTest, MoreOrFewerBytesThanAnnouncedAreTheWrongInput) {
  ArtifactCache cache = Open();
  const Artifact input = source_.Add("0123456789");
  for (const uint64_t size : {9, 11}) {
    Artifact lie = input;
    lie.size = size;
    const auto paths = cache.Provide({{lie, "input 0", kReasonWrongInput}}, source_, CancelToken());
    EXPECT_EQ(paths.status().reason(), kReasonWrongInput) << size;
  }
  // Also when the right file is there already.
  ContentOf(Provide(cache, input));
  Artifact lie = input;
  lie.size = 9;
  EXPECT_EQ(Provide(cache, lie).status().reason(), kReasonWrongModel);
}

TEST_F(ArtifactCacheTest, AnArtifactTheServerDoesNotHaveIsTheWrongModel) {
  ArtifactCache cache = Open();
  Artifact model = source_.Add("x");
  source_.files.clear();
  EXPECT_EQ(Provide(cache, model).status().reason(), kReasonWrongModel);
  EXPECT_EQ(ClassifyFailure(Provide(cache, model).status()), FailureClass::kInfrastructure);
}

TEST_F(ArtifactCacheTest, ADamagedFileIsFetchedAnew) {
  ArtifactCache cache = Open();
  const Artifact model = source_.Add("the model");
  const auto paths = Provide(cache, model);
  std::ofstream(paths->front(), std::ios::trunc) << "the modem";
  EXPECT_EQ(ContentOf(Provide(cache, model)), "the model");
  EXPECT_EQ(source_.offsets.size(), 2u);
}

TEST_F(ArtifactCacheTest, TheLeastRecentlyUsedGoesFirst) {
  ArtifactCache cache = Open(30);
  const Artifact a = source_.Add(std::string(10, 'a'));
  const Artifact b = source_.Add(std::string(10, 'b'));
  const Artifact c = source_.Add(std::string(10, 'c'));
  const Artifact d = source_.Add(std::string(10, 'd'));
  for (const Artifact& artifact : {a, b, c, a}) {
    ContentOf(Provide(cache, artifact));
  }
  ContentOf(Provide(cache, d));  // b goes
  EXPECT_EQ(cache.size(), 30u);
  source_.offsets.clear();
  for (const Artifact& artifact : {a, c, d}) {
    ContentOf(Provide(cache, artifact));
  }
  EXPECT_TRUE(source_.offsets.empty());
  ContentOf(Provide(cache, b));
  EXPECT_EQ(source_.offsets.size(), 1u);
  EXPECT_EQ(FilesInCache(), 3u);
}

TEST_F(ArtifactCacheTest, NeverDropsWhatTheSameRunNeeds) {
  ArtifactCache cache = Open(25);
  const Artifact a = source_.Add(std::string(10, 'a'));
  const Artifact b = source_.Add(std::string(10, 'b'));
  const Artifact c = source_.Add(std::string(10, 'c'));
  ContentOf(Provide(cache, a));
  ContentOf(Provide(cache, b));
  // a is the oldest, but wanted together with c: b must go.
  const auto paths = cache.Provide({Model(c), Model(a)}, source_, CancelToken());
  EXPECT_EQ(ContentOf(paths, 0), std::string(10, 'c'));
  EXPECT_EQ(ContentOf(paths, 1), std::string(10, 'a'));
}

TEST_F(ArtifactCacheTest, RefusesWhatCanNeverFitAndSaysHowToMendIt) {
  ArtifactCache cache = Open(15);
  const Artifact a = source_.Add(std::string(10, 'a'));
  const Artifact b = source_.Add(std::string(10, 'b'));
  const auto paths = cache.Provide({Model(a), Model(b)}, source_, CancelToken());
  EXPECT_EQ(paths.status().code(), StatusCode::kResourceExhausted);
  EXPECT_NE(paths.status().hint().find("--cache-size"), std::string::npos);
  EXPECT_TRUE(source_.offsets.empty()) << "fetched although it could not fit";
  // The same file twice counts once.
  EXPECT_TRUE(cache.Provide({Model(a), Model(a)}, source_, CancelToken()).ok());
}

TEST_F(ArtifactCacheTest, RemovesLeftoversButNothingElse) {
  fs::create_directories(folder_.path() / "cache");
  const fs::path leftover = folder_.path() / "cache" / (std::string(64, 'a') + ".Xy12zQ.part");
  const fs::path foreign = folder_.path() / "cache" / "holiday.part";
  std::ofstream(leftover) << "half";
  std::ofstream(foreign) << "mine";
  ArtifactCache cache = Open();
  EXPECT_FALSE(fs::exists(leftover));
  EXPECT_TRUE(fs::exists(foreign));
}

TEST_F(ArtifactCacheTest, ShrinksToItsLimitWhenOpened) {
  const Artifact a = source_.Add(std::string(10, 'a'));
  const Artifact b = source_.Add(std::string(10, 'b'));
  {
    ArtifactCache cache = Open();
    ContentOf(Provide(cache, a));
    ContentOf(Provide(cache, b));
  }
  EXPECT_EQ(Open(10).size(), 10u);
  EXPECT_EQ(FilesInCache(), 1u);
}

TEST_F(ArtifactCacheTest, TwoAgentsCannotShareAFolder) {
  const ArtifactCache first = Open();
  const auto second = ArtifactCache::Open({folder_.path() / "cache", 1, {}, {}});
  EXPECT_EQ(second.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(second.status().hint().empty());
}

TEST_F(ArtifactCacheTest, StopsWhenCancelled) {
  ArtifactCache cache = Open();
  const CancelToken cancel;
  cancel.Cancel();
  const auto paths = cache.Provide({Model(source_.Add("x"))}, source_, cancel);
  EXPECT_EQ(paths.status().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace plumb::agent
