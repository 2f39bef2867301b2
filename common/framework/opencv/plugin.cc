// The engine for Caffe: OpenCV's DNN module behind the interface of plugin_abi.h.
#include <cstring>
#include <exception>
#include <memory>
#include <string>

#include "common/framework/opencv/session.h"
#include "common/framework/plugin_abi.h"

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/core/version.hpp>

namespace plumb::framework {
namespace {

void Tell(const PlumbFrameworkError* error, const std::string& text) {
  const size_t size = std::min<size_t>(text.size(), error->size - 1);
  std::memcpy(error->text, text.data(), size);
  error->text[size] = '\0';
}

// What an exception says, without OpenCV's file and line.
std::string WordsOf(const std::exception& exception) {
  const auto* const words = dynamic_cast<const cv::Exception*>(&exception);
  std::string text = words == nullptr ? exception.what() : words->err;
  if (text.find("Failed to parse NetParameter") != std::string::npos) {
    text += " (its protobuf printed which field of the file OpenCV does not know)";
  }
  return text;
}

std::string WordsOf(const Status& status) {
  return status.message() + (status.hint().empty() ? "" : "; " + status.hint());
}

OpenCvSession& Of(void* session) {
  return *static_cast<OpenCvSession*>(session);
}

void* Open(const PlumbFrameworkRequest* request, const PlumbFrameworkError* error) {
  try {
    auto session = OpenCvSession::Open(*request);
    if (session.ok()) {
      return session->release();
    }
    Tell(error, WordsOf(session.status()));
  } catch (const std::exception& exception) {
    Tell(error, WordsOf(exception));
  }
  return nullptr;
}

uint32_t InputCount(void* session) {
  return Of(session).input_count();
}

uint32_t OutputCount(void* session) {
  return Of(session).output_count();
}

void Input(void* session, uint32_t index, PlumbFrameworkTensor* tensor) {
  *tensor = Of(session).input(index);
}

void Output(void* session, uint32_t index, PlumbFrameworkTensor* tensor) {
  *tensor = Of(session).output(index);
}

int Run(void* session,
        const float* const* inputs,
        const PlumbFrameworkSink* sink,
        const PlumbFrameworkError* error) {
  constexpr int kStopped = 2;
  try {
    return Of(session).Run(inputs, *sink) ? 0 : kStopped;
  } catch (const std::exception& exception) {
    Tell(error, WordsOf(exception));
    return 1;
  }
}

void Close(void* session) {
  delete static_cast<OpenCvSession*>(session);
}

constexpr PlumbFrameworkPlugin kPlugin = {PLUMB_FRAMEWORK_ABI,
                                          PLUMB_FRAMEWORK_NCHW,
                                          "OpenCV DNN " CV_VERSION,
                                          Open,
                                          InputCount,
                                          OutputCount,
                                          Input,
                                          Output,
                                          Run,
                                          Close};

// Errors come as exceptions; OpenCV need not print them too. Its interface has six parameters.
// NOLINTNEXTLINE(readability-function-size)
int KeepQuiet(int, const char*, const char*, const char*, int, void*) {
  return 0;
}

}  // namespace
}  // namespace plumb::framework

extern "C" __attribute__((visibility("default"))) const PlumbFrameworkPlugin*
PlumbFrameworkPluginGet() {
  cv::redirectError(plumb::framework::KeepQuiet);
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  return &plumb::framework::kPlugin;
}
