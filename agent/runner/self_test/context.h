// What the checks of the self-test share. C++14.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/runner/mi_api.h"
#include "agent/runner/mi_descriptors.h"
#include "agent/runner/mi_library.h"
#include "agent/runner/mi_sys.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// The outcome of one check.
struct Finding {
  enum class State { kHolds, kBroken, kSkipped };

  State state = State::kHolds;
  std::string text;  // what was seen instead, or why it was not tried
};

Finding Holds();
Finding Broken(const std::string& text);
Finding Skipped(const std::string& text);

// Everything one self-test works on. The checks run in the order of the table: the first ones
// without a device, the rest with it.
struct Context {
  Library library;
  Api call;
  Sys sys;
  std::string firmware;
  std::string model_path;
  std::vector<uint8_t> model;
  bool device = false;
  ring::Description tensors;  // set by the check of the descriptors

  Generation generation() const { return library.generation(); }

  // "43 NO_BATCH_PARAM (generation C)".
  std::string Number(MI_S32 number) const { return ErrorText(generation(), number); }

  // Broken unless `number` is `expected`; `what` begins the sentence.
  Finding Expect(const char* what, MI_S32 number, MI_S32 expected) const;
};

// A channel of the context's model with its tensors taken. Undone by the destructor.
class OpenedChannel {
 public:
  OpenedChannel(Context* context, MI_U32 depth);
  OpenedChannel(const OpenedChannel&) = delete;
  OpenedChannel& operator=(const OpenedChannel&) = delete;
  ~OpenedChannel();

  // What went wrong while it was opened; empty: nothing.
  const std::string& problem() const { return problem_; }

  MI_IPU_CHN number() const { return number_; }

  TensorVector inputs;
  TensorVector outputs;

  // Byte `i` of each input becomes `seed` + i * 7.
  void FillInputs(uint8_t seed);
  // Every byte of the outputs.
  void FillOutputs(uint8_t value);
  // Flushes, invokes, and gives the number.
  MI_S32 Invoke();
  // The valid bytes of all outputs, padding left out.
  std::vector<uint8_t> Valid() const;

 private:
  MI_S32 Take();

  Context* context_;
  MI_IPU_CHN number_ = 0;
  bool open_ = false;
  bool taken_ = false;
  std::string problem_;
};

// Where the valid bytes of a tensor lie: rows of `row` bytes, `pitch` apart.
struct Rows {
  uint64_t count = 0;
  uint64_t row = 0;
  uint64_t pitch = 0;
};

// False for a descriptor that does not fit its own buffer.
bool RowsOf(const ring::TensorRecord& record, Rows* rows);

}  // namespace mi
}  // namespace plumb
