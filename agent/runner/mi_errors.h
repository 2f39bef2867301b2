// Error numbers of the MI interface in words. C++14.
#pragma once

#include <cstdint>
#include <string>

#include "common/ring/child.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// The generations of the interface (docs/formats/mi_ipu.md). B has a layout for 13 and one for 61
// tensors; numbers are the same in both.
enum class Generation { k0, kB13, kB61, kC };

// "gen0", "gen-b13", "gen-b61", "gen-c": what --abi takes.
const char* GenerationName(Generation generation);
bool ParseGeneration(const std::string& text, Generation* generation);

// "54 MISMATCH_MODEL (generation C)"; MI_SYS and other modules' 0xA0… numbers are taken apart.
std::string ErrorText(Generation generation, int32_t number);

// What was being done when a call failed; decides what a number means for the run.
enum class Stage { kDevice, kModel, kInvoke };

// A failed call as the host has to hear it: the call's name, the number in words, what to do.
ring::Outcome CallFailed(Generation generation, Stage stage, const char* call, int32_t number);

}  // namespace mi
}  // namespace plumb
