#include "common/dump/dump_source.h"

#include <algorithm>

#include "common/base/checked.h"

namespace plumb::dump {
namespace {

// Between two payloads there are some hundred bytes of text; a larger window only reads more.
constexpr uint64_t kWindow = 8192;

}  // namespace

Result<DumpSource> DumpSource::Open(const std::filesystem::path& path) {
  PLUMB_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  DumpSource source;
  source.file_ = std::move(file);
  return source;
}

DumpSource DumpSource::Of(const Buffer& memory) {
  DumpSource source;
  source.memory_ = memory;
  return source;
}

Status DumpSource::Read(uint64_t offset, std::span<uint8_t> bytes) const {
  if (file_) {
    return file_->Read(offset, bytes);
  }
  if (!RangeFits<uint64_t>(offset, bytes.size(), memory_.size())) {
    return DataLossError("the dump ended before " + std::to_string(offset) + " + " +
                         std::to_string(bytes.size()) + " bytes");
  }
  std::copy_n(memory_.data() + offset, bytes.size(), bytes.begin());
  return OkStatus();
}

std::string_view LineScanner::Window() {
  const bool inside = offset_ >= window_start_ && offset_ - window_start_ < window_.size();
  if (!inside) {
    if (!status_.ok() || offset_ >= source_.size()) {
      return {};
    }
    window_start_ = offset_;
    window_.resize(static_cast<size_t>(std::min(kWindow, source_.size() - offset_)));
    status_ = source_.Read(offset_, window_);
    if (!status_.ok()) {
      window_.clear();
      return {};
    }
  }
  const auto skip = static_cast<size_t>(offset_ - window_start_);
  return {reinterpret_cast<const char*>(window_.data()) + skip, window_.size() - skip};
}

int LineScanner::NextByte() {
  const std::string_view window = Window();
  if (window.empty()) {
    return -1;
  }
  ++offset_;
  return static_cast<uint8_t>(window.front());
}

std::optional<std::string_view> LineScanner::Next() {
  line_.clear();
  std::string_view window = Window();
  if (window.empty()) {
    return std::nullopt;
  }
  for (; !window.empty(); window = Window()) {
    const size_t end = window.find('\n');
    const std::string_view part = window.substr(0, end);
    line_.append(part.substr(0, kMaxLine - std::min(line_.size(), kMaxLine)));
    offset_ += part.size();
    if (end != std::string_view::npos) {
      ++offset_;
      break;
    }
  }
  if (line_.ends_with('\r')) {
    line_.pop_back();
  }
  return line_;
}

}  // namespace plumb::dump
