#include "client/lib/batch_key.h"

#include "client/lib/run_request.h"
#include "common/base/sha256.h"

namespace plumb::client {
namespace {

// With its length before it, so that no two lists of texts give the same bytes.
void Add(Sha256* hash, const std::string& text) {
  const std::string framed = std::to_string(text.size()) + ":" + text;
  hash->Update({reinterpret_cast<const uint8_t*>(framed.data()), framed.size()});
}

}  // namespace

Result<std::string> BatchKey(const RunRequest& base,
                             const std::string& scripts,
                             const std::vector<std::vector<std::string>>& files) {
  PLUMB_ASSIGN_OR_RETURN(v1::StartRunRequest wire, ToProto(base));
  wire.clear_request_id();
  wire.clear_board();
  wire.clear_deadline_ms();
  wire.clear_invoke_timeout_ms();
  Sha256 hash;
  Add(&hash, wire.SerializeAsString());
  Add(&hash, scripts);
  for (const auto& sample : files) {
    Add(&hash, std::to_string(sample.size()));
    for (const std::string& file : sample) {
      Add(&hash, file);
    }
  }
  return ToHex(hash.Finish());
}

}  // namespace plumb::client
