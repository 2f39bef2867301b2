#include "agent/runner/prog_dla/output_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "agent/runner/prog_dla/format.h"
#include "agent/runner/prog_dla/tensor_view.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {
namespace {

using ring::Outcome;

Outcome Cannot(const char* what, const std::string& path) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  const char* const reason = std::strerror(errno);
  return ring::Failure(ring::ErrorKind::kUsage,
                       Format("cannot %s '%s': %s", what, path.c_str(), reason),
                       "the current folder must be writable and have room for the outputs");
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  DIR* const dir = opendir(folder.c_str());
  if (dir == nullptr) {
    return names;
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  while (const dirent* const entry = readdir(dir)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      names.push_back(name);
    }
  }
  closedir(dir);
  return names;
}

bool IsOurs(const std::string& name) {
  const std::string end = ".tensors";
  return name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

void RemoveEntry(const std::string& path, const std::string& name) {
  struct stat info {};

  if (lstat(path.c_str(), &info) != 0) {
    return;
  }
  if (!S_ISDIR(info.st_mode)) {
    unlink(path.c_str());
  } else if (IsOurs(name)) {
    for (const std::string& inner : NamesIn(path)) {
      unlink(Format("%s/%s", path.c_str(), inner.c_str()).c_str());
    }
    rmdir(path.c_str());
  }
}

bool WriteAll(int fd, const uint8_t* bytes, uint64_t size) {
  while (size > 0) {
    const ssize_t put = write(fd, bytes, static_cast<size_t>(size));
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put <= 0) {
      return false;
    }
    bytes += put;
    size -= static_cast<uint64_t>(put);
  }
  return fsync(fd) == 0;
}

// ASCII only: what the vendor's names hold, and what needs no knowledge of encodings here.
std::string JsonString(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += byte < 0x20 || byte >= 0x7F ? '_' : c;
  }
  return out + "\"";
}

const char* ElementName(uint32_t mi_format) {
  static constexpr const char* kNames[] = {"u8", "nv12", "s16", "s32", "s8", "f32"};
  return mi_format < sizeof kNames / sizeof *kNames ? kNames[mi_format] : "";
}

// Nine digits bring a float back as it was.
std::string DescJson(const ring::TensorRecord& record) {
  std::string shape;
  for (uint32_t axis = 0; axis < record.rank; ++axis) {
    shape += Format("%s%u", axis == 0 ? "" : ", ", record.dims[axis]);
  }
  const bool usable = record.scale >= 0 && record.scale < 1e30F;
  return Format(
      "{\"name\": %s, \"element_type\": \"%s\", \"shape\": [%s], \"inner_stride\": %u, "
      "\"scale\": %.9g, \"zero_point\": %lld, \"aligned_size\": %llu}",
      JsonString(TensorName(record, "output")).c_str(),
      ElementName(record.mi_format),
      shape.c_str(),
      record.inner_stride,
      usable ? static_cast<double>(record.scale) : 0.0,
      static_cast<long long>(record.zero_point),
      static_cast<unsigned long long>(record.aligned_size));
}

}  // namespace

Outcome EmptyFolder(const std::string& folder) {
  struct stat info {};

  if (lstat(folder.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
    errno = ENOTDIR;
    return Cannot("empty", folder);
  }
  for (const std::string& name : NamesIn(folder)) {
    RemoveEntry(Format("%s/%s", folder.c_str(), name.c_str()), name);
  }
  return mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST ? Outcome() : Cannot("make", folder);
}

Outcome WriteWhole(const std::string& path, const void* bytes, uint64_t size) {
  const std::string part = path + ".part";
  const int fd = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  const bool written = fd >= 0 && WriteAll(fd, static_cast<const uint8_t*>(bytes), size);
  if (fd >= 0) {
    close(fd);
  }
  if (!written || rename(part.c_str(), path.c_str()) != 0) {
    Outcome failed = Cannot("write", path);
    unlink(part.c_str());
    return failed;
  }
  return {};
}

Outcome WriteTensors(const std::string& folder,
                     ring::Engine* engine,
                     const ring::Description& model,
                     double invoke_ms) {
  if (mkdir(folder.c_str(), 0755) != 0) {
    return Cannot("make", folder);
  }
  std::string json = Format(
      "{\"schema\": \"plumb.tensors/1\", \"source\": \"prog_dla_simulator\",\n \"sdk\": %s, "
      "\"invoke_ms\": [%.3f],\n \"outputs\": [",
      JsonString(model.sdk).c_str(),
      invoke_ms);
  for (size_t i = 0; i < model.outputs.size(); ++i) {
    const ring::TensorRecord& record = model.outputs[i];
    Outcome written = WriteWhole(Format("%s/output_%02zu.raw", folder.c_str(), i),
                                 engine->OutputData(static_cast<uint32_t>(i)),
                                 record.aligned_size);
    if (!written.ok) {
      return written;
    }
    json += i == 0 ? "\n  " : ",\n  ";
    json += DescJson(record);
  }
  json += "]}\n";
  return WriteWhole(folder + "/tensors.json", json.data(), json.size());
}

}  // namespace mi
}  // namespace plumb
