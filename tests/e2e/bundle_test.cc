// `plumb bundle` packs, another folder unpacks and compares again.
#include <archive.h>
#include <archive_entry.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "tests/support/process.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

using json = nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const std::string kData = PLUMB_TESTDATA_DIR;

class BundleTest : public testing::Test {
 protected:
  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_.path() / name).string();
  }

  static Finished Plumb(const std::vector<std::string>& flags, int exit_code = 0) {
    std::vector<std::string> argv = {BinaryPath("plumb")};
    argv.insert(argv.end(), flags.begin(), flags.end());
    auto finished = RunProgram(argv);
    EXPECT_TRUE(finished.ok()) << finished.status().ToString();
    EXPECT_EQ(finished->exit.code, exit_code) << finished->out << finished->err;
    return *finished;
  }

  void SetUp() override {
    const std::string model = kData + "/models/face_detection_short_range.tflite";
    const std::string picture = kData + "/images/astronaut.png";
    Plumb({"quantize", "--model", model, "--calibrate", picture, "--out", Path("f.plm")});
    Plumb({"dump", "--model", model, "--input", picture, "--out", Path("float.bin")});
    Plumb({"dump", "--model", Path("f.plm"), "--input", picture, "--out", Path("fixed.bin")});
  }

  // Every entry as a file below the test's folder; the names.
  std::vector<std::string> Unpack(const std::string& bundle) const {
    std::vector<std::string> names;
    struct ::archive* reader = archive_read_new();
    archive_read_support_filter_zstd(reader);
    archive_read_support_format_tar(reader);
    EXPECT_EQ(archive_read_open_filename(reader, bundle.c_str(), 65536), ARCHIVE_OK);
    archive_entry* entry = nullptr;
    while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
      const std::string name = archive_entry_pathname(entry);
      std::string content(static_cast<size_t>(archive_entry_size(entry)), '\0');
      EXPECT_EQ(archive_read_data(reader, content.data(), content.size()),
                static_cast<la_ssize_t>(content.size()));
      EXPECT_TRUE(MakeFolders(std::filesystem::path(Path(name)).parent_path()).ok());
      EXPECT_TRUE(WriteFileAtomically(Path(name), content).ok());
      names.push_back(name);
    }
    archive_read_free(reader);
    return names;
  }

  [[nodiscard]] json Layers(const std::string& reference, const std::string& target) const {
    Plumb({"layers", reference, target, "--min-coverage", "0", "--json", Path("l.json")}, 1);
    return json::parse(ReadFile(Path("l.json"))->view());
  }

 private:
  TempFolder folder_ = TempFolder::Create("plumb-bundle-test-").value();
};

TEST_F(BundleTest, TheCulpritIsComparedAgainElsewhereWithTheSameFigures) {
  Plumb({"bundle",
         Path("float.bin"),
         Path("fixed.bin"),
         "--fixed",
         Path("f.plm"),
         "--no-model",
         "--out",
         Path("t.tar.zst")});
  const std::vector<std::string> names = Unpack(Path("t.tar.zst"));
  EXPECT_THAT(names, Contains("t/quantisation.json"));
  EXPECT_THAT(names, Contains("t/layers.html"));
  EXPECT_THAT(names, Not(Contains(HasSubstr("model/"))));
  const json manifest = json::parse(ReadFile(Path("t/manifest.json"))->view());
  EXPECT_EQ(manifest["left_out"], json::array({"model/f.plm: --no-model"}));
  const std::string culprit = manifest["culprits"].at(0);
  const json whole = Layers(Path("float.bin"), Path("fixed.bin"));
  const json again = Layers(Path("t/reference.bin"), Path("t/target.bin"));
  EXPECT_EQ(whole["first_divergence"]["name"], culprit);
  EXPECT_LT(again["tensors"].size(), whole["tensors"].size());
  const auto row = [&culprit](const json& layers) {
    for (const json& layer : layers["tensors"]) {
      if (layer["name"] == culprit) {
        return layer;
      }
    }
    return json();
  };
  ASSERT_TRUE(row(again).contains("cosine"));
  EXPECT_EQ(row(again)["cosine"], row(whole)["cosine"]);
  EXPECT_EQ(row(again)["rel_l1"], row(whole)["rel_l1"]);
}

TEST_F(BundleTest, ALayerThatDoesNotExistLeavesNoArchive) {
  const Finished finished = Plumb({"bundle",
                                   Path("float.bin"),
                                   Path("fixed.bin"),
                                   "--layer",
                                   "nowhere",
                                   "--out",
                                   Path("t.tar.zst")},
                                  2);
  EXPECT_THAT(finished.err, HasSubstr("no layer is called 'nowhere'"));
  EXPECT_FALSE(std::filesystem::exists(Path("t.tar.zst")));
}

TEST_F(BundleTest, ARecordedRunGoesInWholeAndItsLegsAreComparedAgain) {
  Plumb({"compile", "--model", Path("f.plm"), "--chip", "S6", "--out", Path("m.img")});
  Plumb({"input",
         "make",
         "--image",
         kData + "/images/astronaut.png",
         "--model",
         Path("m.img"),
         "--out",
         Path("i.bin")});
  Plumb({"run",
         "--local",
         "--virtual",
         "S6",
         "--model",
         Path("m.img"),
         "--input",
         Path("i.bin"),
         "--data",
         Path("data")});
  const std::filesystem::path run = *std::filesystem::directory_iterator(Path("data/runs"));
  Plumb({"bundle", run.string(), "--model", Path("m.img"), "--out", Path("run.tar.zst")});
  EXPECT_THAT(Unpack(Path("run.tar.zst")), Contains("run/model/m.img"));
  Plumb({"compare", Path("run/run"), Path("run/run")});
}

}  // namespace
}  // namespace plumb::test
