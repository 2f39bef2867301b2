// Offline models and inputs for end-to-end tests, made by the real command line.
#pragma once

#include <string>
#include <vector>

namespace plumb::test {

struct OfflineModel {
  std::string model;  // X.img
  std::string input;  // X.bin
};

// BlazeFace on the astronaut picture for a chip family. Extra flags go to `plumb compile`. Made
// once per process and combination; files live until the process ends. Fails the test when a
// command does.
const OfflineModel& BlazeFace(const std::string& family,
                              const std::vector<std::string>& compile_flags = {});

// The picture that BlazeFace's input is made of.
std::string AstronautPicture();

// A model whose single INT16 output has about `mebibytes` MiB, from a small input: for what happens
// in the middle of a stream. A nearest-neighbour enlargement, so it costs next to nothing to run.
const OfflineModel& WideModel(int mebibytes);
// The same with an FP32 output, up to the 1024 MiB that the wire allows.
const OfflineModel& WideFloatModel(int mebibytes);

}  // namespace plumb::test
