// The MI libraries, opened at run time: no SDK is needed to build this program. C++14.
#pragma once

#include <string>
#include <vector>

#include "agent/runner/mi_errors.h"
#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

struct LibraryOptions {
  // One library that holds or pulls in everything; empty: the vendor's, by their names.
  std::string mi_library;
  std::string abi;  // a GenerationName; empty: by the library's exports
  int mi_sys = 0;   // 1 or 3; 0: 3 for generation C, else 1
};

// Opens the libraries, globally visible and never closed (vendor's libraries do not survive that),
// and decides the generation.
class Library {
 public:
  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // kRuntimeUnavailable: a library is missing, or what --abi names is not what it exports.
  ring::Outcome Open(const LibraryOptions& options);

  Generation generation() const { return generation_; }

  int mi_sys() const { return mi_sys_; }

  // The file MI_IPU came from.
  const std::string& path() const { return path_; }

  // nullptr when no opened library exports it.
  void* Find(const char* symbol) const;

  // Sets `function`; false (and `missing` gets the name) when it is not exported.
  template <class Function>
  bool Bind(const char* symbol, Function* function, std::string* missing) const {
    *function = reinterpret_cast<Function>(Find(symbol));
    if (*function == nullptr) {
      *missing += (missing->empty() ? "" : ", ") + std::string(symbol);
    }
    return *function != nullptr;
  }

  // The answer when symbols are missing.
  ring::Outcome Lacks(const std::string& missing) const;

 private:
  bool OpenOne(const std::string& file);
  bool OpenNamed(const std::string& file);
  bool OpenVendors();
  ring::Outcome DecideGeneration(const std::string& abi);

  std::vector<void*> handles_;  // the last one opened is asked first
  std::string last_error_;
  std::string path_;
  Generation generation_ = Generation::kC;
  int mi_sys_ = 3;
};

}  // namespace mi
}  // namespace plumb
