#include "agent/runner/mi_errors.h"

#include <cstddef>
#include <cstdio>

namespace plumb {
namespace mi {
namespace {

constexpr unsigned kIn0 = 1;
constexpr unsigned kInB = 2;
constexpr unsigned kInC = 4;
constexpr unsigned kInBc = kInB | kInC;
constexpr unsigned kInAll = kIn0 | kInBc;

struct ErrorEntry {
  int32_t number;
  unsigned generations;  // 22 and 25 mean different things in different generations
  const char* name;
  const char* advice;
};

const char* const kVendorAdvice = "keep /sys/dla/ipu_log and dmesg for the vendor";
const char* const kVersionAdvice =
    "library, kernel module and firmware of the board are not of one release: reinstall the SDK";
const char* const kCoreAdvice = "check /proc/mi_modules/mi_ipu for the state of the cores";
const char* const kModelAdvice =
    "compile the offline model for this board's chip and SDK, and copy it again";
const char* const kMemoryAdvice =
    "free MMA memory (see /proc/mi_modules/mi_sys_mma/mma_heap_name0) or run a smaller model";
const char* const kResetAdvice = "reset the IPU or the board, then look into /sys/dla/ipu_log";

const ErrorEntry kErrors[] = {
    {1, kInAll, "INVALID_CHNID", "the channel number is outside the limit"},
    {2, kInAll, "CHNID_EXIST", "another process uses this channel"},
    {3, kInAll, "CHNID_UNEXIST", "the channel was never made or is gone"},
    {4, kInAll, "NOMEM", kMemoryAdvice},
    {5, kInAll, "NOBUF", "give the channel deeper buffers or put tensors back"},
    {6, kInAll, "BADADDR", "an address is not of MMA memory"},
    {7, kInAll, "SYS_TIMEOUT", kResetAdvice},
    {8, kInAll, "FILE_OPERATION", "check that the file is there and readable on the board"},
    {9, kInAll, "ILLEGAL_TENSOR_BUFFER_SIZE", kVendorAdvice},
    {10, kInAll, "ILLEGAL_BUFFER_DEPTH", "depths go up to 3"},
    {11, kInAll, "ILLEGAL_INPUT_OUTPUT_DESC", "the model has more tensors than the library takes"},
    {12, kInAll, "ILLEGAL_INPUT_OUTPUT_PARAM", "tensor counts must be the model's"},
    {13, kInAll, "MAP", kMemoryAdvice},
    {14, kInAll, "INIT_FIRMWARE", "check the firmware file (--firmware PATH)"},
    {15, kInAll, "CREATE_CHANNEL", kModelAdvice},
    {16, kInAll, "DESTROY_CHANNEL", kVendorAdvice},
    {17, kInAll, "INVOKE", kVendorAdvice},
    {18, kInAll, "SET_MALLOC_REGION", kMemoryAdvice},
    {19, kInAll, "SET_IPU_PARAMETER", kVendorAdvice},
    {20, kInAll, "INVALID_PITCH_ALIGNMENT", "the device's pitch alignments do not fit the model"},
    {21, kInAll, "NO_CREATED_IPU_DEVICE", "is the mi_ipu kernel module loaded?"},
    {22, kIn0, "FAILED", kVendorAdvice},
    {22, kInBc, "GET_IPU_VERSION", kVersionAdvice},
    {23, kInBc, "MISMATCH_IPU_HEAD_FILE", kVersionAdvice},
    {24, kInBc, "NO_SUPPORT_REQ", kVersionAdvice},
    {25, kInBc, "FAILED", kVendorAdvice},
    {26, kInBc, "SEND_REQUEST", kVendorAdvice},
    {27, kInBc, "GET_FIRMWARE_INFO", "check the firmware file (--firmware PATH)"},
    {28, kInC, "INVALID_IPUCORE_BOOTING_PARAM", kCoreAdvice},
    {29, kInC, "INVALID_IPUCORE_SHUTDOWNING_PARAM", kCoreAdvice},
    {30, kInC, "NO_MULTICORE_ENV", "the model wants several cores and the board has one"},
    {31, kInC, "INVALID_TASK_PRIORITY", "real time is -10 to -1, normal 0 to 39"},
    {32, kInC, "DEV_SHUTDOWN", kCoreAdvice},
    {33, kInC, "DEV_FAIL_RESET", kResetAdvice},
    {34, kInC, "DEV_FAIL_SHUTDOWN", kResetAdvice},
    {35, kInC, "NO_AVAILABLE_DEV", kCoreAdvice},
    {36, kInC, "RESET_OFF", kCoreAdvice},
    {37, kInC, "INVALID_BATCH_NUM", "use a batch number the model was compiled for"},
    {38, kInC, "BATCH_TYPE", "use a batch number the model was compiled for"},
    {39, kInC, "BATCH_MODE", "n_buf and one_buf models need different calls"},
    {40, kInC, "NO_AVAILABLE_BATCH_MODE", kModelAdvice},
    {41, kInC, "IPU_HANG", kResetAdvice},
    {42, kInC, "NO_RESET_DEV", kResetAdvice},
    {43, kInC, "NO_BATCH_PARAM", "a batch call needs its parameters"},
    {44, kInC, "INVALID_MODEL_BUFFER", kModelAdvice},
    {45, kInC, "INVALID_VARIABLE_BUFFER", "a user's variable buffer needs one pinned core"},
    {46, kInC, "NOT_ASSIGN_CORE", "a user's variable buffer needs one pinned core"},
    {47, kInC, "SWDISP_NOT_REGISTER", kVendorAdvice},
    {48, kInC, "SWDISP_NOT_FIND_TASKID", kVendorAdvice},
    {49, kInC, "SWDISP_INVALID_PARAM", kVendorAdvice},
    {50, kInC, "SWDISP_UNEXPECTED", kVendorAdvice},
    {51, kInC, "SWDISP_UNKNOWN", kVendorAdvice},
    {52, kInC, "BAD_PHY_ADDR_ALIGNMENT", "physical addresses must be multiples of 64"},
    {53, kInC, "MISMATCH_INVOKE_FUNC", "n_buf and one_buf models need different calls"},
    {54, kInC, "MISMATCH_MODEL", kModelAdvice},
    {256, kInAll, "NO_AVAILABLE_CHNID", "too many channels are in use on this board"},
};

unsigned BitOf(Generation generation) {
  switch (generation) {
    case Generation::k0:
      return kIn0;
    case Generation::kC:
      return kInC;
    default:
      return kInB;
  }
}

const ErrorEntry* Find(Generation generation, int32_t number) {
  for (const ErrorEntry& entry : kErrors) {
    if (entry.number == number && (entry.generations & BitOf(generation)) != 0) {
      return &entry;
    }
  }
  return nullptr;
}

// 0xA0000000 | module << 16 | level << 12 | code, of MI_SYS and the other modules.
bool IsModuleError(int32_t number) {
  return (static_cast<uint32_t>(number) >> 24) == 0xA0;
}

std::string ModuleErrorText(int32_t number) {
  const auto bits = static_cast<uint32_t>(number);
  const unsigned module = (bits >> 16) & 0xFF;
  char text[96];
  std::snprintf(text,
                sizeof text,
                "0x%08X (module %u%s, level %u, code %u)",
                bits,
                module,
                module == 9    ? " MI_SYS"
                : module == 29 ? " MI_IPU"
                               : "",
                (bits >> 12) & 0xF,
                bits & 0xFFF);
  return text;
}

ring::ErrorKind KindOf(Stage stage, int32_t number) {
  if (number == 4) {
    return ring::ErrorKind::kOutOfMemory;
  }
  switch (stage) {
    case Stage::kDevice:
      return ring::ErrorKind::kRuntimeUnavailable;
    case Stage::kModel:
      return ring::ErrorKind::kModelRefused;
    default:
      return number == 7 || number == 41 ? ring::ErrorKind::kHung : ring::ErrorKind::kInvokeFailed;
  }
}

struct GenerationEntry {
  Generation generation;
  const char* name;   // as --abi takes it
  const char* title;  // as people read it
};

const GenerationEntry kGenerations[] = {
    {Generation::k0, "gen0", "generation 0"},
    {Generation::kB13, "gen-b13", "generation B, 13 tensors"},
    {Generation::kB61, "gen-b61", "generation B"},
    {Generation::kC, "gen-c", "generation C"},
};

}  // namespace

const char* GenerationName(Generation generation) {
  return kGenerations[static_cast<size_t>(generation)].name;
}

bool ParseGeneration(const std::string& text, Generation* generation) {
  for (const GenerationEntry& entry : kGenerations) {
    if (text == entry.name) {
      *generation = entry.generation;
      return true;
    }
  }
  return false;
}

std::string ErrorText(Generation generation, int32_t number) {
  if (IsModuleError(number)) {
    return ModuleErrorText(number);
  }
  const ErrorEntry* entry = Find(generation, number);
  return std::to_string(number) + " " + (entry == nullptr ? "unknown" : entry->name) + " (" +
         kGenerations[static_cast<size_t>(generation)].title + ")";
}

ring::Outcome CallFailed(Generation generation, Stage stage, const char* call, int32_t number) {
  const ErrorEntry* entry = Find(generation, number);
  ring::Outcome outcome =
      ring::Failure(KindOf(stage, number),
                    std::string(call) + " failed with " + ErrorText(generation, number),
                    entry == nullptr ? kVendorAdvice : entry->advice);
  outcome.code = static_cast<uint32_t>(number);
  return outcome;
}

}  // namespace mi
}  // namespace plumb
