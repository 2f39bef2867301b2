// What prog_dla_simulator leaves in ./output. C++14.
#pragma once

#include <cstdint>
#include <string>

#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Makes `folder` empty: its files and, one level down, the folders *.tensors that we wrote. Other
// folders are not touched. kUsage when it is a link or cannot be emptied.
ring::Outcome EmptyFolder(const std::string& folder);

// Written whole or not at all: temporary name, fsync, rename.
ring::Outcome WriteWhole(const std::string& path, const void* bytes, uint64_t size);

// A tensor folder (docs/formats/tensor-folder.md): output_NN.raw and tensors.json, that one last.
ring::Outcome WriteTensors(const std::string& folder,
                           ring::Engine* engine,
                           const ring::Description& model,
                           double invoke_ms);

}  // namespace mi
}  // namespace plumb
