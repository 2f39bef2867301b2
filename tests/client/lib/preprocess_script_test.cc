// Preprocessing scripts in a real Python: what comes back, and what is said when they misbehave.
#include "client/lib/preprocess_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/base/subprocess.h"
#include "common/tensor/npy.h"

namespace plumb::client {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kPython = "/usr/bin/python3";

bool HasNumpy() {
  SubprocessOptions options;
  options.argv = {kPython, "-c", "import numpy"};
  auto child = Subprocess::Start(options);
  return child.ok() && child->Wait().clean();
}

class PreprocessScriptTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasNumpy()) {
      GTEST_SKIP() << kPython << " has no numpy: apt-get install python3-numpy";
    }
  }

  PreprocessScript Script(const std::string& text,
                          std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    const auto path = folder_.path() / "preprocess.py";
    EXPECT_TRUE(WriteFileAtomically(path, std::string_view(text)).ok());
    return PreprocessScript({path.string(), kPython, timeout, uint64_t{1} << 20U});
  }

  TempFolder folder_ = *TempFolder::Create("plumb-script-");
  const CancelToken cancel_;
};

TEST_F(PreprocessScriptTest, TheArrayComesBackAsItIs) {
  auto script = Script(
      "import numpy\n"
      "def image_preprocess(path, norm=True):\n"
      "    print('chatter on stdout')\n"
      "    n = 1 if norm else 0\n"
      "    return numpy.array([[n, len(path)], [7, 250]], dtype=numpy.uint8)\n");
  const auto npy = script.Run("four", false, cancel_);
  ASSERT_TRUE(npy.ok()) << npy.status().ToString();
  const auto array = ParseNpy("x", *npy);
  ASSERT_TRUE(array.ok());
  EXPECT_EQ(array->desc.shape, (Shape{2, 2}));
  EXPECT_EQ(*RealValues(*array), (std::vector<double>{0, 4, 7, 250}));
  const auto normalised = script.Run("four", true, cancel_);
  EXPECT_EQ(RealValues(*ParseNpy("x", *normalised))->front(), 1.0);
}

TEST_F(PreprocessScriptTest, OneProcessServesManyPictures) {
  auto script = Script(
      "import numpy, os\n"
      "def image_preprocess(path, norm):\n"
      "    return numpy.array([os.getpid()])\n");
  const auto first = RealValues(*ParseNpy("x", *script.Run("a", false, cancel_)));
  const auto second = RealValues(*ParseNpy("x", *script.Run("b", false, cancel_)));
  EXPECT_EQ(*first, *second);
}

TEST_F(PreprocessScriptTest, AnExceptionIsShownAndTheNextPictureGoesOn) {
  auto script = Script(
      "import numpy, sys\n"
      "def image_preprocess(path, norm):\n"
      "    print('looking at', path, file=sys.stderr)\n"
      "    if path == 'bad': raise ValueError('no such thing')\n"
      "    return numpy.zeros(1)\n");
  const Status bad = script.Run("bad", false, cancel_).status();
  EXPECT_EQ(bad.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(bad.message(), HasSubstr("ValueError: no such thing"));
  EXPECT_TRUE(script.Run("good", false, cancel_).ok());
}

TEST_F(PreprocessScriptTest, WhatIsNoArrayOfNumbersIsRefused) {
  for (const char* value : {"None", "'text'", "{'a': 1}", "numpy.array([object()])"}) {
    auto script = Script(std::string("import numpy\ndef image_preprocess(path, norm):\n"
                                     "    return ") +
                         value + "\n");
    const Status status = script.Run("x", false, cancel_).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << value;
    EXPECT_THAT(status.message(), HasSubstr("not an array of numbers")) << value;
  }
}

TEST_F(PreprocessScriptTest, AScriptWithoutTheFunctionOrWithASyntaxErrorSaysSo) {
  auto without = Script("import numpy\n");
  EXPECT_THAT(without.Run("x", false, cancel_).status().message(),
              HasSubstr("defines no image_preprocess(path, norm)"));
  auto broken = Script("def image_preprocess(path, norm:\n");
  EXPECT_THAT(broken.Run("x", false, cancel_).status().message(), HasSubstr("SyntaxError"));
}

TEST_F(PreprocessScriptTest, AHangIsKilledAndTheNextPictureGetsANewProcess) {
  auto script = Script(
      "import numpy, time\n"
      "def image_preprocess(path, norm):\n"
      "    if path == 'slow': time.sleep(3600)\n"
      "    return numpy.zeros(1)\n",
      std::chrono::seconds(5));
  ASSERT_TRUE(script.Run("warm", false, cancel_).ok());
  EXPECT_EQ(script.Run("slow", false, cancel_).status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(script.Run("fast", false, cancel_).ok());
}

TEST_F(PreprocessScriptTest, CancellingEndsTheWaiting) {
  auto script = Script(
      "import time\n"
      "def image_preprocess(path, norm):\n"
      "    time.sleep(3600)\n");
  const CancelToken cancelled;
  cancelled.Cancel(CancelledError("enough"));
  EXPECT_EQ(script.Run("x", false, cancelled).status().message(), "enough");
}

TEST_F(PreprocessScriptTest, ADeathIsToldWithTheEndOfWhatWasPrinted) {
  auto script = Script(
      "import os, sys\n"
      "def image_preprocess(path, norm):\n"
      "    sys.stderr.write('x' * 100000 + '\\nlast words\\n')\n"
      "    sys.stderr.flush()\n"
      "    os._exit(9)\n");
  const Status status = script.Run("x", false, cancel_).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("exit code 9"));
  EXPECT_THAT(status.message(), HasSubstr("last words"));
  EXPECT_LT(status.message().size(), 10'000U);
}

TEST_F(PreprocessScriptTest, AnArrayThatIsTooLargeIsNotRead) {
  auto script = Script(
      "import numpy\n"
      "def image_preprocess(path, norm):\n"
      "    return numpy.zeros(1 << 21, dtype=numpy.uint8)\n");
  EXPECT_EQ(script.Run("x", false, cancel_).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(PreprocessScriptTest, APythonThatIsNotThereIsNamed) {
  PreprocessScript script({"x.py", "/nonexistent/python", std::chrono::seconds(5), 1024});
  const Status status = script.Run("x", false, cancel_).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.hint(), HasSubstr("--python"));
}

}  // namespace
}  // namespace plumb::client
