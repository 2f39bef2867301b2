#include "agent/runner/self_test/self_test.h"

#include <cstdlib>

#include "agent/runner/self_test/checks.h"

namespace plumb {
namespace mi {
namespace {

constexpr long kMaxModelSize = 512L << 20;  // beyond what a camera's memory holds

enum class Since { kAll, kB, kC };

struct Check {
  const char* name;
  const char* fact;
  Since since;
  Finding (*run)(Context*);
};

// In this order: the first three make the device that the rest needs.
const Check kChecks[] = {
    {"static-info",
     "a model can be asked before there is a device",
     Since::kB,
     ModelCanBeAskedFirst},
    {"no-device", "without a device calls give 21", Since::kAll, NoDeviceIsToldApart},
    {"device", "CreateDevice takes the model's variable buffer size", Since::kAll, DeviceOpens},
    {"unknown-channel", "an unknown channel gives 1 or 3", Since::kAll, UnknownChannelIsRefused},
    {"missing-model", "a path without a file is refused", Since::kAll, MissingModelIsRefused},
    {"damaged-model", "CreateCHN checks the model's digest", Since::kAll, DamagedModelIsRefused},
    {"depth", "buffer depths go up to 3, then 10", Since::kAll, DepthsGoUpToThree},
    {"descriptors",
     "shapes, strides and sizes fit each other",
     Since::kAll,
     DescriptorsAreConsistent},
    {"read-function", "a model can come from memory", Since::kAll, ModelCanComeFromMemory},
    {"pool", "depth 1 has one set of buffers, then 5", Since::kAll, PoolIsAsDeepAsAsked},
    {"buffers", "virtual and physical addresses are given", Since::kAll, BuffersAreUsable},
    {"count",
     "Invoke with other counts than the model's gives 12",
     Since::kAll,
     WrongCountIsRefused},
    {"written", "Invoke writes every output", Since::kAll, EveryOutputIsWritten},
    {"repeatable", "the same input gives the same bytes", Since::kAll, SameInputGivesSameOutput},
    {"depends", "another input gives other bytes", Since::kAll, OutputDependsOnInput},
    {"own-buffers", "with depth 0 the caller's buffers serve", Since::kAll, OwnBuffersServe},
    {"alignment",
     "a physical address that is no multiple of 64 gives 52",
     Since::kC,
     MisalignedAddressIsRefused},
    {"invoke2",
     "Invoke2 with batch 1 computes what Invoke does",
     Since::kC,
     BatchCallComputesTheSame},
    {"no-batch", "Invoke2 without parameters gives 43", Since::kC, BatchCallNeedsItsParameters},
    {"batch-number",
     "a batch number the model was not compiled for gives 37",
     Since::kC,
     UnknownBatchNumberIsRefused},
    {"priority", "priorities are -10 to 39, beyond them 31", Since::kC, PrioritiesHaveLimits},
    {"runtime-info",
     "Invoke2 tells its time in microseconds and its bandwidth",
     Since::kC,
     RuntimeInfoIsPlausible},
    {"one-buf", "Invoke2Custom on an n_buf model gives 53", Since::kC, CustomCallIsForOneBufModels},
    {"close", "DestroyDevice ends the device, then calls give 21", Since::kAll, DeviceCloses},
};

bool Applies(Since since, Generation generation) {
  return since == Since::kAll || generation == Generation::kC ||
         (since == Since::kB && generation != Generation::k0);
}

const char* StateName(Finding::State state) {
  switch (state) {
    case Finding::State::kHolds:
      return "ok     ";
    case Finding::State::kBroken:
      return "BROKEN ";
    case Finding::State::kSkipped:
      break;
  }
  return "skipped";
}

bool ReadFile(const std::string& path, std::vector<uint8_t>* bytes) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return false;
  }
  const bool ended = std::fseek(file, 0, SEEK_END) == 0;
  const long size = ended ? std::ftell(file) : -1;
  bool read = size > 0 && size <= kMaxModelSize && std::fseek(file, 0, SEEK_SET) == 0;
  if (read) {
    bytes->resize(static_cast<size_t>(size));
    read = std::fread(bytes->data(), 1, bytes->size(), file) == bytes->size();
  }
  std::fclose(file);
  return read;
}

int CannotTry(const ring::Outcome& outcome) {
  std::fprintf(stderr, "plumb-runner: %s\n", outcome.message.c_str());
  if (!outcome.hint.empty()) {
    std::fprintf(stderr, "  hint: %s\n", outcome.hint.c_str());
  }
  return 3;
}

ring::Outcome Prepare(const EngineOptions& options, Context* context) {
  ring::Outcome outcome = context->library.Open(options.library);
  outcome = outcome.ok ? context->call.Bind(context->library) : outcome;
  outcome = outcome.ok ? context->sys.Open(context->library) : outcome;
  if (outcome.ok && !ReadFile(context->model_path, &context->model)) {
    return ring::Failure(ring::ErrorKind::kModelRefused,
                         "the model '" + context->model_path + "' cannot be read",
                         "name an offline model of this chip with --model");
  }
  return outcome;
}

}  // namespace

int SelfTest(const EngineOptions& options, const std::string& model, std::FILE* out) {
  Context context;
  context.firmware = options.firmware;
  context.model_path = model;
  const ring::Outcome prepared = Prepare(options, &context);
  if (!prepared.ok) {
    return CannotTry(prepared);
  }
  std::fprintf(
      out, "%s of %s\n", GenerationName(context.generation()), context.library.path().c_str());
  int broken = 0;
  int tried = 0;
  for (const Check& check : kChecks) {
    if (!Applies(check.since, context.generation())) {
      continue;
    }
    const Finding finding = check.run(&context);
    std::fprintf(out, "%s  %-15s  %s\n", StateName(finding.state), check.name, check.fact);
    if (!finding.text.empty()) {
      std::fprintf(out, "                          %s\n", finding.text.c_str());
    }
    std::fflush(out);
    tried += finding.state == Finding::State::kSkipped ? 0 : 1;
    broken += finding.state == Finding::State::kBroken ? 1 : 0;
  }
  std::fprintf(out, "%d of %d checks hold\n", tried - broken, tried);
  return broken == 0 ? 0 : 1;
}

}  // namespace mi
}  // namespace plumb
