#include "agent/core/fence_keeper.h"

#include <string>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace plumb::agent {
namespace {

constexpr uint64_t kMaxFileSize = 256;
constexpr size_t kFarmSize = 32;

// "FARM EPOCH\n"; whatever else lies there is no fence.
rpc::Fence Read(const std::filesystem::path& file) {
  const auto bytes = ReadFile(file, kMaxFileSize);
  if (!bytes.ok()) {
    return {};
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const auto epoch = text.size() > kFarmSize + 1 && text[kFarmSize] == ' '
                         ? ParseInt(Trim(text.substr(kFarmSize + 1)))
                         : std::nullopt;
  if (!epoch || *epoch < 1) {
    LogWarning("'" + file.string() + "' is not readable; the board's grants are counted anew");
    return {};
  }
  return {std::string(text.substr(0, kFarmSize)), static_cast<uint64_t>(*epoch)};
}

}  // namespace

FenceKeeper::FenceKeeper(std::filesystem::path file) : file_(std::move(file)) {
  if (!file_.empty() && std::filesystem::exists(file_)) {
    highest_ = Read(file_);
  }
}

Status FenceKeeper::Admit(const rpc::Fence& fence) {
  if (fence.farm.empty()) {
    return OkStatus();
  }
  const std::lock_guard lock(mutex_);
  if (fence.farm == highest_.farm && fence.epoch < highest_.epoch) {
    return AbortedError("the board was granted to somebody else since (grant " +
                        std::to_string(highest_.epoch) + " is later than " +
                        std::to_string(fence.epoch) + ")")
        .WithReason("lease_lost");
  }
  if (fence.farm == highest_.farm && fence.epoch == highest_.epoch) {
    return OkStatus();
  }
  highest_ = fence;
  if (!file_.empty()) {
    const Status written =
        WriteFileAtomically(file_, fence.farm + " " + std::to_string(fence.epoch) + "\n");
    if (!written.ok()) {
      LogWarning("the grant is not written down: " + written.ToString());
    }
  }
  return OkStatus();
}

}  // namespace plumb::agent
