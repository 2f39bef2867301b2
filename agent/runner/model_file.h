// A model that CreateCHN reads through a function of ours instead of opening a path. C++14.
#pragma once

#include <cstddef>
#include <string>

#include "agent/runner/abi/mi_base.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// A file mapped into memory; the pages come and go as the library reads them.
class ModelFile {
 public:
  ModelFile() = default;
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;
  ~ModelFile();

  // "" or what went wrong. An empty file is refused.
  std::string Open(const std::string& path);

  // For the interface: reads from the ModelFile that is its context.
  static int Read(void* target, int offset, int size, char* context);

  char* context() { return static_cast<char*>(static_cast<void*>(this)); }

 private:
  const unsigned char* bytes_ = nullptr;
  size_t size_ = 0;
};

}  // namespace mi
}  // namespace plumb
